"""How PostgreSQL is reached and asked, with asyncpg."""

from __future__ import annotations

import asyncio
import logging
import zlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import ClassVar

import asyncpg

from para_core.errors import BackendError, ConfigError
from para_core.plan import Plan
from para_dao_sql.address import PostgresAddress
from para_dao_sql.entries import rows_of
from para_dao_sql.postgresql import tables
from para_dao_sql.postgresql.errors import FAILURES, as_para_error, as_start_error, is_about_one
from para_dao_sql.servers.dialect import Dialect, Join, Pool
from para_dao_sql.servers.rows import encode, key_of
from para_dao_sql.servers.tables import App, Statements, lock_app

__all__ = ["PostgresDialect"]

logger = logging.getLogger(__name__)

# The table's number tells several servers in one database, in schemas of their own, apart.
_KEY = f"{0x50617261}::bigint << 32 | 'objects_format'::regclass::oid::bigint"
_SHARE = f"SELECT pg_try_advisory_lock_shared({_KEY})"
_TAKE = f"SELECT pg_try_advisory_lock({_KEY})"
# Each group has a lock of its own, and one process at a time looks who has one: in one statement,
# so that nobody holds the others up who is stopped meanwhile.
_GATE = f"{0x50617262}::bigint << 32 | 'objects_format'::regclass::oid::bigint"
_GROUP = "$1::bigint << 32 | 'objects_format'::regclass::oid::bigint"
_FIRST_GROUP = 2**31  # the numbers of groups begin above those of the other locks
_ENTER = f"""
SELECT CASE WHEN NOT pg_try_advisory_xact_lock({_GATE}) THEN false
WHEN EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND objid = 'objects_format'::regclass::oid
    AND classid::bigint >= {_FIRST_GROUP} AND classid::bigint <> $1) THEN false
ELSE pg_try_advisory_lock_shared({_GROUP}) END
"""  # noqa: S608 (all of it is written here)
_NAME = "para-server"  # as which sessions that write are seen in pg_stat_activity
# Locks of a machine that is gone are freed within half a minute.
_ALIVE = {
    "tcp_keepalives_idle": "15",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
_END_STOPPED = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE pid = ANY(pg_blocking_pids($1)) AND wait_event = 'ClientRead' AND usename = current_user
AND application_name = $3 AND state_change < now() - make_interval(secs => $2)
"""
_STILL = 0.4  # of the time limit: who has said nothing for so long inside a write was stopped


class PostgresDialect(Dialect[asyncpg.Connection]):
    """PostgreSQL 13 or newer."""

    failures = FAILURES
    newest_format = tables.FORMAT
    portion: ClassVar[int] = 2**31  # a list of ids is one value

    def __init__(self, address: PostgresAddress, *, timeout_ms: int) -> None:
        self._address, self.place = address, address.url.partition("?")[0]
        self._timeout_sec = timeout_ms / 1000
        # The locks of a process that was stopped inside a transaction would hold up all servers;
        # they go while those who wait for them still do.
        self._idle_ms = str(max(timeout_ms // 2, 1))
        self._freeing: set[asyncio.Task[None]] = set()

    async def connect(self) -> asyncpg.Connection:
        """Make a connection beside those of the pool."""
        return await asyncpg.connect(
            self._address.url,
            user=self._address.user,
            password=self._address.password,
            timeout=self._timeout_sec,
            server_settings=_ALIVE,
        )

    async def connect_pool(self, size: int, join: Join | None) -> Pool:
        """Make a pool of up to so many connections."""
        made: Pool = await asyncpg.create_pool(
            self._address.url,
            user=self._address.user,
            password=self._address.password,
            min_size=0,  # asyncpg would log a traceback for each failure to keep some up
            max_size=size,
            timeout=self._timeout_sec,
            command_timeout=self._timeout_sec,
            statement_cache_size=1024,  # every app with a table of its own has some
            reset=_leave_as_it_is,
            init=join,
            server_settings={
                **_ALIVE,
                "application_name": _NAME,
                "idle_in_transaction_session_timeout": self._idle_ms,
            },
        )
        return made

    def when_lost(self, connection: asyncpg.Connection, tell: Callable[[], None]) -> None:
        """Call something when a connection has ended."""
        connection.add_termination_listener(lambda _: tell())

    def as_para_error(self, error: BaseException) -> BackendError:
        """Return the error that a caller gets to see."""
        return as_para_error(error, self.place)

    def as_start_error(self, error: BaseException) -> ConfigError | BackendError:
        """Return the error that stops the start."""
        return as_start_error(error, self.place)

    def is_about_one(self, error: BaseException) -> bool:
        """Tell whether one of several writes may be to blame."""
        return is_about_one(error)

    def is_missing_table(self, error: BaseException) -> bool:
        """Tell whether a question was about a table that is not there."""
        return isinstance(error, asyncpg.UndefinedTableError)

    # ---- tables --------------------------------------------------------------------------------

    async def prepare(self, connection: asyncpg.Connection) -> None:
        """Make the tables, or bring those that are there up to date."""
        await tables.prepare(connection)

    async def found_format(self, connection: asyncpg.Connection) -> int | None:
        """Return the format of the tables, ``None`` when there are none."""
        return await tables.found_format(connection)

    def statements_of(self, app: App) -> Statements:
        """Return the SQL that reaches the records of an app."""
        return tables.statements_of(app)

    async def make_app(self, connection: asyncpg.Connection, appid: str, *, shared: bool) -> None:
        """Give an app its number and its table, unless it has them."""
        async with connection.transaction():
            await tables.make_app(connection, appid, shared=shared)

    async def remove_app(self, connection: asyncpg.Connection, appid: str) -> None:
        """Remove an app and all that it has."""
        async with connection.transaction():
            if (found := await lock_app(connection, appid)) is not None:
                await tables.remove_app(connection, found[0])

    # ---- one transaction that writes -----------------------------------------------------------

    async def begin(self, connection: asyncpg.Connection, appid: str) -> tuple[App, int] | None:
        """Begin a transaction, and return the app with its counter, locked."""
        await connection.execute("BEGIN")
        wait_sec, pid = self._timeout_sec / 2, connection.get_server_pid()
        late = asyncio.get_running_loop().call_later(wait_sec, self._free, pid)
        try:
            return await lock_app(connection, appid)
        finally:
            late.cancel()

    def _free(self, pid: int) -> None:
        """Let a session go on that waits for one whose process was stopped.

        The limit for idle sessions does not see one that was stopped inside a statement.
        """
        task = asyncio.create_task(self._end_stopped(pid))
        self._freeing.add(task)
        task.add_done_callback(self._freeing.discard)

    async def _end_stopped(self, pid: int) -> None:
        try:
            connection = await self.connect()
            try:
                async with asyncio.timeout(self._timeout_sec):
                    still_sec = self._timeout_sec * _STILL
                    ended = await connection.fetch(_END_STOPPED, pid, still_sec, _NAME)
            finally:
                connection.terminate()
        except FAILURES as error:
            told = self.as_para_error(error)
            logger.warning("a write waits, and who holds it up cannot be ended: %s", told)
            return
        if ended:
            logger.warning("ended the session of a process that was stopped inside a write")

    async def begin_new(self, connection: asyncpg.Connection, appid: str) -> tuple[App, int]:
        """Make an app in the transaction that has begun, unless another server does it first."""
        while True:
            await tables.make_app(connection, appid, shared=False)
            if (found := await lock_app(connection, appid)) is not None:
                return found

    async def store(self, connection: asyncpg.Connection, app: App, plan: Plan) -> None:
        """Store what a sequence of writes comes to, in one statement, and commit."""
        puts = list(plan.puts())
        ids = [key_of(record.id) for record, _ in puts]
        long_ids = [encode(record.id) for record, _ in puts]
        numbers, events, keys = zip(*rows_of(plan.told), strict=True)
        await connection.execute(
            tables.write_into(app),
            app.number,
            ids,
            [None if long == short else long for long, short in zip(long_ids, ids, strict=True)],
            [encode(record.type) for record, _ in puts],
            [record.data for record, _ in puts],
            [number for _, number in puts],
            [key_of(key) for key in plan.deletes()],
            numbers,
            events,
            keys,
            plan.number,
        )
        await connection.execute("COMMIT")

    async def rollback(self, connection: asyncpg.Connection) -> None:
        """Undo everything since ``begin``."""
        await connection.execute("ROLLBACK")

    # ---- who has the database: advisory locks of sessions --------------------------------------

    async def try_share(self, connection: asyncpg.Connection) -> bool:
        """Let a connection keep all who want the database alone out."""
        return bool(await connection.fetchval(_SHARE))

    async def try_enter(self, connection: asyncpg.Connection, group: str) -> bool:
        """Do the same, and share the lock of a group unless another one has its own."""
        return await self.is_of(connection, group) and await self.try_share(connection)

    async def try_take(self, connection: asyncpg.Connection) -> bool:
        """Let a connection keep everybody out."""
        return bool(await connection.fetchval(_TAKE))

    async def try_join(self, connection: asyncpg.Connection) -> bool:
        """Let a connection share the lock for itself, as long as it lasts."""
        return await self.try_share(connection)

    async def is_of(self, connection: asyncpg.Connection, group: str) -> bool:
        """Let a connection share the lock of a group, unless another one has its own."""
        number = _FIRST_GROUP | zlib.crc32(group.encode())
        return bool(await connection.fetchval(_ENTER, number))

    # ---- snapshots -----------------------------------------------------------------------------

    async def begin_snapshot(self, connection: asyncpg.Connection) -> None:
        """Begin a transaction that reads and sees no later commit."""
        await connection.transaction(isolation="repeatable_read", readonly=True).start()

    def question(self, connection: asyncpg.Connection) -> AbstractAsyncContextManager[object]:
        """Return a savepoint: after an error the transaction around it goes on."""
        found: AbstractAsyncContextManager[object] = connection.transaction()
        return found


async def _leave_as_it_is(connection: asyncpg.Connection) -> None:
    """Save the round trip that would reset the session: nothing here changes it."""
