"""Two processes and one Redis: what one has written, the other reads within the bound."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from para_cache_redis.cache import RedisCache
from para_core.contracts.dao import Record

from ..kit import a_cache, a_cluster, is_back, until  # noqa: TID252 - no absolute names

pytestmark = pytest.mark.service("redis")

PROGRAM = Path(__file__).with_name("node_process.py")
STALE_MS = 200


class Other:
    """The node in the other process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def heard(self) -> dict[str, int | None]:
        assert self._process.stdout is not None
        async with asyncio.timeout(60):
            answer: dict[str, int | None] = json.loads(await self._process.stdout.readline())
        return answer

    async def tell(self, do: str, key: str, change: int = 0) -> int | None:
        assert self._process.stdin is not None
        command = json.dumps({"do": do, "key": key, "change": str(change)})
        self._process.stdin.write(command.encode() + b"\n")
        return (await self.heard()).get("change")


@pytest.fixture
def cluster() -> str:
    return a_cluster()


@pytest.fixture
async def here(cluster: str) -> AsyncIterator[RedisCache]:
    async with a_cache(os.environ["PARA_TEST_REDIS_URL"], cluster, stale_ms=STALE_MS) as cache:
        await is_back(cache)
        yield cache


@pytest.fixture
async def other(cluster: str) -> AsyncIterator[Other]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(PROGRAM), os.environ["PARA_TEST_REDIS_URL"], cluster, str(STALE_MS)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    other = Other(process)
    await other.heard()
    yield other
    assert process.stdin is not None
    process.stdin.close()
    await process.wait()


def cat(change: int) -> Record:
    return Record("cat1", "cat", b"{}", change)


async def test_who_asks_redis_reads_the_last_write_of_the_other(
    here: RedisCache, other: Other
) -> None:
    for change in range(1, 40, 2):
        await here.put("app", cat(change))
        assert await other.tell("get", "cat1") in (change - 1 or None, change)
        await asyncio.sleep(STALE_MS / 1000) if change == 1 else None
        await other.tell("put", "cat1", change + 1)
        async with asyncio.timeout(60):
            while (found := await here.get("app", "cat1")) != cat(change + 1):
                assert found == cat(change)


async def test_what_is_near_is_no_older_than_the_bound(here: RedisCache, other: Other) -> None:
    for change in range(1, 10):
        await here.put("app", cat(change))
        await asyncio.sleep(STALE_MS / 1000)  # the bound itself
        assert await other.tell("get", "cat1") == change
        assert await other.tell("peek", "cat1") in (change, None)


async def test_what_nobody_asked_for_is_not_filled(here: RedisCache) -> None:
    await here.fill_all("app", [cat(5)])
    assert await here.get("app", "cat1") is None
    await here.fill_all("app", [cat(5)])
    assert await here.get("app", "cat1") == cat(5)


async def test_a_removal_is_heard(here: RedisCache, other: Other) -> None:
    await here.put("app", cat(5))
    assert await other.tell("get", "cat1") == 5

    async def is_near() -> bool:
        await other.tell("get", "cat1")
        return await other.tell("peek", "cat1") == 5

    await until(is_near)
    await here.remove("app", "cat1", change=6)
    await asyncio.sleep(STALE_MS / 1000)
    assert await other.tell("peek", "cat1") is None
    assert await other.tell("get", "cat1") is None
    await other.tell("put", "cat1", 7)
    await asyncio.sleep(STALE_MS / 1000)
    assert await here.get("app", "cat1") == cat(7)
