"""How SQL Server is asked."""

from __future__ import annotations

from typing import ClassVar

from para_core.errors import ConfigError, UnavailableError
from para_dao_sql.address import SqlServerAddress
from para_dao_sql.servers.one_table import FORMAT, OneTableDialect
from para_dao_sql.sqlserver.connection import SqlServerConnection, connect
from para_dao_sql.sqlserver.errors import FAILURES, MEANINGS

__all__ = ["SqlServerDialect"]

# A key has 1,024 bytes of an id and a digest of 32, in which zeros count twice; an index that
# keeps no rows takes 1,700 bytes.
_KEY = '"key" VARBINARY(1680) NOT NULL'
_SCHEMA = f"""
CREATE TABLE objects_format (
    one TINYINT NOT NULL PRIMARY KEY,
    format INT NOT NULL,
    floor BIGINT NOT NULL,
    apps BIGINT NOT NULL
);
CREATE TABLE objects_groups (one TINYINT NOT NULL PRIMARY KEY, name VARBINARY(1000) NOT NULL);
CREATE TABLE objects_leftovers (app BIGINT NOT NULL PRIMARY KEY);
CREATE TABLE objects_apps (
    app BIGINT NOT NULL PRIMARY KEY,
    {_KEY},
    appid VARBINARY(MAX) NOT NULL,
    shared BIT NOT NULL,
    counter BIGINT NOT NULL,
    last_change BIGINT NOT NULL
);
CREATE UNIQUE INDEX objects_apps_key ON objects_apps ("key");
CREATE TABLE objects_changes (
    app BIGINT NOT NULL,
    "number" BIGINT NOT NULL,
    event NVARCHAR(255) NOT NULL,
    "keys" VARBINARY(MAX) NOT NULL,
    PRIMARY KEY (app, "number")
);
CREATE TABLE objects_shared (
    app BIGINT NOT NULL,
    {_KEY},
    "id" VARBINARY(MAX) NOT NULL,
    "type" VARBINARY(MAX) NOT NULL,
    "data" VARBINARY(MAX) NOT NULL,
    "change" BIGINT NOT NULL
);
CREATE CLUSTERED INDEX objects_shared_app ON objects_shared (app);
CREATE UNIQUE INDEX objects_shared_key ON objects_shared (app, "key");
INSERT INTO objects_groups (one, name) VALUES (1, 0x);
INSERT INTO objects_format (one, format, floor, apps) VALUES (1, {FORMAT}, 0, 0)
"""  # noqa: S608 (all of it is written here)
_VERSIONS = (
    "SELECT DB_NAME(), snapshot_isolation_state, is_read_committed_snapshot_on "
    "FROM sys.databases WHERE database_id = DB_ID()"
)
_LOCK = (
    "DECLARE @got INT; EXEC @got = sys.sp_getapplock @Resource = N'{name}', @LockMode = N'{mode}', "
    "@LockOwner = N'{owner}', @LockTimeout = {wait_ms}; SELECT @got"
)
_UNLOCK = (
    "DECLARE @left INT; EXEC @left = sys.sp_releaseapplock @Resource = N'{name}', "
    "@LockOwner = N'Session'; SELECT @left"
)
_SERVERS, _GROUP, _START = "para", "para.group", "para.start"  # names of locks
_SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL SNAPSHOT"


