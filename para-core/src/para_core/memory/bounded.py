"""A mapping with a bound on entries, a bound on bytes, and an end of life for each entry."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from msgspec import Struct

__all__ = ["BoundedMap", "Slot"]

V = TypeVar("V")

Slot = tuple[str, str]  # the app and the key


class Entry(Struct, Generic[V], gc=False):
    """What is kept under one slot."""

    value: V
    expires: float
    size: int


class BoundedMap(Generic[V]):
    """The least recently used entries go first when there are too many, or too many bytes.

    It takes no locks and starts no thread: one event loop owns it. An entry past its life is
    dropped when somebody asks for it, or when it is the least recently used one and room is needed.
    ``on_drop`` hears of each entry that goes without being asked to: ended, or pushed out.
    """

    def __init__(
        self,
        *,
        max_entries: int,
        max_bytes: int,
        clock: Callable[[], float],
        on_drop: Callable[[Slot, V], None] | None = None,
    ) -> None:
        self._entries: OrderedDict[Slot, Entry[V]] = OrderedDict()
        self._max_entries, self._max_bytes = max_entries, max_bytes
        self._clock, self._on_drop = clock, on_drop
        self.size_bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, slot: Slot) -> V | None:
        """Return a living value and count it as used just now."""
        entry = self._entries.get(slot)
        if entry is None:
            return None
        if entry.expires <= self._clock():
            self._drop(slot)
            return None
        self._entries.move_to_end(slot)
        return entry.value

    def get_all(self, slots: Sequence[Slot]) -> list[V] | None:
        """Return the values of all slots, counted as used; ``None`` when one is not living."""
        entries, now = self._entries, self._clock()
        try:
            found = [entries[slot] for slot in slots]
        except KeyError:
            return None
        values = [entry.value for entry in found if entry.expires > now]
        if len(values) < len(found):
            return None
        touch = entries.move_to_end
        for slot in slots:
            touch(slot)
        return values

    def look(self, slot: Slot) -> V | None:
        """Return a value, also one whose life has ended, without counting it as used."""
        entry = self._entries.get(slot)
        return None if entry is None else entry.value

    def put(self, slot: Slot, value: V, *, size: int, ttl_sec: float) -> None:
        """Keep a value for so many seconds; one that is larger than the whole map is dropped."""
        old = self._entries.get(slot)
        if old is not None:
            self.size_bytes -= old.size
        self._entries[slot] = Entry(value, self._clock() + ttl_sec, size)
        self._entries.move_to_end(slot)
        self.size_bytes += size
        if size > self._max_bytes:
            self._drop(slot)
        while len(self._entries) > self._max_entries or self.size_bytes > self._max_bytes:
            self._drop(next(iter(self._entries)))

    def replace(self, slot: Slot, value: V) -> None:
        """Change a value in place: its size, its age and its end stay as they are."""
        self._entries[slot].value = value
        self._entries.move_to_end(slot)

    def pop(self, slot: Slot) -> V | None:
        """Remove a value and return it, if there was one."""
        entry = self._entries.pop(slot, None)
        if entry is None:
            return None
        self.size_bytes -= entry.size
        return entry.value

    def clear(self, appid: str) -> None:
        """Remove everything of one app; takes time for each entry of all apps."""
        for slot in [slot for slot in self._entries if slot[0] == appid]:
            self.pop(slot)

    def _drop(self, slot: Slot) -> None:
        entry = self._entries.pop(slot)
        self.size_bytes -= entry.size
        if self._on_drop is not None:
            self._on_drop(slot, entry.value)
