"""A DAO on a database server, whichever product it is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from para_core.contracts.dao import DAO, Change, Record, Write, is_room
from para_core.contracts.snapshot import Snapshot
from para_core.errors import UnavailableError
from para_core.trips import Limits, OneToBlameError, Trips
from para_dao_sql.entries import heard
from para_dao_sql.formats import change_of
from para_dao_sql.servers.catalog import Catalog, Gone
from para_dao_sql.servers.dialect import Connection, Dialect, Pool
from para_dao_sql.servers.hold import Hold
from para_dao_sql.servers.rows import encode, key_of, record_of
from para_dao_sql.servers.snapshot import open_snapshot
from para_dao_sql.servers.tables import HIGHEST, THE_APP, App, Statements, feed_of
from para_dao_sql.servers.writes import store_writes
from para_dao_sql.settings import TIME_LIMIT

__all__ = ["ServerDAO"]

T = TypeVar("T")

_FORGOTTEN = 20_000  # entries of the feed at once, at most
_PATIENCE = 12  # times the usual longest wait: whoever reads a whole app asks for much
_Check = Callable[[Connection], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Opened:
    """What is there between ``open`` and ``close``."""

    pool: Pool
    hold: Hold | None  # none when it only reads beside others
    catalog: Catalog
    trips: Trips

    def let_go(self) -> None:
        """End all connections, whatever is on its way."""
        self.pool.terminate()
        if self.hold is not None:
            self.hold.drop()


class ServerDAO(DAO):
    """Keeps all apps in one database, which many servers may use at the same time.

    Reads by id and writes that come while others are on their way share the next round trip.
    """

    def __init__(self, dialect: Dialect[Any], *, timeout_ms: int, pool_size: int) -> None:
        self._dialect, self._place = dialect, dialect.place
        self._timeout_ms, self._pool_size = timeout_ms, pool_size
        self._group = ""  # blank: of processes of any group
        self._feed = feed_of(THE_APP, dialect.first)
        self._opened: _Opened | None = None

    @property
    def place(self) -> str:
        """The address of the database, without a login."""
        return self._place

    @property
    def is_shared(self) -> bool:
        """Whether servers on several machines may use it: any number of them."""
        return True

    @property
    def unfit_for_nodes(self) -> str:
        """Why the product is not for several nodes; blank when it is."""
        return self._dialect.unfit_for_nodes

    def share(self, group: str) -> None:
        """Let the processes of a group use the database together, and no others meanwhile."""
        self._group = group

    async def open(self) -> None:
        """Connect, as one of any number of servers; make the tables if they are not there."""
        await self._open(self._dialect.prepare, self._hold(is_alone=False))

    async def open_alone(self) -> None:
        """Connect when no server uses the database, and keep all out until the end."""
        await self._open(self._dialect.prepare, self._hold(is_alone=True))

    async def what_opening_changes(self) -> str:
        """Look whether the tables are there, and of the format of this version."""
        dialect = self._dialect
        try:
            connection = await dialect.connect()
            try:
                async with asyncio.timeout(self._timeout_ms / 1000):
                    return change_of(await dialect.found_format(connection), dialect.newest_format)
            finally:
                connection.terminate()
        except dialect.failures as error:
            raise dialect.as_start_error(error) from error

    async def open_beside(self) -> None:
        """Connect; nothing is made, and nobody is kept out."""
        await self._open(self._dialect.check_readable, None)

    def _hold(self, *, is_alone: bool) -> Hold:
        return Hold(self._dialect, is_alone=is_alone, group="" if is_alone else self._group)

    async def _open(self, check: _Check, hold: Hold | None) -> None:
        if self._opened is not None:
            return
        failures: tuple[type[Exception], ...] = (*self._dialect.failures, ValueError)
        try:
            pool = await self._connect(check, hold)
        except failures as error:
            raise self._dialect.as_start_error(error) from error
        catalog = Catalog(pool, self._dialect)
        limits = Limits(self._place, self._pool_size, self._timeout_ms, TIME_LIMIT)
        trips = Trips(partial(self._read, pool, catalog), partial(self._store, pool), limits)
        self._opened = _Opened(pool, hold, catalog, trips)

    async def close(self) -> None:
        """Finish what was asked, and disconnect."""
        opened, self._opened = self._opened, None
        if opened is None:
            return
        try:
            async with asyncio.timeout(self._timeout_ms / 1000):
                await opened.trips.close()
                await opened.pool.close()
                if opened.hold is not None:
                    await opened.hold.end()
        except TimeoutError:
            opened.let_go()
        except BaseException:  # whoever closes it may have been cancelled
            opened.let_go()
            raise

    async def create_table(self, appid: str, *, shared: bool = False) -> None:
        """Make room for an app, in a table of its own or in the one that shared apps use."""
        make = partial(self._dialect.make_app, appid=appid, shared=shared)
        await self._guard(self._alter(make))

    async def delete_table(self, appid: str) -> None:
        """Remove all objects of an app and its feed."""
        await self._guard(self._alter(partial(self._dialect.remove_app, appid=appid)))

    async def read_all(self, appid: str, keys: Sequence[str]) -> dict[str, Record]:
        """Return the records with these ids, in the order of ``keys``."""
        return await self._state().trips.read_all(appid, keys)

    async def read_page(
        self, appid: str, *, after: str = "", limit: int = 100, kind: str | None = None
    ) -> list[Record]:
        """Return the next records in ascending order of id (by UTF-8 bytes)."""
        opened = self._state()

        async def ask(app: App) -> list[Record]:
            sql, values = self._dialect.statements_of(app), (app.number, key_of(after), limit)
            if kind is None:
                rows = await opened.pool.fetch(sql.page, *values)
            else:
                rows = await opened.pool.fetch(sql.page_of_kind, *values, encode(kind))
            return [record_of(row) for row in _found(sql, rows)]

        return await self._guard(opened.catalog.ask(appid, ask, []))

    async def write(self, appid: str, write: Write) -> int:
        """Store a write and its entry in the feed, in one transaction."""
        return await self._state().trips.write(appid, write)

    async def changes(self, appid: str, after: int, limit: int = 1000) -> list[Change]:
        """Return the entries of the feed with numbers above ``after``."""
        asked = self._state().pool.fetch(self._feed, key_of(appid), min(after, HIGHEST), limit)
        rows = await self._guard(asked)
        return [Change(number, event, *heard(keys)) for number, event, keys in rows]

    async def last_change(self, appid: str) -> int:
        """Return the number of the app's last change."""
        query = 'SELECT last_change FROM objects_apps WHERE "key" = $1'
        return await self._guard(self._state().pool.fetchval(query, key_of(appid))) or 0

    async def forget_changes(self, appid: str, upto: int) -> None:
        """Drop entries of the feed with numbers up to this one."""
        query = f'DELETE FROM objects_changes WHERE app = {THE_APP} AND "number" <= $2'  # noqa: S608
        pool, key, part = self._state().pool, key_of(appid), 0
        while True:  # in parts, since the time limit is that of one statement
            oldest = await self._guard(pool.fetch(self._feed, key, part, 1))
            if not oldest or oldest[0][0] > upto:
                return
            part = min(oldest[0][0] + _FORGOTTEN - 1, upto, HIGHEST)
            await self._guard(pool.execute(query, key, part))
            if part == upto:
                return

    async def apps(self) -> list[str]:
        """Return the ids of all apps."""
        query = "SELECT appid FROM objects_apps ORDER BY app"
        rows = await self._guard(self._state().pool.fetch(query))
        return [appid for row in rows if not is_room(appid := row[0].decode())]

    async def heads(self) -> dict[str, int]:
        """Return the number of the last change of each app, in one round trip."""
        query = "SELECT appid, last_change FROM objects_apps"
        rows = await self._guard(self._state().pool.fetch(query))
        heads = {appid.decode(): number for appid, number in rows}
        return {appid: number for appid, number in heads.items() if not is_room(appid)}

    def snapshot(self) -> AbstractAsyncContextManager[Snapshot]:
        """Return all apps as they are at the moment of entering."""
        self._state()
        patience_sec = self._timeout_ms / 1000 * _PATIENCE
        return open_snapshot(self._dialect, timeout_sec=patience_sec)

    # ---- what goes together -------------------------------------------------------------------

    async def _read(
        self, pool: Pool, catalog: Catalog, appid: str, ids: list[str]
    ) -> dict[str, Record]:
        keys = list(dict.fromkeys(map(key_of, ids)))
        portion = self._dialect.portion

        async def ask(app: App) -> dict[str, Record]:
            sql, found = self._dialect.statements_of(app), dict[str, Record]()
            for start in range(0, len(keys), portion):
                rows = await pool.fetch(sql.read, app.number, keys[start : start + portion])
                records = (record_of(row) for row in _found(sql, rows))
                found.update((record.id, record) for record in records)
            return found

        nothing: dict[str, Record] = {}
        return await self._guard(catalog.ask(appid, ask, nothing))

    async def _store(
        self, pool: Pool, appid: str, writes: Sequence[Write]
    ) -> list[int | Exception]:
        try:
            async with asyncio.timeout(self._timeout_ms / 1000):
                return await store_writes(self._dialect, pool, appid, writes)
        except self._dialect.failures as error:
            told = self._dialect.as_para_error(error)
            if self._dialect.is_about_one(error):
                raise OneToBlameError(told) from error
            raise told from error

    # ---- how the server is asked ---------------------------------------------------------------

    async def _connect(self, check: _Check, hold: Hold | None) -> Pool:
        async with asyncio.timeout(2 * self._timeout_ms / 1000):
            join = hold.join if hold is not None else None
            pool = await self._dialect.connect_pool(self._pool_size, join)
        try:
            if hold is not None:
                await hold.begin(check, pool.terminate)
            async with pool.acquire() as connection:
                if hold is None:
                    await check(connection)
        except BaseException:
            pool.terminate()
            if hold is not None:
                hold.drop()
            raise
        return pool

    async def _alter(self, change: _Check) -> None:
        async with self._state().pool.acquire() as connection:
            await change(connection)

    async def _guard(self, answer: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self._timeout_ms / 1000):
                return await answer
        except self._dialect.failures as error:
            raise self._dialect.as_para_error(error) from error

    def _state(self) -> _Opened:
        if self._opened is None:
            raise UnavailableError(f"{self._place} is not open")
        return self._opened


def _found(sql: Statements, rows: Sequence[Any]) -> Sequence[Any]:
    """Return the rows of records; see ``Statements`` for what their absence means."""
    if sql.has_witness and not rows:
        raise Gone
    return [] if sql.has_witness and rows[0][0] is None else rows
