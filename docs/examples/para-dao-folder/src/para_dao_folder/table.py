"""What the entries of one file come to: where the records of an app lie, and its feed."""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from para_core.contracts.dao import Change, Record
from para_dao_folder.log import Entry, Log, Stored


@dataclass(frozen=True, slots=True)
class Place:
    """Where the bytes of a record lie."""

    type: str
    change: int
    offset: int
    size: int


@dataclass
class Table:
    """One app. Its log, the places in it and the feed change in one step of the event loop."""

    appid: str
    log: Log | None = None
    exists: bool = False
    shared: bool = False
    places: dict[str, Place] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)  # in ascending order
    feed: list[Change] = field(default_factory=list)
    last_change: int = 0
    number: int = 0  # the highest that was ever given
    live: int = 0  # bytes of the records that are there

    def apply(self, entry: Entry, offset: int) -> None:
        """Do what an entry says; its records begin at ``offset``."""
        if entry.removed:
            self.exists, self.shared = False, False
            self.places, self.keys, self.feed, self.live = {}, [], [], 0
            self.last_change, self.number = 0, max(self.number, entry.last)
            return
        self.exists = True
        self.shared = self.shared or entry.shared
        new = [stored.id for stored in entry.puts if stored.id not in self.places]
        for stored in entry.puts:
            self._forget_size(stored.id)
            self.places[stored.id] = Place(stored.type, stored.change, offset, stored.size)
            offset += stored.size
            self.live += stored.size
        if len(new) > len(self.keys) // 8:
            self.keys = sorted([*self.keys, *new])
        else:
            for key in new:
                bisect.insort(self.keys, key)
        for key in entry.deletes:
            if key in self.places:
                self._forget_size(key)
                del self.places[key]
                del self.keys[bisect.bisect_left(self.keys, key)]
        self.feed = [change for change in self.feed if change.number > entry.forget]
        self.feed += entry.changes
        numbers = [entry.last, *(change.number for change in entry.changes)]
        self.last_change = max(self.last_change, *numbers)
        self.number = max(self.number, self.last_change)

    def change_of(self, key: str) -> int:
        """Return the number of the change that wrote a record; 0 where there is none."""
        place = self.places.get(key)
        return place.change if place is not None else 0

    def record(self, key: str) -> Record:
        """Read a record that is there."""
        place = self.places[key]
        if self.log is None:
            raise OSError(f"the file of the app {self.appid!r} is not open")
        return Record(key, place.type, self.log.read(place.offset, place.size), place.change)

    def read_all(self, keys: Sequence[str]) -> dict[str, Record]:
        """Read the records with these ids, in this order."""
        return {key: self.record(key) for key in keys if key in self.places}

    def read_page(
        self, after: str, limit: int, *, kind: str | None = None, changed_after: int = 0
    ) -> list[Record]:
        """Read the next records in ascending order of id."""
        page: list[Record] = []
        for at in range(bisect.bisect_right(self.keys, after), len(self.keys)):
            place = self.places[self.keys[at]]
            if kind in (None, place.type) and place.change > changed_after:
                page.append(self.record(self.keys[at]))
                if len(page) == limit:
                    break
        return page

    def changes(self, after: int, limit: int) -> list[Change]:
        """Return entries of the feed."""
        start = bisect.bisect_right(self.feed, after, key=lambda change: change.number)
        return self.feed[start : start + limit]

    def frozen(self) -> Table:
        """Return the app as it is now; whoever has it lets its log go."""
        if self.log is not None:
            self.log.hold()
        return replace(
            self, places=self.places.copy(), keys=self.keys.copy(), feed=self.feed.copy()
        )

    def copied(self, at_once: int) -> Iterator[tuple[Entry, list[bytes]]]:
        """Give entries, with their records, that come to what is there now."""
        if not self.exists:
            yield Entry(self.appid, removed=True, last=self.number), []
            return
        yield Entry(self.appid, self.shared, changes=self.feed, last=self.last_change), []
        for start in range(0, len(self.keys), at_once):
            records = [self.record(key) for key in self.keys[start : start + at_once]]
            puts = [Stored(r.id, r.type, r.change, len(r.data)) for r in records]
            yield Entry(puts=puts), [record.data for record in records]

    def _forget_size(self, key: str) -> None:
        place = self.places.get(key)
        self.live -= place.size if place is not None else 0
