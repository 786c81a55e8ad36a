"""The tables: those of all apps, those of one app, and the SQL that reaches records."""

from __future__ import annotations

from functools import lru_cache

import asyncpg

from para_core.tables import table_name
from para_dao_sql.postgresql.upgrade import FORMAT, upgrade
from para_dao_sql.servers.rows import encode, key_of
from para_dao_sql.servers.tables import App, Statements, check_format

__all__ = [
    "FORMAT",
    "found_format",
    "make_app",
    "prepare",
    "remove_app",
    "statements_of",
    "write_into",
]

_START_LOCK = 0x50617261  # "Para": only one server at a time makes the tables
_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects_format (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    format integer NOT NULL,
    floor bigint NOT NULL
);
CREATE TABLE IF NOT EXISTS objects_apps (
    app bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key bytea NOT NULL UNIQUE,
    appid bytea NOT NULL,
    shared boolean NOT NULL,
    counter bigint NOT NULL,
    last_change bigint NOT NULL
) WITH (fillfactor = 50);
CREATE TABLE IF NOT EXISTS objects_changes (
    app bigint NOT NULL,
    number bigint NOT NULL,
    event text NOT NULL,
    keys bytea NOT NULL,
    PRIMARY KEY (app, number)
);
CREATE TABLE IF NOT EXISTS objects_shared (
    app bigint NOT NULL,
    key bytea NOT NULL,
    id bytea,
    type bytea NOT NULL,
    data bytea NOT NULL,
    change bigint NOT NULL,
    PRIMARY KEY (app, key)
);
"""
_COLUMNS = "key, id, type, data, change"
_FRESH = "type = excluded.type, data = excluded.data, change = excluded.change"


async def prepare(connection: asyncpg.Connection) -> None:
    """Make the tables, or bring those that are there up to date; one server at a time.

    Raises:
        ConfigError: A newer version made them.
    """
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _START_LOCK)
        if await connection.fetchval("SELECT to_regclass('objects_format')") is None:
            await connection.execute(_SCHEMA)
            await connection.execute(
                "INSERT INTO objects_format (format, floor) VALUES ($1, 0)", FORMAT
            )
        if (found := await check_format(connection, FORMAT)) < FORMAT:
            await upgrade(connection, found)


async def found_format(connection: asyncpg.Connection) -> int | None:
    """Return the format of the tables, ``None`` when there are none; nothing is made.

    Raises:
        ConfigError: A newer version made them.
    """
    if await connection.fetchval("SELECT to_regclass('objects_format')") is None:
        return None
    return await check_format(connection, FORMAT)


async def make_app(connection: asyncpg.Connection, appid: str, *, shared: bool) -> bool:
    """Give an app its number and its table, in the transaction of the caller.

    Returns:
        False when another server has done it meanwhile.
    """
    number = await connection.fetchval(
        "INSERT INTO objects_apps (key, appid, shared, counter, last_change) "
        "SELECT $1, $2, $3, floor, 0 FROM objects_format "
        "ON CONFLICT (key) DO NOTHING RETURNING app",
        key_of(appid),
        encode(appid),
        shared,
    )
    if number is not None and not shared:
        await connection.execute(
            f"CREATE TABLE {table_name(number, appid)} (key bytea PRIMARY KEY, id bytea, "
            "type bytea NOT NULL, data bytea NOT NULL, change bigint NOT NULL)"
        )
    return number is not None


async def remove_app(connection: asyncpg.Connection, app: App) -> None:
    """Remove an app and all that it has, in the transaction of the caller."""
    if app.shared:
        await connection.execute("DELETE FROM objects_shared WHERE app = $1", app.number)
    else:
        await connection.execute(f"DROP TABLE {app.table}")
    await connection.execute("DELETE FROM objects_changes WHERE app = $1", app.number)
    await connection.execute(
        "WITH gone AS (DELETE FROM objects_apps WHERE app = $1 RETURNING counter) "
        "UPDATE objects_format SET floor = greatest(floor, (SELECT counter FROM gone))",
        app.number,
    )


def statements_of(app: App) -> Statements:
    """Return the SQL that reaches the records of an app."""
    return _statements(app.table, shared=app.shared)


@lru_cache(maxsize=1024)
def _statements(table: str, *, shared: bool) -> Statements:
    # Names of tables come from table_name, everything else is a value.
    return Statements(
        read=_select(table, "key = ANY($2::bytea[])", shared=shared),
        page=_select(table, "key > $2", "ORDER BY key LIMIT $3", shared=shared),
        page_of_kind=_select(
            table, "key > $2 AND type = $4", "ORDER BY key LIMIT $3", shared=shared
        ),
        changed=_select(table, "key > $2 AND change > $4", "ORDER BY key LIMIT $3", shared=shared),
        changes_of=f"SELECT key, change FROM {table} "  # noqa: S608
        f"WHERE {_of_app(shared=shared)} AND key = ANY($2::bytea[])",
        has_witness=shared,
    )


def _select(table: str, where: str, order: str = "", *, shared: bool) -> str:
    found = f"SELECT {_COLUMNS} FROM {table} WHERE {_of_app(shared=shared)} AND {where} {order}"  # noqa: S608
    if not shared:
        return found  # it fails when the table has gone
    return f"SELECT o.* FROM objects_apps LEFT JOIN LATERAL ({found}) o ON true WHERE app = $1"  # noqa: S608


def _of_app(*, shared: bool) -> str:
    return "app = $1" if shared else "$1::bigint IS NOT NULL"


def write_into(app: App) -> str:
    """Return the SQL that stores what writes of an app come to."""
    return _write(app.table, shared=app.shared)


@lru_cache(maxsize=1024)
def _write(table: str, *, shared: bool) -> str:
    columns, first, key = _COLUMNS, "", "key"
    if shared:
        columns, first, key = f"app, {_COLUMNS}", "$1::bigint, ", "app, key"
    return (
        f"WITH put AS (INSERT INTO {table} ({columns}) SELECT {first}* FROM "  # noqa: S608
        "unnest($2::bytea[], $3::bytea[], $4::bytea[], $5::bytea[], $6::bigint[]) "
        f"ON CONFLICT ({key}) DO UPDATE SET {_FRESH}), "
        f"gone AS (DELETE FROM {table} WHERE {_of_app(shared=shared)} AND "
        "key = ANY($7::bytea[])), "
        "told AS (INSERT INTO objects_changes (app, number, event, keys) SELECT $1, * FROM "
        "unnest($8::bigint[], $9::text[], $10::bytea[])) "
        "UPDATE objects_apps SET counter = $11, last_change = $11 WHERE app = $1"
    )
