"""What does the DAO cost over its driver, for reads by id and for durable creates?

Both sides do the same work in the same run: a read of one row by primary key; a create is the row
of the object and its entry in the change feed, in one durable transaction. 20,000 records of 500
bytes, seed 7, five interleaved rounds, medians. A ratio of 2 means twice the speed of the driver.

PostgreSQL is measured when ``PARA_TEST_POSTGRESQL_URL`` names a server, in a schema that is removed
afterwards; the driver has a pool of six connections and one statement or transaction per request.

    python -m benchmarks.scenarios.dao_reads_and_writes
"""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from para_core.contracts.dao import DAO, Record
from para_dao_sql.address import PostgresAddress, parse_address
from para_dao_sql.postgresql import PostgresDAO
from para_dao_sql.settings import SqlSettings
from para_dao_sql.sqlite import SqliteDAO

RECORDS = 20_000
ROUNDS = 5
OPERATIONS = 3_000  # of one side in one round
CALLERS = (1, 8, 32, 64)
DATA = b"x" * 500

Operation = Callable[[str], Awaitable[object]]


async def main() -> None:
    """Measure what is there, and print it."""
    print(f"{'':34}{'driver':>10}{'DAO':>10}{'ratio':>8}   operations a second, medians")
    with tempfile.TemporaryDirectory() as folder:
        await measure_sqlite(Path(folder))
    if url := os.environ.get("PARA_TEST_POSTGRESQL_URL"):
        await measure_postgresql(url)


async def measure_sqlite(folder: Path) -> None:
    """Compare with the ``sqlite3`` module, on the event loop, one transaction per create."""
    plain = sqlite3.connect(folder / "plain.db", isolation_level=None)
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
        await compare("SQLite", read, create, dao)
    plain.close()


async def measure_postgresql(url: str) -> None:
    """Compare with a pool of asyncpg."""
    async with a_schema(url) as address:
        pool = await asyncpg.create_pool(
            address.url, user=address.user, password=address.password, min_size=6, max_size=6
        )
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

        async with PostgresDAO(address) as dao:
            await compare("PostgreSQL", read, create, dao)
        await pool.close()


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


async def compare(product: str, read: Operation, create: Operation, dao: DAO) -> None:
    """Load both sides, then measure them in turns."""
    chance = random.Random(7)
    keys = [str(10**17 + chance.randrange(10**9)) for _ in range(RECORDS)]
    await spread(create, keys, 64)
    await dao.create_all("bench", [Record(key, "cat", DATA) for key in keys])
    sides: Mapping[str, tuple[Operation, Operation]] = {
        "read": (read, lambda key: dao.read("bench", key)),
        "create": (create, lambda key: dao.create("bench", Record(key, "cat", DATA))),
    }
    for verb, (driver, ours) in sides.items():
        for callers in CALLERS:
            rounds = [chance.sample(keys, OPERATIONS) for _ in range(ROUNDS)]
            if verb == "create":  # new ids, so that every one is an insert
                rounds = [
                    [f"{callers}-{step}-{key}" for key in wanted]
                    for step, wanted in enumerate(rounds)
                ]
            speeds = await in_turns(driver, ours, callers, rounds)
            title = f"{product}, {verb}, {callers} caller{'s' * (callers > 1)}"
            print(f"{title:34}{speeds[0]:10.0f}{speeds[1]:10.0f}{speeds[1] / speeds[0]:8.2f}")


async def in_turns(
    driver: Operation, ours: Operation, callers: int, rounds: list[list[str]]
) -> list[float]:
    """Return the medians of operations a second, of driver and DAO."""
    found: list[list[float]] = [[], []]
    for step, wanted in enumerate(rounds):
        for side in (0, 1) if step % 2 else (1, 0):
            began = time.perf_counter()
            await spread((driver, ours)[side], wanted, callers)
            found[side].append(len(wanted) / (time.perf_counter() - began))
    return [statistics.median(speeds) for speeds in found]


async def spread(operation: Operation, keys: list[str], callers: int) -> None:
    """Run an operation for all keys, by so many callers."""

    async def call(start: int) -> None:
        for key in keys[start::callers]:
            await operation(key)

    async with asyncio.TaskGroup() as group:
        for start in range(callers):
            group.create_task(call(start))


if __name__ == "__main__":
    asyncio.run(main())
