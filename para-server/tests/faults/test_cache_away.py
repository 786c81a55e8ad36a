"""The cache in Redis goes away under a running server, and comes back."""

from __future__ import annotations

import asyncio
import logging
import os
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from para_core.config import load_config
from para_core.memory.dao import MemoryDAO
from para_core.memory.search import MemorySearch
from para_core.testing.line import Line
from para_server.config import ApiSettings
from para_server.para import Backends, Para

from ..e2e.client import ROOT_SECRET, Client  # noqa: TID252 - tests have no package

pytestmark = pytest.mark.service("redis")


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    parts = urlsplit(os.environ["PARA_TEST_REDIS_URL"])
    line = Line(parts.hostname or "", parts.port or 6379)
    await line.restore()
    yield line
    await line.cut()


@pytest.fixture
async def para(line: Line) -> AsyncIterator[Para]:
    from para_cache_redis.plugin import open_redis_cache

    keys = {
        "para.redis.url": f"redis://127.0.0.1:{line.port}/0",
        "para.redis.timeout_ms": "1000",
        "para.redis.retry_ms": "20",
        "para.cluster_name": f"faults-{uuid.uuid4().hex}",
    }
    cache = open_redis_cache(load_config(overrides=keys, environ={}, folder=Path()))
    settings = ApiSettings(root_secret_override=ROOT_SECRET, cache_enabled=True)
    async with Para(settings, Backends(MemoryDAO(), MemorySearch(), cache)) as para:
        yield para


@pytest.fixture
def root(para: Para) -> Client:
    return Client(para, "app:para", ROOT_SECRET)


async def fault_of_cache(para: Para) -> str:
    """Return what the health says of the cache now."""
    para.services.health._looked_at = float("-inf")
    report = await para.services.health.report()
    return next(part.fault for part in report.parts if part.name == "Cache")


async def until(is_true: Callable[[str], bool], para: Para) -> None:
    async with asyncio.timeout(60):
        while not is_true(await fault_of_cache(para)):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("way", ["cut", "blocked", "answers held"])
async def test_requests_go_on_and_nothing_old_is_read(
    para: Para, root: Client, line: Line, caplog: pytest.LogCaptureFixture, way: str
) -> None:
    caplog.set_level(logging.INFO)
    for key in ("cat1", "cat2", "cat3"):
        await root.post("/v1/cats", {"id": key, "name": "old"})
        assert (await root.get(f"/v1/cats/{key}")).json["name"] == "old"
    if way == "cut":
        await line.cut()
    elif way == "blocked":
        line.block()
    else:
        line.hold_answers()
    assert (await root.get("/v1/cats/cat1")).json["name"] == "old"
    assert (await root.patch("/v1/cats/cat1", {"name": "new"})).status == 200
    assert (await root.get("/v1/cats/cat1")).json["name"] == "new"
    assert (await root.delete("/v1/cats/cat2")).status == 200
    assert (await root.get("/v1/cats/cat2")).status == 404
    assert "" not in [await fault_of_cache(para) for _ in range(3)]
    assert (await root.get("/v1/_health")).status == 200
    await line.cut()
    await line.restore()
    await until(lambda fault: fault == "", para)
    assert (await root.get("/v1/cats/cat1")).json["name"] == "new"
    assert (await root.get("/v1/cats/cat2")).status == 404
    assert (await root.get("/v1/cats/cat3")).json["name"] == "old"
    said = [record.getMessage().partition(":")[0] for record in caplog.records]
    away = [one for one in said if one.startswith("the cache is ")]
    assert away == in_turns(
        "the cache is away, objects come from the database", "the cache is back", away
    )
    parts = [one for one in said if one.startswith("a part of the server ")]
    assert parts == in_turns(
        "a part of the server fails", "a part of the server works again", parts
    )


def in_turns(first: str, second: str, lines: list[str]) -> list[str]:
    """Return as many lines as there are, and two at least, when each is said once at a time."""
    return [first, second] * max(len(lines) // 2, 1)
