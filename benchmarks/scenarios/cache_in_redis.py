"""What does a cached read cost through ``RedisCache``, beside memory and beside the driver alone?

The same keys are read by all sides in the same run: ``MemoryCache``; ``RedisCache`` with what is
near, as most reads are; ``RedisCache`` without, so that each read goes to Redis; and ``GET`` of
the value by redis-py with its pool, as little as one can do. Writes: ``put`` beside ``SET`` with a
time to live. 5,000 records of 500 bytes, seed 7, five interleaved rounds, medians. A ratio of 2
means twice the speed of the driver.

Needs ``PARA_TEST_REDIS_URL``; the keys of the run are removed, or end by themselves.

    python -m benchmarks.scenarios.cache_in_redis
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from redis.asyncio import BlockingConnectionPool, Redis

from benchmarks.drivers import Operation, in_turns
from para_cache_redis.cache import RedisCache
from para_cache_redis.settings import RedisSettings
from para_core.contracts.dao import Record
from para_core.memory.cache import CaffeineSettings, MemoryCache

RECORDS = 5_000
ROUNDS = 5
OPERATIONS = 1_000  # of one side in one round
CALLERS = (1, 8, 32)
DATA = b'{"text":"' + b"x" * 489 + b'"}'
TTL_SEC = 900  # longer than a run on a busy machine


async def main() -> None:
    """Measure, and print it."""
    chance = random.Random(7)
    keys = [str(10**17 + chance.randrange(10**9)) for _ in range(RECORDS)]
    async with sides() as (reads, writes):
        for key in keys:
            for write in writes.values():
                await write(key)
        print(f"{'':24}" + "".join(f"{name:>16}" for name in reads) + "   reads a second, medians")
        await compare("read", reads, keys, chance)
        print(f"{'':24}" + "".join(f"{name:>16}" for name in writes) + "   writes a second")
        await compare("write", writes, keys, chance)


async def compare(
    verb: str, operations: Mapping[str, Operation], keys: list[str], chance: random.Random
) -> None:
    """Measure each side in turns with the driver, and print the ratios to it."""
    driver = operations["driver"]
    for callers in CALLERS:
        figures = {"driver": ""}
        for name, operation in operations.items():
            if name == "driver":
                continue
            rounds = [chance.sample(keys, OPERATIONS) for _ in range(ROUNDS)]
            plain, ours = await in_turns(driver, operation, callers, rounds)
            figures["driver"] = f"{plain:.0f}"
            figures[name] = f"{ours:.0f} ({ours / plain:.2f})"
        title = f"{verb}, {callers} caller{'s' * (callers > 1)}"
        print(f"{title:24}" + "".join(f"{figures[name]:>16}" for name in operations))


@asynccontextmanager
async def sides() -> AsyncIterator[tuple[Mapping[str, Operation], Mapping[str, Operation]]]:
    """Open what is compared; give how each reads and how each writes."""
    url, cluster = os.environ["PARA_TEST_REDIS_URL"], f"bench-{os.getpid()}"
    memory = MemoryCache(CaffeineSettings(), clock=time.monotonic)
    near = RedisCache(RedisSettings(url=url, ttl_sec=TTL_SEC), cluster=cluster)
    far = RedisCache(RedisSettings(url=url, ttl_sec=TTL_SEC, near_entries=0), cluster=cluster)
    pool = BlockingConnectionPool.from_url(url, max_connections=32)
    client = Redis(connection_pool=pool)

    async def get_plain(key: str) -> object:
        found: object = await client.get(f"{cluster}:plain:{key}")
        return found

    async def set_plain(key: str) -> object:
        done: object = await client.set(f"{cluster}:plain:{key}", DATA, ex=TTL_SEC)
        return done

    async with near, far, memory:
        while not near.is_connected:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
        yield (
            {
                "driver": get_plain,
                "Redis, far": lambda key: far.get("bench", key),
                "Redis, near": lambda key: near.get("bench", key),
                "memory": lambda key: memory.get("bench", key),
            },
            {
                "driver": set_plain,
                "Redis, far": lambda key: far.put("bench", a_record(key)),
                "Redis, near": lambda key: near.put("bench", a_record(key)),
                "memory": lambda key: memory.put("bench", a_record(key)),
            },
        )
        await near.clear("bench")
        async for key in client.scan_iter(match=f"{cluster}:*", count=1000):
            await client.delete(key)
    await client.aclose()
    await pool.aclose()


def a_record(key: str) -> Record:
    """Return the record that is cached."""
    return Record(key, "cat", DATA, 1)


if __name__ == "__main__":
    asyncio.run(main())
