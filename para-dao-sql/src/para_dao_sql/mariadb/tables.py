"""The tables: those of all apps, those of one app, and the SQL that reaches records.

Whatever makes or removes a table commits by itself. So a table that is being made, or that nobody
needs any more, stands in ``objects_leftovers`` until that is done; what a process leaves behind
when it dies is removed by the next one that opens the database.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import lru_cache

from asyncmy.errors import MySQLError

from para_core.errors import UnavailableError
from para_core.plan import Plan
from para_dao_sql.entries import rows_of
from para_dao_sql.mariadb.connection import MariaDBConnection
from para_dao_sql.mariadb.errors import is_locked
from para_dao_sql.mariadb.literals import literal, render
from para_dao_sql.servers.dialect import Dialect
from para_dao_sql.servers.rows import encode, key_of
from para_dao_sql.servers.tables import (
    COLUMNS,
    App,
    Statements,
    check_format,
    questions_with_witness,
)

__all__ = [
    "FORMAT",
    "KIND",
    "RECORDS",
    "clear_leftovers",
    "found_format",
    "prepare",
    "statements_of",
    "what_stores",
]

logger = logging.getLogger(__name__)

FORMAT = 1
"""Version of the tables, kept in ``objects_format``; a database with a higher one is refused."""

_START = "CONCAT('para.', SHA1(DATABASE()))"  # only one server at a time makes the tables
KIND = "ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
_KEY = "VARBINARY(1056)"  # 1,024 bytes of an id and a digest
_RECORD = f'"key" {_KEY} NOT NULL, id LONGBLOB, type LONGBLOB NOT NULL, data LONGBLOB NOT NULL, '
RECORDS = f'{_RECORD}"change" BIGINT NOT NULL, PRIMARY KEY ("key")'
"""The columns of an app's own table."""

