"""The cache in Redis passes the suite of the contract, with a near cache and without."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterable

import pytest

from para_cache_redis.cache import RedisCache
from para_cache_redis.settings import RedisSettings
from para_core.contracts.dao import Record
from para_core.testing.cache import CacheSuite, PassTime

from ..kit import RunningClock, a_cluster, is_back, let_time_pass  # noqa: TID252 - no package

_SLOWER = 40  # a second of the suite is that many of Redis: no machine is so slow


class SlowCache(RedisCache):
    """Gives everything more time to live than it was asked for."""

    async def put_all(
        self, appid: str, records: Iterable[Record], *, ttl_sec: float | None = None
    ) -> None:
        await super().put_all(appid, records, ttl_sec=_longer(ttl_sec))

    async def put_value(
        self, appid: str, name: str, value: object, *, ttl_sec: float | None = None
    ) -> None:
        await super().put_value(appid, name, value, ttl_sec=_longer(ttl_sec))

    async def increment(self, appid: str, name: str, *, by: int = 1, ttl_sec: float) -> int:
        return await super().increment(appid, name, by=by, ttl_sec=ttl_sec * _SLOWER)


def _longer(ttl_sec: float | None) -> float | None:
    return None if ttl_sec is None else ttl_sec * _SLOWER


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
    async with SlowCache(settings, cluster=cluster, clock=clock) as cache:
        await is_back(cache)
        yield cache


@pytest.mark.service("redis")
class TestRedisCache(CacheSuite):
    @pytest.fixture
    def pass_time(self, url: str, cluster: str, clock: RunningClock) -> PassTime:
        async def pass_time(seconds: float) -> None:
            await let_time_pass(url, cluster, clock, seconds * _SLOWER)

        return pass_time
