"""A DAO whose calls are timed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from para_core.contracts.dao import DAO, Change, Record, Write
from para_server.metrics.names import DAO_METHODS

if TYPE_CHECKING:
    from para_core.contracts.snapshot import Snapshot
    from para_core.metrics import Metrics

__all__ = ["TimedDAO"]


class TimedDAO(DAO):
    """Times reads by id and writes of the DAO behind it; everything else passes through.

    What the cache answers never comes here. A write is timed under the event that it is.
    """

    def __init__(self, dao: DAO, name: str, metrics: Metrics) -> None:
        self.dao, self._metrics = dao, metrics
        self._names = {method: f"{name}.{method}" for method in DAO_METHODS}
        self._read, self._read_all = self._names["read"], self._names["readAll"]
        self._other = self._names["updateAll"]

    async def open(self) -> None:
        """Open the DAO behind it."""
        await self.dao.open()

    def share(self, group: str) -> None:
        """Get the DAO behind it ready for several processes."""
        self.dao.share(group)

    async def open_alone(self) -> None:
        """Open the DAO behind it, which nobody else uses."""
        await self.dao.open_alone()

    async def open_beside(self) -> None:
        """Open the DAO behind it for snapshots."""
        await self.dao.open_beside()

    def snapshot(self) -> AbstractAsyncContextManager[Snapshot]:
        """Return a snapshot of the DAO behind it; its reads are not timed."""
        return self.dao.snapshot()

    async def close(self) -> None:
        """Close the DAO behind it."""
        await self.dao.close()

    async def create_table(self, appid: str, *, shared: bool = False) -> None:
        """Make room for an app."""
        await self.dao.create_table(appid, shared=shared)

    async def delete_table(self, appid: str) -> None:
        """Remove all objects of an app."""
        await self.dao.delete_table(appid)

    async def read(self, appid: str, key: str) -> Record | None:
        """Read one record."""
        began = self._metrics.clock_ns()
        try:
            return await self.dao.read(appid, key)
        finally:
            self._metrics.book(appid, self._read, began)

    async def read_all(self, appid: str, keys: Sequence[str]) -> dict[str, Record]:
        """Read records."""
        began = self._metrics.clock_ns()
        try:
            return await self.dao.read_all(appid, keys)
        finally:
            self._metrics.book(appid, self._read_all, began)

    async def read_page(
        self, appid: str, *, after: str = "", limit: int = 100, kind: str | None = None
    ) -> list[Record]:
        """Read a page; it is not timed."""
        return await self.dao.read_page(appid, after=after, limit=limit, kind=kind)

    async def write(self, appid: str, write: Write) -> int:
        """Store a write."""
        began = self._metrics.clock_ns()
        try:
            return await self.dao.write(appid, write)
        finally:
            self._metrics.book(appid, self._names.get(write.event, self._other), began)

    async def changes(self, appid: str, after: int, limit: int = 1000) -> list[Change]:
        """Return entries of the feed."""
        return await self.dao.changes(appid, after, limit)

    async def last_change(self, appid: str) -> int:
        """Return the number of the app's last change."""
        return await self.dao.last_change(appid)

    async def forget_changes(self, appid: str, upto: int) -> None:
        """Drop entries of the feed."""
        await self.dao.forget_changes(appid, upto)

    async def apps(self) -> list[str]:
        """Return the ids of all apps with a table or records."""
        return await self.dao.apps()
