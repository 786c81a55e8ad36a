"""What does ``SqlDAO`` on MariaDB cost over asyncmy, for reads by id and for durable creates?

As ``dao_reads_and_writes``: the same records, rounds, callers and bars. The driver has six
connections (``--connections``), as the DAO, and each request takes one of them: a read is one
statement, a create one transaction with the row and its entry in the feed.

It needs ``PARA_TEST_MARIADB_URL``; the database is removed afterwards. The server of
``make services`` does not wait for its disk, so creates measure what the processors do.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import asyncmy

from benchmarks.drivers import DATA, Driver, Work, address_from, compare
from benchmarks.peers import ParaServer
from benchmarks.processes import StartError
from benchmarks.scenario import Experiment, Extent, Finding
from para_dao_sql.address import MariaDBAddress, parse_address
from para_dao_sql.mariadb import MariaDBDAO
from para_dao_sql.mariadb.connection import connect
from para_dao_sql.settings import SqlSettings

__all__ = ["EXPERIMENT"]

RECORDS = 20_000
CONNECTIONS = 6  # of the driver, as many as the DAO has
TABLES = (
    "CREATE TABLE o (id VARBINARY(255) PRIMARY KEY, type TEXT, data LONGBLOB, n BIGINT)",
    "CREATE TABLE c (number BIGINT AUTO_INCREMENT PRIMARY KEY, event TEXT, entry TEXT)",
)
PUT = "INSERT INTO o VALUES (%s, 'cat', %s, 1) ON DUPLICATE KEY UPDATE data = VALUES(data)"


def run(_: ParaServer, extent: Extent) -> Sequence[Finding]:
    """Measure in a database of its own."""
    return asyncio.run(measure(extent, address_from("PARA_TEST_MARIADB_URL")))


async def measure(extent: Extent, url: str) -> list[Finding]:
    """Compare the DAO with a pool of the driver."""
    async with a_database(url) as address, a_pool(address, extent) as pool:
        async with pool.acquire() as connection, connection.cursor() as cursor:
            for table in TABLES:
                await cursor.execute(table)
        dao = MariaDBDAO(address)
        dao.share("benchmark")  # as every server does, so that others are kept out
        async with dao:
            work = Work(extent.objects or RECORDS)
            return await compare(driver_of(pool), dao, work)


def driver_of(pool: asyncmy.Pool) -> Driver:
    """Return how a pool of the driver does it."""

    async def read(key: str) -> object:
        async with pool.acquire() as connection, connection.cursor() as cursor:
            await cursor.execute("SELECT * FROM o WHERE id = %s", (key,))
            return await cursor.fetchone()

    async def create(key: str) -> None:
        async with pool.acquire() as connection, connection.cursor() as cursor:
            await connection.begin()
            await cursor.execute(PUT, (key, DATA))
            await cursor.execute(
                "INSERT INTO c (event, entry) VALUES ('create', %s)", (f'["{key}"]',)
            )
            await connection.commit()

    return Driver("MariaDB", read, create)


@asynccontextmanager
async def a_pool(address: MariaDBAddress, extent: Extent) -> AsyncIterator[asyncmy.Pool]:
    """Open the connections of the driver."""
    connections = extent.connections or CONNECTIONS
    pool = await asyncmy.create_pool(
        minsize=connections,
        maxsize=connections,
        host=address.host,
        port=address.port,
        user=address.user,
        password=address.password,
        database=address.database,
        autocommit=True,
    )
    try:
        yield pool
    finally:
        pool.close()
        await pool.wait_closed()


@asynccontextmanager
async def a_database(url: str) -> AsyncIterator[MariaDBAddress]:
    """Make a database for this run, and remove it."""
    address, name = parse_address(SqlSettings(url=url), ""), f"bench_{os.getpid()}"
    if not isinstance(address, MariaDBAddress):
        raise StartError("PARA_TEST_MARIADB_URL is no address of MariaDB")
    connection = await connect(address, 10)
    await connection.run(f"CREATE DATABASE {name}")
    try:
        yield replace(address, database=name)
    finally:
        await connection.run(f"DROP DATABASE {name}")
        await connection.close()


EXPERIMENT = Experiment(run, is_started=False, is_long=True)
