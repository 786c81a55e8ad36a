"""What exports and backups see."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from para_core.contracts.snapshot import LiveView, Table

if TYPE_CHECKING:
    from para_core.contracts.dao import DAO

__all__ = ["MongoView"]


class MongoView(LiveView):
    """Shows what is there at each question, and which apps share a collection.

    A server keeps a snapshot for some minutes at most (five by default), and an export may take
    longer, so nothing stands still here.
    """

    def __init__(self, dao: DAO, tables: Callable[[], Awaitable[list[Table]]]) -> None:
        super().__init__(dao)
        self._tables = tables

    async def tables(self) -> list[Table]:
        """Return all apps."""
        return await self._tables()
