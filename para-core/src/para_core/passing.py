"""A DAO in front of another one, which hands every call on."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from para_core.contracts.dao import DAO, Change, Late, Record, Write

if TYPE_CHECKING:
    from para_core.contracts.snapshot import Snapshot

__all__ = ["PassingDAO"]


class PassingDAO(DAO):
    """Hands every call on to ``dao``; override what you want to see or change.

    The everyday verbs (``read``, ``create`` and so on) are made of ``read_all`` and ``write``
    here, as in the contract, so whoever overrides these two meets them as well.
    """

    def __init__(self, dao: DAO) -> None:
        self.dao = dao

    async def open(self) -> None:
        """Open the DAO behind it."""
        await self.dao.open()

    @property
    def place(self) -> str:
        """Where the store of the DAO behind it is."""
        return self.dao.place

    @property
    def is_shared(self) -> bool:
        """Whether the DAO behind it may be open on several machines."""
        return self.dao.is_shared

    @property
    def unfit_for_nodes(self) -> str:
        """Why the DAO behind it is not for several nodes."""
        return self.dao.unfit_for_nodes

    def on_late(self, heard: Late) -> None:
        """Hear of writes that the DAO behind it has finished late."""
        self.dao.on_late(heard)

    def share(self, group: str) -> None:
        """Get the DAO behind it ready for several processes."""
        self.dao.share(group)

    async def open_alone(self) -> None:
        """Open the DAO behind it, which nobody else uses."""
        await self.dao.open_alone()

    async def what_opening_changes(self) -> str:
        """Ask the DAO behind it."""
        return await self.dao.what_opening_changes()

    async def open_beside(self) -> None:
        """Open the DAO behind it for snapshots."""
        await self.dao.open_beside()

    def snapshot(self) -> AbstractAsyncContextManager[Snapshot]:
        """Return a snapshot of the DAO behind it, whose reads do not come by here."""
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

    async def read_all(self, appid: str, keys: Sequence[str]) -> dict[str, Record]:
        """Read records."""
        return await self.dao.read_all(appid, keys)

    async def read_page(
        self, appid: str, *, after: str = "", limit: int = 100, kind: str | None = None
    ) -> list[Record]:
        """Read a page."""
        return await self.dao.read_page(appid, after=after, limit=limit, kind=kind)

    async def write(self, appid: str, write: Write) -> int:
        """Store a write."""
        return await self.dao.write(appid, write)

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

    async def heads(self) -> dict[str, int]:
        """Return the number of the last change of each app."""
        return await self.dao.heads()
