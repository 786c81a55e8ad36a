"""Writes to the file of its argument until it is killed; prints each write that was answered."""

from __future__ import annotations

import asyncio
import itertools
import sys
from pathlib import Path

from para_core.contracts.dao import Record
from para_dao_sql.sqlite import SqliteDAO

BATCH = 5


async def create_one_by_one(dao: SqliteDAO, name: str) -> None:
    for step in itertools.count():
        key = f"{name}-{step}"
        number = await dao.create("app", Record(key, "one", b"x" * 300))
        print(f"{number} {key}", flush=True)  # noqa: T201


async def create_batches(dao: SqliteDAO, name: str) -> None:
    for step in itertools.count():
        keys = [f"{name}-{step}-{part}" for part in range(BATCH)]
        number = await dao.create_all(f"app-{name}", [Record(k, "part", b"y" * 300) for k in keys])
        print(f"{number} {' '.join(keys)}", flush=True)  # noqa: T201


async def write(file: Path, name: str) -> None:
    async with SqliteDAO(file) as dao, asyncio.TaskGroup() as group:
        for writer in range(6):
            group.create_task(create_one_by_one(dao, f"{name}.{writer}"))
            group.create_task(create_batches(dao, f"{name}.{writer}"))


if __name__ == "__main__":
    asyncio.run(write(Path(sys.argv[1]), sys.argv[2]))
