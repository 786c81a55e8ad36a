"""What does the DAO cost over its driver, for reads by id and for durable creates?

Both sides do the same work in the same run: a read of one row by primary key; a create is the row
of the object and its entry in the change feed, in one durable transaction. 20,000 records of 500
bytes (``--objects``), seed 7, with 1 to 64 callers, five interleaved rounds of 3,000 operations,
medians. A ratio of 2 means twice the speed of the driver. For PostgreSQL with 32 callers the bars
are 0.5 of the driver for reads and 0.4 for creates.

PostgreSQL is measured when ``PARA_TEST_POSTGRESQL_URL`` names a server, in a schema that is removed
afterwards; the driver has a pool of six connections (``--connections``) and one statement or
transaction per request.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path

import asyncpg

from benchmarks.drivers import DATA, Driver, Work, compare
from benchmarks.peers import ParaServer
from benchmarks.scenario import Experiment, Extent, Finding
from para_dao_sql.address import PostgresAddress, parse_address
from para_dao_sql.postgresql import PostgresDAO
from para_dao_sql.settings import SqlSettings
from para_dao_sql.sqlite import SqliteDAO

__all__ = ["EXPERIMENT"]

RECORDS = 20_000
CONNECTIONS = 6  # of the driver of PostgreSQL, as many as the DAO has


def run(_: ParaServer, extent: Extent) -> Sequence[Finding]:
    """Measure what is there."""
    return asyncio.run(measure(extent))


async def measure(extent: Extent) -> list[Finding]:
    """Compare in SQLite, and in PostgreSQL when there is one."""
    records = extent.objects or RECORDS
    with tempfile.TemporaryDirectory() as folder:
        found = await measure_sqlite(Path(folder), Work(records, barred=()))
    if url := os.environ.get("PARA_TEST_POSTGRESQL_URL"):
        found += await measure_postgresql(url, Work(records), extent.connections or CONNECTIONS)
    return found


async def measure_sqlite(folder: Path, work: Work) -> list[Finding]:
    """Compare with the ``sqlite3`` module, on the event loop, one transaction per create."""
    with closing(sqlite3.connect(folder / "plain.db", isolation_level=None)) as plain:
        plain.execute("PRAGMA journal_mode = WAL")
        plain.execute("PRAGMA synchronous = FULL")
        plain.execute("CREATE TABLE o (id TEXT PRIMARY KEY, type TEXT, data BLOB, change INTEGER)")
        plain.execute("CREATE TABLE c (number INTEGER PRIMARY KEY, event TEXT, keys TEXT)")

        async def read(key: str) -> object:
            return plain.execute("SELECT * FROM o WHERE id = ?", (key,)).fetchone()

        async def create(key: str) -> object:
            plain.execute("BEGIN IMMEDIATE")
            plain.execute("INSERT OR REPLACE INTO o VALUES (?, 'cat', ?, 1)", (key, DATA))
            plain.execute("INSERT INTO c (event, keys) VALUES ('create', ?)", (f'["{key}"]',))
            return plain.execute("COMMIT")

        async with SqliteDAO(folder / "para.db") as dao:
            return await compare(Driver("SQLite", read, create), dao, work)


async def measure_postgresql(url: str, work: Work, connections: int) -> list[Finding]:
    """Compare with a pool of asyncpg."""
    async with (
        a_schema(url) as address,
        asyncpg.create_pool(
            address.url,
            user=address.user,
            password=address.password,
            min_size=connections,
            max_size=connections,
        ) as pool,
    ):
        await pool.execute("CREATE TABLE o (id text PRIMARY KEY, type text, data bytea, n bigint)")
        await pool.execute("CREATE TABLE c (number bigserial PRIMARY KEY, event text, keys text)")

        async def read(key: str) -> object:
            return await pool.fetchrow("SELECT * FROM o WHERE id = $1", key)

        async def create(key: str) -> object:
            async with pool.acquire() as connection, connection.transaction():
                await connection.execute(
                    "INSERT INTO o VALUES ($1, 'cat', $2, 1) "
                    "ON CONFLICT (id) DO UPDATE SET data = excluded.data",
                    key,
                    DATA,
                )
                return await connection.execute(
                    "INSERT INTO c (event, keys) VALUES ('create', $1)", f'["{key}"]'
                )

        dao = PostgresDAO(address)
        dao.share("benchmark")  # as every server does, so that others are kept out
        async with dao:
            return await compare(Driver("PostgreSQL", read, create), dao, work)


@asynccontextmanager
async def a_schema(url: str) -> AsyncIterator[PostgresAddress]:
    """Make a schema for this run, and remove it."""
    name, joint = f"bench_{os.getpid()}", "&" if "?" in url else "?"
    connection = await asyncpg.connect(url)
    await connection.execute(f"CREATE SCHEMA {name}")
    try:
        address = parse_address(SqlSettings(url=f"{url}{joint}currentSchema={name}"), "")
        if isinstance(address, PostgresAddress):
            yield address
    finally:
        await connection.execute(f"DROP SCHEMA {name} CASCADE")
        await connection.close()


EXPERIMENT = Experiment(run, is_started=False, is_long=True)
