"""What does ``SqlDAO`` on MariaDB cost over asyncmy, for reads by id and for durable creates?

As ``dao_reads_and_writes``: the same records, rounds and callers. The driver has as many
connections as the first argument says (6 without one, as the DAO), and each request takes one of
them: a read is one statement, a create one transaction with the row and its entry in the feed.

It needs ``PARA_TEST_MARIADB_URL``; the database is removed afterwards. The server of
``make services`` does not wait for its disk, so creates measure what the processors do.

    python -m benchmarks.scenarios.dao_on_mariadb 32
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import asyncmy

from benchmarks.scenarios.dao_reads_and_writes import DATA, compare
from para_dao_sql.address import MariaDBAddress, parse_address
from para_dao_sql.mariadb import MariaDBDAO
from para_dao_sql.mariadb.connection import connect
from para_dao_sql.settings import SqlSettings

TABLES = (
    "CREATE TABLE o (id VARBINARY(255) PRIMARY KEY, type TEXT, data LONGBLOB, n BIGINT)",
    "CREATE TABLE c (number BIGINT AUTO_INCREMENT PRIMARY KEY, event TEXT, entry TEXT)",
)
PUT = "INSERT INTO o VALUES (%s, 'cat', %s, 1) ON DUPLICATE KEY UPDATE data = VALUES(data)"


async def main() -> None:
    """Measure, and print it."""
    connections = int(sys.argv[1]) if len(sys.argv) > 1 else 6
    print(f"{'':34}{'driver':>10}{'DAO':>10}{'ratio':>8}   operations a second, medians")
    async with a_database(os.environ["PARA_TEST_MARIADB_URL"]) as address:
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
        async with MariaDBDAO(address) as dao:
            await measure(pool, dao)
        pool.close()
        await pool.wait_closed()


async def measure(pool: Any, dao: MariaDBDAO) -> None:  # noqa: ANN401 (the driver's)
    """Compare the DAO with a pool of the driver."""
    async with pool.acquire() as connection, connection.cursor() as cursor:
        for table in TABLES:
            await cursor.execute(table)

    async def read(key: str) -> object:
        async with pool.acquire() as connection, connection.cursor() as cursor:
            await cursor.execute("SELECT * FROM o WHERE id = %s", (key,))
            return await cursor.fetchone()

    async def create(key: str) -> object:
        async with pool.acquire() as connection, connection.cursor() as cursor:
            await connection.begin()
            await cursor.execute(PUT, (key, DATA))
            await cursor.execute(
                "INSERT INTO c (event, entry) VALUES ('create', %s)", (f'["{key}"]',)
            )
            return await connection.commit()

    await compare("MariaDB", read, create, dao)


@asynccontextmanager
async def a_database(url: str) -> AsyncIterator[MariaDBAddress]:
    """Make a database for this run, and remove it."""
    address, name = parse_address(SqlSettings(url=url), ""), f"bench_{os.getpid()}"
    if not isinstance(address, MariaDBAddress):
        sys.exit("PARA_TEST_MARIADB_URL is no address of MariaDB")
    connection = await connect(address, 10)
    await connection.run(f"CREATE DATABASE {name}")
    try:
        yield replace(address, database=name)
    finally:
        await connection.run(f"DROP DATABASE {name}")
        await connection.close()


if __name__ == "__main__":
    asyncio.run(main())
