"""Offers ``RedisCache``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from para_core.checks import Check
from para_core.hookspecs import CacheFactory, hookimpl

if TYPE_CHECKING:
    from msgspec import Struct

    from para_core.config import Config
    from para_core.contracts.cache import Cache

para_plugin_api = 1

NAME = "RedisCache"


@hookimpl
def para_register_caches() -> Mapping[str, CacheFactory]:
    """Offer ``RedisCache``."""
    return {NAME: open_redis_cache}


@hookimpl
def para_register_sections() -> Mapping[str, type[Struct]]:
    """Describe the settings."""
    from para_cache_redis.settings import RedisSettings

    return {"para.redis": RedisSettings}


@hookimpl
def para_register_checks(config: Config) -> Sequence[Check]:
    """Look at the Redis server, where the configuration selects this cache."""
    if config.text("para.cache").strip().lower() != NAME.lower():
        return []
    from para_cache_redis.doctor import examine_redis

    return [Check("Redis", examine_redis)]


def open_redis_cache(config: Config) -> Cache:
    """Make the cache that ``para.redis`` describes, for the nodes of ``para.cluster_name``."""
    from para_cache_redis.cache import RedisCache
    from para_cache_redis.settings import RedisSettings

    settings = config.section("para.redis", RedisSettings)
    return RedisCache(settings, cluster=config.text("para.cluster_name"))
