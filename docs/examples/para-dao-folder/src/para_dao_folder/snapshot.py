"""All apps of a folder as they were at one moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from para_core.contracts.dao import Change, Record, is_room
from para_core.contracts.snapshot import Snapshot
from para_core.contracts.snapshot import Table as Shown
from para_dao_folder.failures import reported
from para_dao_folder.table import Table


class FrozenFolder(Snapshot):
    """Copies of the tables; the records lie in files that stay open until the end."""

    def __init__(self, folder: Path, tables: Iterable[Table]) -> None:
        """Show these tables, which nobody changes."""
        self._folder = folder
        self._tables = {table.appid: table for table in tables}

    async def tables(self) -> list[Shown]:
        """Return all apps."""
        apps = [table for table in self._tables.values() if not is_room(table.appid)]
        return [Shown(table.appid, table.shared) for table in apps]

    async def last_change(self, appid: str) -> int:
        """Return the number of the app's last change."""
        return self._of(appid).last_change

    async def read_page(
        self, appid: str, *, after: str = "", limit: int = 100, changed_after: int = 0
    ) -> list[Record]:
        """Return the next records."""
        with reported(self._folder):
            return self._of(appid).read_page(after, limit, changed_after=changed_after)

    async def read_all(self, appid: str, keys: Sequence[str]) -> dict[str, Record]:
        """Return the records with these ids."""
        with reported(self._folder):
            return self._of(appid).read_all(keys)

    async def changes(self, appid: str, after: int, limit: int = 1000) -> list[Change]:
        """Return the entries of the feed that were there."""
        return self._of(appid).changes(after, limit)

    def _of(self, appid: str) -> Table:
        return self._tables.get(appid) or Table(appid)
