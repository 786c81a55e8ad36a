"""The database as it was at one moment: a transaction that reads and stays open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from para_core.contracts.dao import Change, Record, is_room, is_storable
from para_core.contracts.snapshot import Snapshot, Table
from para_dao_sql.entries import heard
from para_dao_sql.servers.dialect import Connection, Dialect
from para_dao_sql.servers.rows import key_of, record_of
from para_dao_sql.servers.tables import HIGHEST, App, feed_of

__all__ = ["open_snapshot"]

T = TypeVar("T")

_PORTION = 500  # ids of one question


class ServerSnapshot(Snapshot):
    """Answers from one connection, whose transaction sees no later commit.

    An app that is removed meanwhile is empty from then on: tables go without regard to snapshots.
    """

    def __init__(
        self,
        connection: Connection,
        apps: dict[str, tuple[App, int]],
        dialect: Dialect[Any],
        *,
        timeout_sec: float,
    ) -> None:
        self._connection, self._apps = connection, apps
        self._dialect, self._timeout_sec = dialect, timeout_sec
        self._turn = asyncio.Lock()  # a connection answers one question at a time

    async def tables(self) -> list[Table]:
        """Return all apps."""
        apps = self._apps.items()
        return [Table(appid, app.shared) for appid, (app, _) in apps if not is_room(appid)]

    async def last_change(self, appid: str) -> int:
        """Return the number of the app's last change."""
        return self._apps[appid][1] if appid in self._apps else 0

    async def read_page(
        self, appid: str, *, after: str = "", limit: int = 100, changed_after: int = 0
    ) -> list[Record]:
        """Return the next records in ascending order of id (by UTF-8 bytes)."""

        async def ask(app: App) -> list[Record]:
            sql, values = self._dialect.statements_of(app), (app.number, key_of(after), limit)
            if changed_after:
                rows = await self._connection.fetch(sql.changed, *values, changed_after)
            else:
                rows = await self._connection.fetch(sql.page, *values)
            return _records(rows)

        return await self._ask(appid, ask, [])

    async def read_all(self, appid: str, keys: Sequence[str]) -> dict[str, Record]:
        """Return the records with these ids, in the order of ``keys``."""
        wanted = [key for key in dict.fromkeys(keys) if is_storable(key)]

        async def ask(app: App) -> dict[str, Record]:
            query, found = self._dialect.statements_of(app).read, dict[str, Record]()
            for start in range(0, len(wanted), _PORTION):
                part = list({key_of(key) for key in wanted[start : start + _PORTION]})
                rows = await self._connection.fetch(query, app.number, part)
                found.update((record.id, record) for record in _records(rows))
            return {key: found[key] for key in wanted if key in found}

        return await self._ask(appid, ask, {})

    async def changes(self, appid: str, after: int, limit: int = 1000) -> list[Change]:
        """Return the entries of the feed with numbers above ``after``."""
        query = feed_of("$1", self._dialect.first)

        async def ask(app: App) -> list[Change]:
            rows = await self._connection.fetch(query, app.number, min(after, HIGHEST), limit)
            return [Change(number, event, *heard(keys)) for number, event, keys in rows]

        return await self._ask(appid, ask, [])

    async def _ask(self, appid: str, ask: Callable[[App], Awaitable[T]], nothing: T) -> T:
        if appid not in self._apps:
            return nothing
        try:
            async with (
                self._turn,
                asyncio.timeout(self._timeout_sec),
                self._dialect.question(self._connection),
            ):
                return await ask(self._apps[appid][0])
        except self._dialect.failures as error:
            if self._dialect.is_missing_table(error):
                return nothing
            raise self._dialect.as_para_error(error) from error


@asynccontextmanager
async def open_snapshot(dialect: Dialect[Any], *, timeout_sec: float) -> AsyncIterator[Snapshot]:
    """Show the database as it is at the moment of entering, on a connection of its own."""
    try:
        connection = await dialect.connect()
    except dialect.failures as error:
        raise dialect.as_para_error(error) from error
    try:
        try:
            async with asyncio.timeout(timeout_sec):
                await dialect.begin_snapshot(connection)
                rows = await connection.fetch(
                    "SELECT app, appid, shared, last_change FROM objects_apps ORDER BY app"
                )
        except dialect.failures as error:
            raise dialect.as_para_error(error) from error
        apps: dict[str, tuple[App, int]] = {}
        for number, encoded, shared, last_change in rows:
            appid = encoded.decode()
            apps[appid] = App(number, appid, bool(shared)), last_change
        yield ServerSnapshot(connection, apps, dialect, timeout_sec=timeout_sec)
    finally:
        connection.terminate()  # there is nothing to keep


def _records(rows: Sequence[Any]) -> list[Record]:
    if rows and rows[0][0] is None:  # what tells of an app without records
        return []
    return [record_of(row) for row in rows]
