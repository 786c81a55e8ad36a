"""A server of each test, and two nodes: one beside it, one behind a line that can be cut."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from para_cache_redis.cache import RedisCache
from para_core.testing.line import Line

from ..kit import OwnRedis, a_cache, a_cluster, is_back  # noqa: TID252 - no package


@pytest.fixture
def cluster() -> str:
    return a_cluster()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[OwnRedis]:
    async with OwnRedis(tmp_path) as server:
        yield server


@pytest.fixture
async def line(server: OwnRedis) -> AsyncIterator[Line]:
    line = Line("127.0.0.1", server.port)
    await line.restore()
    yield line
    await line.cut()


@pytest.fixture
async def near(server: OwnRedis, cluster: str) -> AsyncIterator[RedisCache]:
    """A node whose connection is never cut."""
    async with a_cache(server.url, cluster) as cache:
        await is_back(cache)
        yield cache


@pytest.fixture
async def far(line: Line, cluster: str) -> AsyncIterator[RedisCache]:
    """A node behind the line."""
    url = f"redis://127.0.0.1:{line.port}/0"
    async with a_cache(url, cluster, timeout_ms=1000) as cache:
        await is_back(cache)
        yield cache
