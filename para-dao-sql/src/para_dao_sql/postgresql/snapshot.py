"""The database as it was at one moment: a transaction that reads and stays open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import asyncpg

from para_core.contracts.dao import Change, Record, is_room, is_storable
from para_core.contracts.snapshot import Snapshot, Table
from para_dao_sql.entries import heard
from para_dao_sql.postgresql.errors import FAILURES, as_para_error
from para_dao_sql.postgresql.rows import key_of, record_of
from para_dao_sql.postgresql.tables import App, statements_of

__all__ = ["open_snapshot"]

T = TypeVar("T")

_HIGHEST = 2**63 - 1  # what a bigint holds
_PORTION = 500  # ids of one question


class PostgresSnapshot(Snapshot):
    """Answers from one connection, whose transaction sees no later commit.

    An app that is removed meanwhile is empty from then on: tables go without regard to snapshots.
    """

    def __init__(
        self,
        connection: asyncpg.Connection,
        apps: dict[str, tuple[App, int]],
        place: str,
        *,
        timeout_sec: float,
    ) -> None:
        self._connection, self._apps = connection, apps
        self._place, self._timeout_sec = place, timeout_sec
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
            sql, values = statements_of(app), (app.number, key_of(after), limit)
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
            found: dict[str, Record] = {}
            for start in range(0, len(wanted), _PORTION):
                part = list({key_of(key) for key in wanted[start : start + _PORTION]})
                rows = await self._connection.fetch(statements_of(app).read, app.number, part)
                found.update((record.id, record) for record in _records(rows))
            return {key: found[key] for key in wanted if key in found}

        return await self._ask(appid, ask, {})

    async def changes(self, appid: str, after: int, limit: int = 1000) -> list[Change]:
        """Return the entries of the feed with numbers above ``after``."""
        query = (
            "SELECT number, event, keys FROM objects_changes WHERE app = $1 AND number > $2 "
            "ORDER BY number LIMIT $3"
        )

        async def ask(app: App) -> list[Change]:
            rows = await self._connection.fetch(query, app.number, min(after, _HIGHEST), limit)
            return [Change(number, event, *heard(keys)) for number, event, keys in rows]

        return await self._ask(appid, ask, [])

    async def _ask(self, appid: str, ask: Callable[[App], Awaitable[T]], nothing: T) -> T:
        if appid not in self._apps:
            return nothing
        try:
            async with (
                self._turn,
                asyncio.timeout(self._timeout_sec),
                self._connection.transaction(),  # a savepoint: after an error the outer one goes on
            ):
                return await ask(self._apps[appid][0])
        except asyncpg.UndefinedTableError:
            return nothing
        except FAILURES as error:
            raise as_para_error(error, self._place) from error


@asynccontextmanager
async def open_snapshot(
    connect: Callable[[], Awaitable[asyncpg.Connection]], place: str, *, timeout_sec: float
) -> AsyncIterator[Snapshot]:
    """Show the database as it is at the moment of entering, on a connection of its own."""
    try:
        connection = await connect()
    except FAILURES as error:
        raise as_para_error(error, place) from error
    try:
        try:
            await connection.transaction(isolation="repeatable_read", readonly=True).start()
            rows = await connection.fetch(
                "SELECT app, appid, shared, last_change FROM objects_apps ORDER BY app"
            )
        except FAILURES as error:
            raise as_para_error(error, place) from error
        apps: dict[str, tuple[App, int]] = {}
        for number, encoded, shared, last_change in rows:
            appid = encoded.decode()
            apps[appid] = App(number, appid, shared), last_change
        yield PostgresSnapshot(connection, apps, place, timeout_sec=timeout_sec)
    finally:
        connection.terminate()  # there is nothing to keep


def _records(rows: Sequence[Any]) -> list[Record]:
    if rows and rows[0]["key"] is None:  # what the shared table says of an app without records
        return []
    return [record_of(row) for row in rows]