_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS objects_format (
    one TINYINT PRIMARY KEY,
    format INT NOT NULL,
    floor BIGINT NOT NULL,
    apps BIGINT NOT NULL
) {KIND};
CREATE TABLE IF NOT EXISTS objects_holders (one TINYINT PRIMARY KEY) {KIND};
CREATE TABLE IF NOT EXISTS objects_leftovers (
    name VARCHAR(64) PRIMARY KEY,
    doomed BOOLEAN NOT NULL
) {KIND};
CREATE TABLE IF NOT EXISTS objects_apps (
    app BIGINT PRIMARY KEY,
    "key" {_KEY} NOT NULL UNIQUE,
    appid LONGBLOB NOT NULL,
    shared BOOLEAN NOT NULL,
    counter BIGINT NOT NULL,
    last_change BIGINT NOT NULL
) {KIND};
CREATE TABLE IF NOT EXISTS objects_changes (
    app BIGINT NOT NULL,
    number BIGINT NOT NULL,
    event VARCHAR(255) NOT NULL,
    "keys" LONGBLOB NOT NULL,
    PRIMARY KEY (app, number)
) {KIND};
CREATE TABLE IF NOT EXISTS objects_shared (
    app BIGINT NOT NULL,
    {_RECORD}"change" BIGINT NOT NULL,
    PRIMARY KEY (app, "key")
) {KIND};
INSERT IGNORE INTO objects_holders VALUES (1);
INSERT IGNORE INTO objects_format VALUES (1, {FORMAT}, 0, 0)
"""  # noqa: S608 (all of it is written here)
_GROUPS = f"""
CREATE TABLE IF NOT EXISTS objects_groups (
    one TINYINT PRIMARY KEY, name VARBINARY(255) NOT NULL
) {KIND};
INSERT IGNORE INTO objects_groups VALUES (1, '')
"""  # noqa: S608 (all of it is written here)
_ROWS = 2**18  # bytes of one INSERT, unless one row has more


# ---- those of all apps -------------------------------------------------------------------------


async def prepare(connection: MariaDBConnection) -> None:
    """Make the tables, or check those that are there; one server at a time.

    Raises:
        ConfigError: A newer version made them.
        UnavailableError: Another server is making them and does not come to an end.
    """
    if not await connection.fetchval(f"SELECT GET_LOCK({_START}, $1)", connection.patience_sec):
        raise UnavailableError("another server makes the tables and does not come to an end")
    try:
        if not await _are_there(connection, "objects_format"):
            await connection.run(_SCHEMA)
        if not await _are_there(connection, "objects_groups"):
            await connection.run(_GROUPS)
        await check_format(connection, FORMAT)
        await connection.execute("UPDATE objects_leftovers SET doomed = 1")
        await clear_leftovers(connection)
    finally:
        if not connection.is_closed():
            await connection.run(f"SELECT RELEASE_LOCK({_START})")


async def found_format(connection: MariaDBConnection) -> int | None:
    """Return the format of the tables, ``None`` when there are none; nothing is made.

    Raises:
        ConfigError: A newer version made them.
    """
    if not await _are_there(connection, "objects_format"):
        return None
    return await check_format(connection, FORMAT)


async def _are_there(connection: MariaDBConnection, last: str) -> bool:
    """Tell whether tables were made up to the row of the last one."""
    query = (
        "SELECT COUNT(*) FROM information_schema.tables "
        "WHERE table_schema = DATABASE() AND table_name = $1"
    )
    if not await connection.fetchval(query, last):
        return False
    return bool(await connection.fetchval(f"SELECT COUNT(*) FROM {last}"))  # noqa: S608 (a table of ours)


async def clear_leftovers(connection: MariaDBConnection) -> None:
    """Remove the tables that nobody needs; one that a snapshot still reads is left for later."""
    rows = await connection.fetch("SELECT name FROM objects_leftovers WHERE doomed")
    if not rows:
        return
    await connection.run("SET SESSION lock_wait_timeout = 1")
    for (name,) in rows:
        try:
            await connection.run(
                f"DROP TABLE IF EXISTS {name}; "  # noqa: S608 (it comes from table_name)
                "DELETE FROM objects_leftovers WHERE name = $1",
                name,
            )
        except MySQLError as error:
            if not is_locked(error):
                raise
            logger.info("a table that is not needed any more is still read", extra={"table": name})
    await connection.run("SET SESSION lock_wait_timeout = $1", connection.patience_sec)


# ---- those of one app --------------------------------------------------------------------------


def statements_of(app: App) -> Statements:
    """Return the SQL that reads the records of an app."""
    return questions_with_witness(app.table, shared=app.shared, first=Dialect.first)


def what_stores(app: App, plan: Plan, *, is_mariadb: bool) -> Iterator[bytes]:
    """Return the statements that store what a sequence of writes comes to, and commit."""
    begin, end = _insert(app.table, shared=app.shared, is_mariadb=is_mariadb)
    first = literal(app.number) + b"," if app.shared else b""
    rows: list[bytes] = []
    size = 0
    for record, number in plan.puts():
        row = _row(first, (key_of(record.id), encode(record.id)), encode(record.type))
        rows.append(row + literal(record.data) + b"," + literal(number) + b")")
        size += len(rows[-1])
        if size > _ROWS:
            yield begin + b",".join(rows) + end
            rows, size = [], 0
    if rows:
        yield begin + b",".join(rows) + end
    if gone := [key_of(key) for key in plan.deletes()]:
        of_app = "app = $1 AND " if app.shared else ""
        yield render(f'DELETE FROM {app.table} WHERE {of_app}"key" IN ($2)', (app.number, gone))  # noqa: S608
    for number, event, keys in rows_of(plan.told):
        yield render("INSERT INTO objects_changes VALUES $1", ((app.number, number, event, keys),))
    yield render(
        "UPDATE objects_apps SET counter = $1, last_change = $1 WHERE app = $2; COMMIT",
        (plan.number, app.number),
    )


def _row(first: bytes, key_and_id: tuple[bytes, bytes], kind: bytes) -> bytes:
    key, long_id = key_and_id
    values = (key, None if long_id == key else long_id, kind)
    return b"(" + first + b",".join(map(literal, values)) + b","


@lru_cache(maxsize=1024)
def _insert(table: str, *, shared: bool, is_mariadb: bool) -> tuple[bytes, bytes]:
    """Return what stands before and after the rows.

    MySQL has a name for the new row and will give up ``VALUES()``; MariaDB knows nothing else.
    """
    columns = ", ".join((*(["app"] if shared else []), *(f'"{name}"' for name in COLUMNS)))
    new = "{0} = VALUES({0})" if is_mariadb else "{0} = new.{0}"
    fresh = ", ".join(new.format(name) for name in ("type", "data", '"change"'))
    named = "" if is_mariadb else " AS new"
    return (
        f"INSERT INTO {table} ({columns}) VALUES ".encode(),  # noqa: S608
        f"{named} ON DUPLICATE KEY UPDATE {fresh}".encode(),
    )
