"""What ``para-server doctor`` says about the Redis server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from para_cache_redis.address import Address, parse_address
from para_cache_redis.errors import FAILURES, as_away
from para_cache_redis.session import hang_up, read_facts
from para_cache_redis.settings import RedisSettings
from para_core.checks import Finding, advice, bad, good
from para_core.errors import ConfigError

if TYPE_CHECKING:
    from para_core.config import Config

__all__ = ["examine_redis", "findings"]

_OLDEST = (6, 0)
_MEBIBYTE = 1024 * 1024


async def examine_redis(config: Config) -> Iterable[Finding]:
    """Log in and look at what the server tells of itself; nothing is changed."""
    settings = config.section("para.redis", RedisSettings)
    try:
        address = parse_address(settings)
    except ConfigError as error:
        return [bad(str(error), "put it right")]
    try:
        facts = await _facts(address, settings.timeout_ms / 1000)
    except FAILURES as error:
        why = str(as_away(error, address.place))
        return [bad(why, "start it, or put the keys para.redis.* right; objects are not cached")]
    return list(findings(address.place, facts))


async def _facts(address: Address, timeout_sec: float) -> Mapping[str, str]:
    connection = address.connection(timeout_sec)
    try:
        async with asyncio.timeout(timeout_sec):
            await connection.connect()  # type: ignore[no-untyped-call]
            return {
                **await read_facts(connection, "server"),
                **await read_facts(connection, "memory"),
            }
    finally:
        await hang_up(connection)


def findings(place: str, facts: Mapping[str, str]) -> Iterator[Finding]:
    """Judge what a server tells of itself."""
    version = facts.get("redis_version", "0.0")
    if tuple(int(part) for part in version.split(".")[:2]) < _OLDEST:
        yield bad(f"{place} is Redis {version}", "update it: 6.0 is the oldest that can be used")
    elif facts.get("redis_mode") == "cluster":
        yield bad(f"{place} is part of a cluster", "use one server; clusters are not supported")
    else:
        yield good(f"{place} is Redis {version}")
    most, policy = int(facts.get("maxmemory", "0")), facts.get("maxmemory_policy", "")
    if not most:
        yield advice(
            "the server has no limit of memory, so the system may end it when there is none left",
            "set maxmemory in redis.conf, and maxmemory-policy to allkeys-lru",
        )
    elif policy == "noeviction":
        yield advice(
            "a full server makes no room for newer objects: its maxmemory-policy is noeviction",
            "set it to allkeys-lru in redis.conf",
        )
    else:
        yield good(f"it keeps up to {most // _MEBIBYTE} MB, by {policy}")
