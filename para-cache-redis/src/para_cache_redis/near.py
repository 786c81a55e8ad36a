"""What each process keeps in its own memory of the records in Redis."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence

from para_core.contracts.dao import Record
from para_core.memory.bounded import BoundedMap, Slot

__all__ = ["ALL_CHANGES", "Near"]

ALL_CHANGES = 2**63
ENTRY_BYTES = 500  # an entry without its data: two keys, three objects, its place in the order
LIFE_SEC = 60.0
_MOST_NEWS = 10_000


class Near:
    """Records that were read or written here lately, as long as what others change is heard of.

    ``hear_until`` extends how long that is; after it, nothing is found. A record that was on its
    way while its change was told of is not kept: who asks Redis takes a ``ticket`` before, and news
    that came since are compared when the answer is there.
    """

    def __init__(self, *, entries: int, size: int, clock: Callable[[], float]) -> None:
        self._entries, self._size, self._clock = entries, size, clock
        self._records = self._empty()
        self._news: OrderedDict[Slot, tuple[int, int]] = OrderedDict()  # number, changes below go
        self._count = self._floor = 0  # of news; tickets below the floor are worth nothing
        self._trusted_until = float("-inf")

    def __len__(self) -> int:
        """How many records are held."""
        return len(self._records)

    @property
    def is_trusted(self) -> bool:
        """Whether what is held is true within the bound; a memory without room always is."""
        return not self._entries or self._clock() < self._trusted_until

    def get(self, appid: str, key: str) -> Record | None:
        """Return a record that is held and true within the bound."""
        if self._clock() >= self._trusted_until:
            return None
        return self._records.get((appid, key))

    def get_all(self, appid: str, keys: Sequence[str]) -> list[Record] | None:
        """Return all of these records, if all are held and true within the bound."""
        if self._clock() >= self._trusted_until:
            return None if keys else []
        return self._records.get_all([(appid, key) for key in keys])

    def ticket(self) -> int:
        """Return what ``put`` wants to have; taken before the question goes to Redis."""
        return self._count

    def put(self, appid: str, record: Record, ticket: int) -> None:
        """Keep what Redis has, unless it became old on its way."""
        slot = (appid, record.id)
        if not self._entries or ticket < self._floor:
            return
        number, below = self._news.get(slot, (0, 0))
        held = self._records.look(slot)
        if number > ticket and record.change < below:
            return
        if held is not None and held.change > record.change:
            return
        size = ENTRY_BYTES + len(record.id) + len(record.type) + len(record.data)
        self._records.put(slot, record, size=size, ttl_sec=LIFE_SEC)

    def hear(self, appid: str, key: str, below: int) -> None:
        """Learn that changes of a record below this number are no longer true."""
        slot = (appid, key)
        self._count += 1
        before = self._news.pop(slot, (0, 0))[1]
        self._news[slot] = (self._count, max(before, below))
        if len(self._news) > _MOST_NEWS:
            self._floor = self._news.popitem(last=False)[1][0]
        held = self._records.look(slot)
        if held is not None and held.change < below:
            self._records.pop(slot)

    def hear_of_app(self, appid: str) -> None:
        """Learn that nothing of an app is true any more."""
        self._forget_tickets()
        self._records.clear(appid)

    def drop(self) -> None:
        """Learn that nothing is true any more."""
        self._forget_tickets()
        self._records = self._empty()

    def hear_until(self, end: float) -> None:
        """Be trusted until then, by the clock."""
        self._trusted_until = max(end, self._trusted_until)

    def distrust(self) -> None:
        """Hear nothing any more: all is dropped, and nothing is found until that ends."""
        self._trusted_until = float("-inf")
        self.drop()

    def _forget_tickets(self) -> None:
        self._count += 1
        self._floor = self._count
        self._news.clear()

    def _empty(self) -> BoundedMap[Record]:
        return BoundedMap(
            max_entries=max(1, self._entries), max_bytes=self._size, clock=self._clock
        )
