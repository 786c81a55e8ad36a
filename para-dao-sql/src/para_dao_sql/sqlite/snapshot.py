"""The file as it was at one moment: a read transaction that stays open."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from para_core.answers import answer_in_time
from para_core.contracts.dao import Change, Record, is_room, is_storable
from para_core.contracts.snapshot import Snapshot, Table
from para_core.opening import until_open
from para_dao_sql.settings import TIME_LIMIT
from para_dao_sql.sqlite import file as files
from para_dao_sql.sqlite import queries
from para_dao_sql.sqlite.catalog import Catalog, Place
from para_dao_sql.sqlite.errors import as_para_error
from para_dao_sql.sqlite.reader import Reader

__all__ = ["open_snapshot"]

T = TypeVar("T")

_PATIENCE = 12  # times the usual longest wait: whoever reads a whole app asks for much


class SqliteSnapshot(Snapshot):
    """Answers from one connection, whose transaction sees no later commit.

    The write-ahead log cannot begin anew while it is open: it grows by what is written meanwhile.
    """

    def __init__(self, reader: Reader, catalog: Catalog, file: Path, *, timeout_ms: int) -> None:
        self._reader, self._catalog = reader, catalog
        self._file, self._timeout_ms = file, timeout_ms

    async def tables(self) -> list[Table]:
        """Return all apps."""
        places = self._catalog.places.items()
        return [Table(appid, place.shared) for appid, place in places if not is_room(appid)]

    async def last_change(self, appid: str) -> int:
        """Return the number of the app's last change."""
        return self._catalog.last_changes.get(appid, 0)

    async def read_page(
        self, appid: str, *, after: str = "", limit: int = 100, changed_after: int = 0
    ) -> list[Record]:
        """Return the next records in ascending order of id (by UTF-8 bytes)."""

        def ask(connection: sqlite3.Connection, place: Place) -> list[Record]:
            if not changed_after:
                return queries.read_page(connection, place, after, limit, None)
            return queries.read_changed(connection, place, after, limit, changed_after)

        return await self._ask(appid, ask, [])

    async def read_all(self, appid: str, keys: Sequence[str]) -> dict[str, Record]:
        """Return the records with these ids, in the order of ``keys``."""
        wanted = [key for key in dict.fromkeys(keys) if is_storable(key)]
        if not wanted:
            return {}
        return await self._ask(appid, lambda db, place: queries.read_many(db, place, wanted), {})

    async def changes(self, appid: str, after: int, limit: int = 1000) -> list[Change]:
        """Return the entries of the feed with numbers above ``after``."""
        return await self._ask(
            appid, lambda db, place: queries.read_changes(db, place, after, limit), []
        )

    async def _ask(
        self, appid: str, ask: Callable[[sqlite3.Connection, Place], T], nothing: T
    ) -> T:
        place = self._catalog.places.get(appid)
        if place is None:
            return nothing
        answer = self._reader.submit(lambda connection: ask(connection, place))
        try:
            return await answer_in_time(answer, self._file, self._timeout_ms, setting=TIME_LIMIT)
        except sqlite3.Error as error:
            raise as_para_error(error, self._file) from error


@asynccontextmanager
async def open_snapshot(file: Path, *, timeout_ms: int) -> AsyncIterator[Snapshot]:
    """Show the file as it is at the moment of entering."""
    beginning = asyncio.to_thread(_begin, file, timeout_ms)
    connection, catalog = await until_open(beginning, lambda begun: begun[0].close())
    reader = Reader(connection)
    try:
        yield SqliteSnapshot(reader, catalog, file, timeout_ms=timeout_ms * _PATIENCE)
    finally:
        await asyncio.shield(asyncio.to_thread(reader.stop))


def _begin(file: Path, timeout_ms: int) -> tuple[sqlite3.Connection, Catalog]:
    try:
        connection = files.connect(file, timeout_ms=timeout_ms)
    except sqlite3.Error as error:
        raise as_para_error(error, file) from error
    try:
        connection.execute("BEGIN")
        return connection, Catalog.load(connection)  # the first read fixes the moment
    except sqlite3.Error as error:
        connection.close()
        raise as_para_error(error, file) from error
