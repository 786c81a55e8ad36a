"""100,000 objects move from SQLite to PostgreSQL and back while others write."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from para_core.config import load_config
from para_core.contracts.dao import DAO, Put, Record, Write
from para_server.copies.checksum import checksum_of
from para_server.copies.marker import Mark, Marker
from para_server.copies.move import Moved, move

from ..e2e.backends import a_schema  # noqa: TID252 - tests have no package
from ..unit.copies.samples import some_records  # noqa: TID252

pytestmark = pytest.mark.service("postgresql")

OBJECTS = int(os.environ.get("PARA_TEST_MOVED_OBJECTS", "100000"))
APPS = ("one", "two", "three")


def database(url: str) -> DAO:
    from para_dao_sql.plugin import open_sql_dao

    values = {"para.sql.url": url, "para.sql.timeout_ms": "60000"}  # the machine may be busy
    return open_sql_dao(load_config(overrides=values, environ={}))


async def fill(dao: DAO) -> None:
    for seed, appid in enumerate(APPS):
        await dao.create_table(appid, shared=appid == "three")
        records = some_records(OBJECTS // len(APPS), seed=seed, size=300)
        for start in range(0, len(records), 2000):
            await dao.create_all(appid, records[start : start + 2000])


@asynccontextmanager
async def written_to(dao: DAO) -> AsyncIterator[list[int]]:
    """Change, add and delete objects meanwhile, and forget the feed as the index does."""
    chance, done, writes = random.Random(3), asyncio.Event(), [0]  # noqa: S311 - a seed

    async def write() -> None:
        while not done.is_set():
            appid = chance.choice(APPS)
            keys = [f"id{chance.randrange(OBJECTS // 3):05}" for _ in range(3)]
            record = Record(keys[0], "film", b'{"n":%d}' % writes[0])
            new = Record(f"new{writes[0]}", "film", b"{}")
            gone = [key for key in {keys[1]} if key != keys[0]]
            number = await dao.write(appid, Write("x", [Put(record), Put(new)], gone))
            if writes[0] % 50 == 0:
                await dao.forget_changes(appid, number)
            writes[0] += 1
            await asyncio.sleep(0.002)

    writer = asyncio.create_task(write())
    try:
        yield writes
    finally:
        done.set()
        await writer


async def brought(source: str, target: DAO) -> Moved:
    beside = database(source)
    await beside.open_beside()
    try:
        return await move(beside, target, Mark("move", source), replaces=False)
    finally:
        await beside.close()


async def sums(dao: DAO, appids: Sequence[str] = APPS) -> list[str]:
    async with dao.snapshot() as seen:
        return [f"{(found := await checksum_of(seen, a)).count} {found}" for a in appids]


async def moved_while_in_use(source: str, target: str) -> list[str]:
    """Move in several runs, the last one when nobody writes any more; return the checksums."""
    async with database(source) as used, database(target) as new:
        async with written_to(used) as writes:
            first = await brought(source, new)
            second = await brought(source, new)
            assert writes[0] > 10, "it was in use"
        last = await brought(source, new)
        assert first.put >= OBJECTS - 3
        for again in (second, last):
            assert again.put + again.deleted <= 3 * writes[0], "only what changed"
        assert first.repaired == second.repaired == last.repaired == []
        assert await sums(used) == await sums(new)
        await Marker(new).remove()  # as the start of a server does
        return await sums(new)


async def test_there_and_back_again(folder: Path) -> None:
    old, back = f"sqlite:{folder}/old.db", f"sqlite:{folder}/back.db"
    async with a_schema() as postgresql:
        async with database(old) as dao:
            await fill(dao)
        there = await moved_while_in_use(old, postgresql)
        async with database(postgresql) as dao:
            assert await sums(dao) == there
            assert sum(int(one.split()[0]) for one in there) > OBJECTS * 0.9
        await moved_while_in_use(postgresql, back)
