"""A DAO whose calls are timed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from para_core.contracts.dao import DAO, Record, Write
from para_core.passing import PassingDAO
from para_server.metrics.names import DAO_METHODS

if TYPE_CHECKING:
    from para_core.metrics import Metrics

__all__ = ["TimedDAO"]


class TimedDAO(PassingDAO):
    """Times reads by id and writes of the DAO behind it; everything else passes through.

    What the cache answers never comes here. A write is timed under the event that it is.
    """

    def __init__(self, dao: DAO, name: str, metrics: Metrics) -> None:
        super().__init__(dao)
        self._metrics = metrics
        self._names = {method: f"{name}.{method}" for method in DAO_METHODS}
        self._read, self._read_all = self._names["read"], self._names["readAll"]
        self._other = self._names["updateAll"]

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

    async def write(self, appid: str, write: Write) -> int:
        """Store a write."""
        began = self._metrics.clock_ns()
        try:
            return await self.dao.write(appid, write)
        finally:
            self._metrics.book(appid, self._names.get(write.event, self._other), began)
