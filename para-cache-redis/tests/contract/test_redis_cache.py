"""The cache in Redis passes the suite of the contract, with a near cache and without."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest

from para_cache_redis.cache import RedisCache
from para_cache_redis.settings import RedisSettings
from para_core.testing.cache import CacheSuite, PassTime

from ..kit import RunningClock, a_cluster, is_back, let_time_pass  # noqa: TID252 - no package


@pytest.fixture
def url() -> str:
    return os.environ["PARA_TEST_REDIS_URL"]


@pytest.fixture
def cluster() -> str:
    return a_cluster()


@pytest.fixture
def clock() -> RunningClock:
    return RunningClock()


@pytest.fixture(params=[0, 1000], ids=["without near", "with near"])
async def cache(
    request: pytest.FixtureRequest, url: str, cluster: str, clock: RunningClock
) -> AsyncIterator[RedisCache]:
    settings = RedisSettings(url=url, near_entries=request.param, timeout_ms=10_000)
    async with RedisCache(settings, cluster=cluster, clock=clock) as cache:
        await is_back(cache)
        yield cache


@pytest.mark.service("redis")
class TestRedisCache(CacheSuite):
    @pytest.fixture
    def pass_time(self, url: str, cluster: str, clock: RunningClock) -> PassTime:
        async def pass_time(seconds: float) -> None:
            await let_time_pass(url, cluster, clock, seconds)

        return pass_time