class SqlServerDialect(OneTableDialect[SqlServerConnection]):
    """SQL Server 2016 or newer, and Azure SQL, as they are documented."""

    failures = FAILURES
    meanings = MEANINGS
    lock_app = (
        'SELECT app, shared, counter FROM objects_apps WITH (UPDLOCK, ROWLOCK) WHERE "key" = $1'
    )
    lock_format = "SELECT floor, apps FROM objects_format WITH (UPDLOCK)"
    count_tables: ClassVar[str] = (
        "SELECT COUNT(*) FROM INFORMATION_SCHEMA.TABLES "
        "WHERE TABLE_SCHEMA = SCHEMA_NAME() AND TABLE_NAME = N'objects_format'"
    )

    def __init__(self, address: SqlServerAddress, *, timeout_ms: int) -> None:
        super().__init__(address.shown, timeout_ms=timeout_ms)
        self._address = address

    async def connect(self) -> SqlServerConnection:
        """Make a connection beside those of the pool."""
        return await connect(self._address, self._timeout_sec)

    # ---- tables --------------------------------------------------------------------------------

    async def prepare(self, connection: SqlServerConnection) -> None:
        """Make the tables, or check those that are there."""
        await self._check_versions(connection)
        await super().prepare(connection)

    async def check_readable(self, connection: SqlServerConnection) -> None:
        """Check that the tables are there and ours, and that there are snapshots of them."""
        await self._check_versions(connection)
        await super().check_readable(connection)

    async def make_tables(self, connection: SqlServerConnection) -> None:
        """Make the tables, all or none."""
        async with self._transaction(connection):
            patience_ms = round(self._timeout_sec * 1000)
            if not await _lock(connection, _START, "Exclusive", "Transaction", patience_ms):
                raise UnavailableError("another server makes the tables and comes to no end")
            if not await connection.fetchval(self.count_tables):
                await connection.execute(_SCHEMA)

    async def _check_versions(self, connection: SqlServerConnection) -> None:
        ((name, snapshots, statements),) = await connection.fetch(_VERSIONS)
        missing = [
            f"ALTER DATABASE [{name}] SET {option} ON"
            for option, is_on in (
                ("ALLOW_SNAPSHOT_ISOLATION", snapshots == 1),
                ("READ_COMMITTED_SNAPSHOT", statements),
            )
            if not is_on
        ]
        if missing:
            raise ConfigError(
                f"{self.place} keeps no versions of rows, so readers would see halves of writes; "
                f"run there: {'; '.join(missing)}"
            )

    # ---- who has the database: locks of sessions -----------------------------------------------

    async def try_share(self, connection: SqlServerConnection) -> bool:
        """Let a connection keep all who want the database alone out."""
        return await _lock(connection, _SERVERS, "Shared", "Session")

    async def try_enter(self, connection: SqlServerConnection, group: str) -> bool:
        """Do the same, and share the lock of the group, which has to be this one.

        Nobody shares that lock while no server is there: then the group is put right first.
        """
        if await _lock(connection, _GROUP, "Exclusive", "Session"):
            await self.name_group(connection, group)
            await _unlock(connection, _GROUP)
        if not await self.is_of(connection, group):
            return False
        if await self.try_share(connection):
            return True
        await _unlock(connection, _GROUP)
        return False

    async def try_take(self, connection: SqlServerConnection) -> bool:
        """Let a connection keep everybody out."""
        return await _lock(connection, _SERVERS, "Exclusive", "Session")

    async def try_join(self, connection: SqlServerConnection) -> bool:
        """Let a connection share the lock for itself, as long as it lasts."""
        return await self.try_share(connection)

    async def is_of(self, connection: SqlServerConnection, group: str) -> bool:
        """Let a connection share the lock of the group, unless that is another one."""
        if not await _lock(connection, _GROUP, "Shared", "Session"):
            return False
        if await self.is_named(connection, group):
            return True
        await _unlock(connection, _GROUP)
        return False

    # ---- snapshots -----------------------------------------------------------------------------

    async def begin_snapshot(self, connection: SqlServerConnection) -> None:
        """Begin a transaction that sees no later commit; its moment is that of its first read."""
        await connection.execute(_SNAPSHOT)
        await connection.begin()


async def _lock(
    connection: SqlServerConnection, name: str, mode: str, owner: str, wait_ms: int = 0
) -> bool:
    query = _LOCK.format(name=name, mode=mode, owner=owner, wait_ms=wait_ms)
    return int(await connection.fetchval(query)) >= 0


async def _unlock(connection: SqlServerConnection, name: str) -> None:
    await connection.fetchval(_UNLOCK.format(name=name))
