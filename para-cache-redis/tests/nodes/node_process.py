"""A node in a process of its own: takes one command a line, answers with one line of JSON."""

from __future__ import annotations

import asyncio
import json
import sys

from para_cache_redis.cache import RedisCache
from para_cache_redis.settings import RedisSettings
from para_core.contracts.dao import Record


async def main() -> None:
    url, cluster, stale_ms = sys.argv[1:]
    settings = RedisSettings(url=url, stale_ms=int(stale_ms), timeout_ms=5000)
    async with RedisCache(settings, cluster=cluster) as cache:
        say({"ready": True})
        while line := await asyncio.to_thread(sys.stdin.readline):
            say(await obey(cache, json.loads(line)))


async def obey(cache: RedisCache, words: dict[str, str]) -> object:
    key = words["key"]
    if words["do"] == "peek":
        return shown(cache.peek("app", key))
    if words["do"] == "get":
        return shown(await cache.get("app", key))
    if words["do"] == "put":
        await cache.put("app", Record(key, "cat", b"{}", int(words["change"])))
    else:
        await cache.remove("app", key, change=int(words["change"]))
    return {"done": True}


def shown(record: Record | None) -> object:
    return {"change": None if record is None else record.change}


def say(answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


asyncio.run(main())
