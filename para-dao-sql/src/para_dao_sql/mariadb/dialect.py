"""How MariaDB and MySQL are reached and asked, with asyncmy."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import ClassVar

from asyncmy.errors import MySQLError

from para_core.errors import BackendError, ConfigError, UnavailableError
from para_core.plan import Plan
from para_dao_sql.address import MariaDBAddress
from para_dao_sql.mariadb import apps, errors, tables
from para_dao_sql.mariadb.connection import MariaDBConnection, connect
from para_dao_sql.servers.dialect import Dialect, Join
from para_dao_sql.servers.hold import in_use_by_another
from para_dao_sql.servers.pool import Pool
from para_dao_sql.servers.rows import key_of
from para_dao_sql.servers.tables import LOCK_APP, App, Statements

__all__ = ["MariaDBDialect"]

_HOLDER = "SELECT one FROM objects_holders"
_GROUP = "SELECT name FROM objects_groups"
_IDLE_SEC = 31_536_000  # the longest that a connection may be silent, for the server
_SILENT_SEC = 60  # how long one may be that is asked something now and then


class MariaDBDialect(Dialect[MariaDBConnection]):
    """MariaDB 10.6 or newer, and MySQL 8, which differs in a few words."""

    failures = errors.FAILURES
    newest_format = tables.FORMAT
    portion: ClassVar[int] = 500  # MariaDB makes a table of lists with 1,000 items

    def __init__(self, address: MariaDBAddress, *, timeout_ms: int) -> None:
        self._address, self.place = address, address.shown
        self._timeout_sec = timeout_ms / 1000

    async def connect(self) -> MariaDBConnection:
        """Make a connection beside those of the pool."""
        return await connect(self._address, self._timeout_sec)

    async def connect_pool(self, size: int, join: Join | None) -> Pool[MariaDBConnection]:
        """Make a pool of up to so many connections."""
        return Pool(self.connect, size, join)

    def when_lost(self, connection: MariaDBConnection, tell: Callable[[], None]) -> None:
        """Call something when a connection has ended."""
        connection.when_lost(tell)

    def as_para_error(self, error: BaseException) -> BackendError:
        """Return the error that a caller gets to see."""
        return errors.as_para_error(error, self.place)

    def as_start_error(self, error: BaseException) -> ConfigError | BackendError:
        """Return the error that stops the start."""
        return errors.as_start_error(error, self.place)

    def is_about_one(self, error: BaseException) -> bool:
        """Tell whether one of several writes may be to blame."""
        return errors.is_about_one(error)

    def is_missing_table(self, error: BaseException) -> bool:
        """Tell whether a question was about a table that is not there."""
        return errors.is_missing_table(error)

    def is_deadlock(self, error: BaseException) -> bool:
        """Tell whether a transaction was undone only because it met another one."""
        return errors.is_deadlock(error)

    # ---- tables --------------------------------------------------------------------------------

    async def prepare(self, connection: MariaDBConnection) -> None:
        """Make the tables, or check those that are there."""
        await tables.prepare(connection)

    async def found_format(self, connection: MariaDBConnection) -> int | None:
        """Return the format of the tables, ``None`` when there are none."""
        return await tables.found_format(connection)

    def statements_of(self, app: App) -> Statements:
        """Return the SQL that reads the records of an app."""
        return tables.statements_of(app)

    async def make_app(self, connection: MariaDBConnection, appid: str, *, shared: bool) -> None:
        """Give an app its number and its table, unless it has them."""
        await self._again(connection, partial(apps.make_app, connection, appid, shared=shared))

    async def remove_app(self, connection: MariaDBConnection, appid: str) -> None:
        """Remove an app and all that it has."""
        await self._again(connection, partial(apps.remove_app, connection, appid))

    async def _again(
        self, connection: MariaDBConnection, change: Callable[[], Awaitable[None]]
    ) -> None:
        """Make a change, and make it again when it was undone for a deadlock; time limits it."""
        while True:
            try:
                async with self._undone_if_it_fails(connection):
                    return await change()
            except MySQLError as error:
                if not errors.is_deadlock(error):
                    raise

    # ---- one transaction that writes -----------------------------------------------------------

    async def begin(self, connection: MariaDBConnection, appid: str) -> tuple[App, int] | None:
        """Begin a transaction, and return the app with its counter, locked."""
        async with self._undone_if_it_fails(connection):
            rows = await connection.begin(LOCK_APP, key_of(appid))
        for number, shared, counter in rows:
            return App(number, appid, bool(shared)), counter
        return None

    async def begin_new(self, connection: MariaDBConnection, appid: str) -> tuple[App, int]:
        """Make an app in transactions of its own, then begin again."""
        while True:
            await self.rollback(connection)
            await apps.make_app(connection, appid, shared=False)
            if (found := await self.begin(connection, appid)) is not None:
                return found

    async def store(self, connection: MariaDBConnection, app: App, plan: Plan) -> None:
        """Store what a sequence of writes comes to, and commit."""
        statements = tables.what_stores(app, plan, is_mariadb=connection.is_mariadb)
        await connection.execute_all(statements)

    async def rollback(self, connection: MariaDBConnection) -> None:
        """Undo everything since ``begin``."""
        await connection.run("ROLLBACK")

    @asynccontextmanager
    async def _undone_if_it_fails(self, connection: MariaDBConnection) -> AsyncIterator[None]:
        """Undo what has begun, and find out whether another process has the database alone."""
        try:
            yield
        except MySQLError as error:
            if connection.is_closed():
                raise
            await self.rollback(connection)
            if errors.is_locked(error) and connection.guard and not await self.try_join(connection):
                raise UnavailableError(in_use_by_another(self.place)) from error
            raise

    # ---- who has the database: a row that every transaction which writes shares ----------------

    async def try_share(self, connection: MariaDBConnection) -> bool:
        """Let a connection keep all who want the database alone out, by a transaction of its own.

        It reads nothing but that row, so it keeps the server from no cleaning.
        """
        return await self._try_hold(connection, _shared(connection, _HOLDER), _SILENT_SEC)

    async def try_enter(self, connection: MariaDBConnection, group: str) -> bool:
        """Do the same, and share the row of the group, which has to name this one.

        Nobody shares that row while no server is there: then its name is put right first.
        """
        if await self._try(connection, f"BEGIN; {_GROUP} FOR UPDATE NOWAIT"):
            await connection.run("UPDATE objects_groups SET name = $1; COMMIT", group)
        if not await self.try_share(connection):
            return False
        if await self._is_named(connection, group):
            return True
        await self.rollback(connection)
        return False

    async def try_take(self, connection: MariaDBConnection) -> bool:
        """Let a connection keep everybody out, in the same way."""
        return await self._try_hold(connection, f"{_HOLDER} FOR UPDATE NOWAIT", _IDLE_SEC)

    async def try_join(self, connection: MariaDBConnection) -> bool:
        """Let each transaction of a connection ask first whether it may write."""
        connection.guard = _guard(connection)
        return await self._try(connection, f"BEGIN; {connection.guard} ROLLBACK")

    async def is_of(self, connection: MariaDBConnection, group: str) -> bool:
        """Look whether the row of the group names this one, as each transaction does then."""
        connection.group = group.encode()
        connection.guard = _guard(connection)
        found = await self._is_named(connection, group)
        if not connection.is_closed():
            await self.rollback(connection)
        return found

    async def _is_named(self, connection: MariaDBConnection, group: str) -> bool:
        try:
            name = await connection.fetchval(_shared(connection, _GROUP))
        except MySQLError as error:
            if not errors.is_locked(error):
                raise
            return False
        return bool(name == group.encode())

    async def _try_hold(self, connection: MariaDBConnection, lock: str, silent_sec: int) -> bool:
        await connection.run("SET SESSION wait_timeout = $1", silent_sec)
        if connection.is_mariadb:
            await connection.run("SET SESSION idle_transaction_timeout = 0")
        return await self._try(connection, f"BEGIN; {lock}")

    async def _try(self, connection: MariaDBConnection, script: str) -> bool:
        try:
            await connection.run(script)
        except MySQLError as error:
            if not errors.is_locked(error):
                raise
            await self.rollback(connection)
            return False
        return True

    # ---- snapshots -----------------------------------------------------------------------------

    async def begin_snapshot(self, connection: MariaDBConnection) -> None:
        """Begin a transaction that reads and sees no later commit; the caller limits its time."""
        if connection.is_mariadb:
            await connection.run("SET SESSION max_statement_time = 0, idle_transaction_timeout = 0")
        await connection.run(
            "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ; "
            "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"
        )

    def question(self, connection: MariaDBConnection) -> AbstractAsyncContextManager[object]:
        """Return nothing: a transaction goes on after an error here."""
        del connection
        return contextlib.nullcontext()


def _guard(connection: MariaDBConnection) -> str:
    """Return what shares the row of who is alone, and the row that names the group if there is one.

    The name is put right in a moment, for which it is waited.
    """
    holder = f"{_shared(connection, _HOLDER)};"
    if not connection.group:
        return holder
    return f"{holder} {_GROUP} {_share(connection)};"


def _shared(connection: MariaDBConnection, row: str) -> str:
    return f"{row} {_share(connection)} NOWAIT"


def _share(connection: MariaDBConnection) -> str:
    return "LOCK IN SHARE MODE" if connection.is_mariadb else "FOR SHARE"
