"""What the tests of the cache share: caches of one cluster, and servers that can be killed."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
import redis.asyncio

from para_cache_redis.cache import RedisCache
from para_cache_redis.settings import RedisSettings
from para_core.testing.clock import FakeClock
from para_core.testing.own_server import OwnServer

_LONG_SEC = 60.0  # a slow machine needs no more


class RunningClock(FakeClock):
    """Goes by itself, and can be moved on."""

    def __call__(self) -> float:
        return self.now + time.monotonic()


def a_cluster() -> str:
    """Return a name that no other test has."""
    return f"test-{uuid.uuid4().hex}"


def a_cache(url: str, cluster: str, **settings: int | str) -> RedisCache:
    """Return the cache of one node, with no more patience than a busy machine needs."""
    given = {"url": url, "timeout_ms": 5000, "retry_ms": 20, "stale_ms": 60_000, **settings}
    return RedisCache(msgspec.convert(given, RedisSettings), cluster=cluster)


async def until(is_true: Callable[[], bool | Awaitable[bool]]) -> None:
    """Wait for something that comes about by itself."""
    async with asyncio.timeout(_LONG_SEC):
        while True:
            found = is_true()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.005)


async def is_back(cache: RedisCache) -> None:
    """Wait until Redis is used, and what is near is trusted."""
    await until(lambda: cache.is_connected)


async def is_away(cache: RedisCache) -> None:
    """Wait until Redis is given up."""
    await until(lambda: not cache.is_connected)


async def is_gone(cache: RedisCache, key: str) -> None:
    """Wait until a record is found no more."""

    async def look() -> bool:
        return await cache.get("app", key) is None

    await until(look)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was logged and somebody should look at."""
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


@asynccontextmanager
async def a_client(url: str) -> AsyncIterator[redis.asyncio.Redis]:
    """Give a plain client."""
    client = redis.asyncio.Redis.from_url(url)
    try:
        yield client
    finally:
        await client.aclose()


async def let_time_pass(url: str, cluster: str, clock: FakeClock, seconds: float) -> None:
    """Make every key of a cluster older, and move the clock of its node."""
    async with a_client(url) as client:
        async for key in client.scan_iter(match=f"{cluster}:*", count=1000):
            left = await client.pttl(key)
            if left > seconds * 1000:
                await client.pexpire(key, left - int(seconds * 1000))
            elif left > 0:
                await client.delete(key)
    await clock.advance(seconds)


class OwnRedis(OwnServer):
    """A Redis server of one test; nothing is saved unless options say so."""

    def __init__(self, folder: Path, *options: str) -> None:
        """Take ``options`` as on the command line of the server."""
        super().__init__(folder)
        self._options = options or ("--save", "", "--appendonly", "no")

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> Sequence[str]:
        return [
            *("redis-server", "--bind", "127.0.0.1", "--port", str(self.port)),
            *("--dir", str(self.folder), *self._options),
        ]

    async def is_ready(self) -> bool:
        """Tell whether it has read what it saved, whoever it lets in."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        try:
            writer.write(b"PING\r\n")
            answer = await reader.read(100)
            return answer[:1] in (b"+", b"-") and b"LOADING" not in answer
        finally:
            writer.close()
            await writer.wait_closed()

    async def tell(self, *words: str) -> object:
        """Send a command to it."""
        async with a_client(self.url) as client:
            answer: object = await client.execute_command(*words)  # type: ignore[no-untyped-call]
            return answer
