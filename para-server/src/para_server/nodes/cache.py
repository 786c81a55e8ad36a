"""The cache of one node, which is silent when it may be wrong.

Records are held by the cache that the configuration selects. What other nodes change is dropped
from it when the watch hears of it, and nothing of it is used while the watch is not fresh. Values
and counters, on which sign-in relies, are in the database, unless all nodes see one cache.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from para_core.contracts.cache import Cache
from para_core.contracts.dao import Change, Record
from para_server.nodes.values import NodeValues
from para_server.nodes.watch import Watch

__all__ = ["NodeCache"]


class NodeCache(Cache):
    """Puts the watch in front of a cache."""

    is_shared = True

    def __init__(self, inner: Cache, watch: Watch, values: NodeValues) -> None:
        """Stand in front of a cache; ``values`` are used when it is this node's alone."""
        self._inner, self._watch = inner, watch
        self._values: Cache | NodeValues = inner if inner.is_shared else values

    async def open(self) -> None:
        """Open the cache."""
        await self._inner.open()

    async def close(self) -> None:
        """Close the cache."""
        await self._inner.close()

    # ---- what the watch hears -----------------------------------------------------------------

    async def heard(self, appid: str, changes: Sequence[Change]) -> None:
        """Drop what is older than these changes; what this node wrote itself may stay."""
        last = {key: change.number for change in changes for key in change.keys}
        held = await self._inner.get_all(appid, list(last))
        stale: dict[int, list[str]] = defaultdict(list)
        for key, number in last.items():
            record = held.get(key)
            if record is None or record.change < number:
                stale[number].append(key)
        for number, keys in stale.items():
            await self._inner.remove_all(appid, keys, change=number)

    async def forget(self, appid: str) -> None:
        """Drop all records of an app that has gone, or of which changes were missed.

        Its values and counters go with it where it was deleted, which is not here.
        """
        if not self._inner.is_shared:
            await self._inner.clear(appid)

    # ---- records ------------------------------------------------------------------------------

    def peek(self, appid: str, key: str) -> Record | None:
        """Return a record that is at hand and true."""
        return self._inner.peek(appid, key) if self._watch.is_fresh() else None

    async def get(self, appid: str, key: str) -> Record | None:
        """Return a record that is held and true."""
        if not self._watch.is_fresh():
            return None
        found = await self._inner.get(appid, key)
        return found if self._watch.is_fresh() else None

    def peek_all(self, appid: str, keys: Sequence[str]) -> list[Record] | None:
        """Return all of these records if they are at hand and true."""
        return self._inner.peek_all(appid, keys) if self._watch.is_fresh() else None

    async def get_all(self, appid: str, keys: Sequence[str]) -> dict[str, Record]:
        """Return the records that are held and true."""
        if not self._watch.is_fresh():
            return {}
        found = await self._inner.get_all(appid, keys)
        return found if self._watch.is_fresh() else {}

    async def contains(self, appid: str, key: str) -> bool:
        """Tell whether ``get`` would find a record."""
        return await self.get(appid, key) is not None

    async def put_all(
        self, appid: str, records: Iterable[Record], *, ttl_sec: float | None = None
    ) -> None:
        """Keep records, unless what others write is not heard at the moment."""
        if self._watch.is_fresh():
            await self._inner.put_all(appid, records, ttl_sec=ttl_sec)
        else:
            for record in records:
                await self._inner.remove(appid, record.id, change=record.change)

    async def fill_all(self, appid: str, records: Iterable[Record]) -> None:
        """Keep records that were read, unless what others write is not heard at the moment."""
        if self._watch.is_fresh():
            await self._inner.fill_all(appid, records)

    async def remove_all(self, appid: str, keys: Iterable[str], *, change: int = 0) -> None:
        """Drop records."""
        await self._inner.remove_all(appid, keys, change=change)

    async def settle(self) -> None:
        """Wait until the cache is settled."""
        await self._inner.settle()

    # ---- values and counters ------------------------------------------------------------------

    async def value(self, appid: str, name: str) -> object | None:
        """Return a copy of a value, whichever node has put it."""
        return await self._values.value(appid, name)

    async def put_value(
        self, appid: str, name: str, value: object, *, ttl_sec: float | None = None
    ) -> None:
        """Keep a value for all nodes."""
        await self._values.put_value(appid, name, value, ttl_sec=ttl_sec)

    async def increment(self, appid: str, name: str, *, by: int = 1, ttl_sec: float) -> int:
        """Add to a counter of all nodes."""
        return await self._values.increment(appid, name, by=by, ttl_sec=ttl_sec)

    async def clear(self, appid: str) -> None:
        """Forget everything of one app."""
        await self._inner.clear(appid)
        if isinstance(self._values, NodeValues):
            await self._values.clear(appid)
