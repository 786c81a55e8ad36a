"""A cache whose calls for records are timed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Sized
from typing import TYPE_CHECKING

from para_core.contracts.cache import Cache
from para_core.contracts.dao import Record
from para_server.metrics.names import CACHE_METHODS

if TYPE_CHECKING:
    from para_core.metrics import Metrics

__all__ = ["TimedCache"]

_SAMPLED = 15  # of 16 looks into memory that many are only counted


class TimedCache(Cache):
    """Times what is done with records in the cache behind it; values and counters pass through.

    A look into memory counts when it finds something; otherwise the question that follows does. It
    takes less time than a clock, so only one in sixteen is timed.
    """

    def __init__(self, cache: Cache, name: str, metrics: Metrics) -> None:
        self.cache, self._metrics = cache, metrics
        self._names = {method: f"{name}.{method}" for method in CACHE_METHODS}
        self._peek, self._peek_all = cache.peek, cache.peek_all
        self._tally, self._turn = metrics.tally, -1
        self._timers = metrics.in_use
        self._get, self._get_all = self._names["get"], self._names["getAll"]

    @property
    def is_shared(self) -> bool:  # type: ignore[override]
        """Whether all processes see the cache behind it."""
        return self.cache.is_shared

    async def open(self) -> None:
        """Open the cache behind it."""
        await self.cache.open()

    async def close(self) -> None:
        """Close the cache behind it."""
        await self.cache.close()

    async def get(self, appid: str, key: str) -> Record | None:
        """Return a record."""
        began = self._metrics.clock_ns()
        found = await self.cache.get(appid, key)
        self._metrics.book(appid, self._get, began)
        return found

    def peek(self, appid: str, key: str) -> Record | None:
        """Return a record without waiting."""
        self._turn = turn = self._turn + 1
        began = 0 if turn & _SAMPLED else self._metrics.clock_ns()
        found = self._peek(appid, key)
        if found is None:
            return None
        if began:
            self._tally(appid, self._get, began)
            return found
        try:
            self._timers[appid][self._get].passed += 1
        except KeyError:
            self._tally(appid, self._get, 0)
        return found

    def peek_all(self, appid: str, keys: Sequence[str]) -> list[Record] | None:
        """Return records without waiting."""
        self._turn = turn = self._turn + 1
        began = 0 if turn & _SAMPLED else self._metrics.clock_ns()
        found = self._peek_all(appid, keys)
        if found is not None:
            self._tally(appid, self._get_all, began)
        return found

    async def get_all(self, appid: str, keys: Sequence[str]) -> dict[str, Record]:
        """Return records."""
        began = self._metrics.clock_ns()
        found = await self.cache.get_all(appid, keys)
        self._metrics.book(appid, self._get_all, began)
        return found

    async def contains(self, appid: str, key: str) -> bool:
        """Tell whether a record is held."""
        began = self._metrics.clock_ns()
        found = await self.cache.contains(appid, key)
        self._metrics.book(appid, self._names["contains"], began)
        return found

    async def put(self, appid: str, record: Record, *, ttl_sec: float | None = None) -> None:
        """Keep a record."""
        began = self._metrics.clock_ns()
        await self.cache.put(appid, record, ttl_sec=ttl_sec)
        self._metrics.book(appid, self._names["put"], began)

    async def put_all(
        self, appid: str, records: Iterable[Record], *, ttl_sec: float | None = None
    ) -> None:
        """Keep records; one alone counts as ``put``."""
        began = self._metrics.clock_ns()
        await self.cache.put_all(appid, records, ttl_sec=ttl_sec)
        name = "put" if _is_one(records) else "putAll"
        self._metrics.book(appid, self._names[name], began)

    async def fill_all(self, appid: str, records: Iterable[Record]) -> None:
        """Keep records that were read; it counts as ``put`` or ``putAll`` does."""
        began = self._metrics.clock_ns()
        await self.cache.fill_all(appid, records)
        name = "put" if _is_one(records) else "putAll"
        self._metrics.book(appid, self._names[name], began)

    async def remove(self, appid: str, key: str, *, change: int = 0) -> None:
        """Drop a record."""
        began = self._metrics.clock_ns()
        await self.cache.remove(appid, key, change=change)
        self._metrics.book(appid, self._names["remove"], began)

    async def remove_all(self, appid: str, keys: Iterable[str], *, change: int = 0) -> None:
        """Drop records; one alone counts as ``remove``."""
        began = self._metrics.clock_ns()
        await self.cache.remove_all(appid, keys, change=change)
        name = "remove" if _is_one(keys) else "removeAll"
        self._metrics.book(appid, self._names[name], began)

    async def value(self, appid: str, name: str) -> object | None:
        """Return a copy of a value."""
        return await self.cache.value(appid, name)

    async def put_value(
        self, appid: str, name: str, value: object, *, ttl_sec: float | None = None
    ) -> None:
        """Keep a value."""
        await self.cache.put_value(appid, name, value, ttl_sec=ttl_sec)

    async def increment(self, appid: str, name: str, *, by: int = 1, ttl_sec: float) -> int:
        """Add to a counter."""
        return await self.cache.increment(appid, name, by=by, ttl_sec=ttl_sec)

    async def clear(self, appid: str) -> None:
        """Forget everything of one app."""
        await self.cache.clear(appid)

    async def settle(self) -> None:
        """Wait until the cache behind it is settled."""
        await self.cache.settle()


def _is_one(things: Iterable[object]) -> bool:
    return isinstance(things, Sized) and len(things) == 1
