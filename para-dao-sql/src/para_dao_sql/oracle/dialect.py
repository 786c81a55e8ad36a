"""How Oracle is asked."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import ClassVar

import oracledb

from para_core.errors import UnavailableError
from para_dao_sql.address import OracleAddress
from para_dao_sql.oracle.connection import OracleConnection, connect
from para_dao_sql.oracle.errors import EXISTS, FAILURES, MEANINGS, UNIQUE, codes_of
from para_dao_sql.servers.hold import in_use_by_another
from para_dao_sql.servers.one_table import FORMAT, OneTableDialect

__all__ = ["OracleDialect"]

# Names in quotes stand as they are; all others are in capitals for Oracle.
_KEY = '"key" RAW(1100) NOT NULL'  # 1,024 bytes of an id, a digest, and a mark
_TABLES = (
    "CREATE TABLE objects_holders (one NUMBER(1) NOT NULL PRIMARY KEY)",
    "CREATE TABLE objects_groups (one NUMBER(1) NOT NULL PRIMARY KEY, name RAW(1000) NOT NULL)",
    "CREATE TABLE objects_leftovers (app NUMBER(19) NOT NULL PRIMARY KEY)",
    f"""CREATE TABLE objects_apps (
    app NUMBER(19) NOT NULL PRIMARY KEY,
    {_KEY} UNIQUE,
    appid BLOB NOT NULL,
    shared NUMBER(1) NOT NULL,
    counter NUMBER(19) NOT NULL,
    last_change NUMBER(19) NOT NULL
)""",
    """CREATE TABLE objects_changes (
    app NUMBER(19) NOT NULL,
    "number" NUMBER(19) NOT NULL,
    event VARCHAR2(255 CHAR) NOT NULL,
    "keys" BLOB NOT NULL,
    PRIMARY KEY (app, "number")
)""",
    f"""CREATE TABLE objects_shared (
    app NUMBER(19) NOT NULL,
    {_KEY},
    "id" BLOB NOT NULL,
    "type" RAW(2000) NOT NULL,
    "data" BLOB NOT NULL,
    "change" NUMBER(19) NOT NULL,
    PRIMARY KEY (app, "key")
)""",
    """CREATE TABLE objects_format (
    one NUMBER(1) NOT NULL PRIMARY KEY,
    format NUMBER(9) NOT NULL,
    floor NUMBER(19) NOT NULL,
    apps NUMBER(19) NOT NULL
)""",
)
_OF_FORMAT = ("one", "format", "floor", "apps")
_HOLD = "LOCK TABLE {table} IN {mode} MODE NOWAIT"
_SERVERS, _GROUP = "objects_holders", "objects_groups"
_SHARED, _ALONE = "ROW SHARE", "EXCLUSIVE"


class OracleDialect(OneTableDialect[OracleConnection]):
    """Oracle Database 12.2 or newer, as it is documented."""

    failures = FAILURES
    meanings = MEANINGS
    nothing: ClassVar[str] = "SELECT 1 FROM dual"
    count_tables: ClassVar[str] = (
        "SELECT COUNT(*) FROM user_tables WHERE table_name = 'OBJECTS_FORMAT'"
    )

    def __init__(self, address: OracleAddress, *, timeout_ms: int) -> None:
        super().__init__(address.shown, timeout_ms=timeout_ms)
        self._address = address
        wait = f"FOR UPDATE WAIT {max(1, timeout_ms // 2000)}"
        self.lock_app = f'SELECT app, shared, counter FROM objects_apps WHERE "key" = $1 {wait}'  # noqa: S608
        self.lock_format = f"SELECT floor, apps FROM objects_format {wait}"  # noqa: S608

    async def connect(self) -> OracleConnection:
        """Make a connection beside those of the pool."""
        return await connect(self._address, self._timeout_sec)

    # ---- tables --------------------------------------------------------------------------------

    async def make_tables(self, connection: OracleConnection) -> None:
        """Make what is not there: making a table is in no transaction, so others may have begun.

        The row of ``objects_format`` comes last, so whoever sees it sees all tables.
        """
        for statement in _TABLES:
            await _unless(EXISTS, connection.execute(statement))
        await _unless(UNIQUE, connection.insert(_GROUP, ("one", "name"), [(1, b"")]))
        await _unless(UNIQUE, connection.insert("objects_format", _OF_FORMAT, [(1, FORMAT, 0, 0)]))
        await connection.commit()

    # ---- who has the database: a table that transactions lock ----------------------------------

    async def _begin(self, connection: OracleConnection) -> None:
        """Begin a transaction, unless another process has the database alone."""
        await connection.begin()
        if connection.is_guarded and not await self._hold(connection, _SERVERS, _SHARED):
            raise UnavailableError(in_use_by_another(self.place))

    async def try_share(self, connection: OracleConnection) -> bool:
        """Let a connection keep all who want the database alone out, by a transaction of its own.

        It changes nothing, so it keeps the server from nothing else.
        """
        await connection.begin()
        return await self._hold(connection, _SERVERS, _SHARED)

    async def try_enter(self, connection: OracleConnection, group: str) -> bool:
        """Do the same, and share the lock of the group, which has to be this one.

        Nobody shares that lock while no server is there: then the group is put right first.
        """
        await connection.begin()
        if await self._hold(connection, _GROUP, _ALONE):
            await self.name_group(connection, group)
            await connection.commit()
        if not await self.try_share(connection):
            return False
        if not await self._hold(connection, _GROUP, _SHARED):
            return False
        if await self.is_named(connection, group):
            return True
        await connection.rollback()
        return False

    async def try_take(self, connection: OracleConnection) -> bool:
        """Let a connection keep everybody out, in the same way."""
        await connection.begin()
        return await self._hold(connection, _SERVERS, _ALONE)

    async def try_join(self, connection: OracleConnection) -> bool:
        """Let each transaction of a connection ask first whether it may write."""
        connection.is_guarded = True
        await connection.begin()
        is_free = await self._hold(connection, _SERVERS, _SHARED)
        await connection.rollback()
        return is_free

    async def is_of(self, connection: OracleConnection, group: str) -> bool:
        """Look whether the group is this one; whoever shares its lock keeps it so."""
        await connection.begin()
        is_free = await self._hold(connection, _GROUP, _SHARED)
        found = is_free and await self.is_named(connection, group)
        await connection.rollback()
        return found

    async def _hold(self, connection: OracleConnection, table: str, mode: str) -> bool:
        try:
            await connection.execute(_HOLD.format(table=table, mode=mode))
        except oracledb.DatabaseError as error:
            if not self.meanings.is_locked(error):
                raise
            await connection.rollback()
            return False
        return True

    # ---- snapshots -----------------------------------------------------------------------------

    async def begin_snapshot(self, connection: OracleConnection) -> None:
        """Begin a transaction that reads and sees no later commit."""
        await connection.begin()
        await connection.execute("SET TRANSACTION READ ONLY")


async def _unless(code: str, attempt: Awaitable[object]) -> None:
    """Do something that another server may have done."""
    try:
        await attempt
    except oracledb.DatabaseError as error:
        if code not in codes_of(error):
            raise
