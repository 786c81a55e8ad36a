"""Writes batches to a server without transactions until it is killed; prints what was answered."""

from __future__ import annotations

import asyncio
import itertools
import sys
from pathlib import Path

from para_core.testing.dao import a_record
from para_dao_mongodb.address import address_of
from para_dao_mongodb.dao import MongoDBDAO
from para_dao_mongodb.settings import MongoSettings

PATIENT_MS = 60_000
BATCH = 4


async def write_on(dao: MongoDBDAO, appid: str, name: str) -> None:
    for step in itertools.count():
        keys = [f"{name}-{step}-{part}" for part in range(BATCH)]
        number = await dao.create_all(appid, [a_record(key) for key in keys])
        print(f"{number} {' '.join(keys)}", flush=True)  # noqa: T201


async def run(uri: str, database: str, folder: Path, name: str) -> None:
    address = address_of(MongoSettings(uri=uri), database)
    async with (
        MongoDBDAO(address, timeout_ms=PATIENT_MS, journal_dir=folder) as dao,
        asyncio.TaskGroup() as group,
    ):
        for writer in range(4):
            group.create_task(write_on(dao, f"app{writer % 2}", f"{name}.{writer}"))


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4]))
