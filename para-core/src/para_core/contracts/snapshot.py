"""What a DAO shows of one moment: for exports, backups and moves, which take long."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct

if TYPE_CHECKING:
    from para_core.contracts.dao import DAO, Change, Record

__all__ = ["LiveView", "Snapshot", "Table"]


class Table(Struct, frozen=True):
    """Where an app keeps its records: in a table of its own, or in the one that some share."""

    appid: str
    shared: bool = False


class Snapshot(ABC):
    """All apps of a DAO as they were at one moment, whatever is written meanwhile.

    One question at a time is answered; several may wait. Methods raise what those of the DAO with
    the same names do, and give long questions more time. A snapshot may hold back the cleaning of
    the database while it is open, so whoever has one goes on with it or lets it go.
    """

    is_frozen: ClassVar[bool] = True
    """Whether it really stands still; ``LiveView`` does not."""

    @abstractmethod
    async def tables(self) -> list[Table]:
        """Return all apps that had a table or records; rooms are no apps, see ``DAO.apps``."""

    @abstractmethod
    async def last_change(self, appid: str) -> int:
        """Return the number of the app's last change; 0 when it had none."""

    @abstractmethod
    async def read_page(
        self, appid: str, *, after: str = "", limit: int = 100, changed_after: int = 0
    ) -> list[Record]:
        """Return the next records in the order of ``DAO.read_page``; an empty list at the end.

        Args:
            appid: The app.
            after: The id of the last record of the page before; empty for the first page.
            limit: At most so many records, 1 or more.
            changed_after: Only records that were written by changes with higher numbers.
        """

    @abstractmethod
    async def read_all(self, appid: str, keys: Sequence[str]) -> dict[str, Record]:
        """Return the records with these ids, in the order of ``keys``; absent ones are left out."""

    @abstractmethod
    async def changes(self, appid: str, after: int, limit: int = 1000) -> list[Change]:
        """Return the entries of the feed that were there, with numbers above ``after``."""


class LiveView(Snapshot):
    """What a DAO without snapshots shows instead: each answer is as true as the moment it is made.

    What is there during the whole walk is met once, as ``DAO.read_page`` promises; what is written
    meanwhile may be met or not.
    """

    is_frozen = False

    def __init__(self, dao: DAO) -> None:
        self._dao = dao

    async def tables(self) -> list[Table]:
        """Return all apps; whether they share a table is not known."""
        return [Table(appid) for appid in await self._dao.apps()]

    async def last_change(self, appid: str) -> int:
        """Return the number of the app's last change."""
        return await self._dao.last_change(appid)

    async def read_page(
        self, appid: str, *, after: str = "", limit: int = 100, changed_after: int = 0
    ) -> list[Record]:
        """Return the next records; pages without any that changed are passed over."""
        while page := await self._dao.read_page(appid, after=after, limit=limit):
            if found := [record for record in page if record.change > changed_after]:
                return found
            after = page[-1].id
        return []

    async def read_all(self, appid: str, keys: Sequence[str]) -> dict[str, Record]:
        """Return the records with these ids."""
        return await self._dao.read_all(appid, keys)

    async def changes(self, appid: str, after: int, limit: int = 1000) -> list[Change]:
        """Return the entries of the feed with numbers above ``after``."""
        return await self._dao.changes(appid, after, limit)
