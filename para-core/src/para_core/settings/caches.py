"""Keys of the caches: the one in the process (Caffeine Cache) and Hazelcast Cache."""

from __future__ import annotations

from para_core.settings.derived import environment
from para_core.settings.key import NO_PLUGIN, category, flag, number, text

__all__ = ["CAFFEINE", "HAZELCAST"]

CAFFEINE = category("Caffeine Cache", "para-core", [
    number("caffeine.evict_after_minutes", 10, "Minutes after which an object leaves the cache."),
    number("caffeine.cache_size", 10000, "Most objects in the cache, all apps together."),
])  # fmt: skip

HAZELCAST = category("Hazelcast Cache", f"{NO_PLUGIN}HazelcastCache", [
    flag("hc.async_enabled", "false", "Whether nobody waits for an object to arrive in the cache.",
         documented="true"),
    number("hc.ttl_seconds", 3600, "Seconds after which an object leaves the cache."),
    flag("hc.ec2_discovery_enabled", "true", "Whether the nodes find each other through EC2."),
    text("hc.aws_access_key", environment("AWS_ACCESS_KEY_ID"), "Access key for EC2.",
         documented=""),
    text("hc.aws_secret_key", environment("AWS_SECRET_ACCESS_KEY"), "Secret key for EC2.",
         documented=""),
    text("hc.aws_region", environment("AWS_REGION"), "Region whose machines are asked.",
         documented=""),
    text("hc.discovery_group", "hazelcast", "Security group that the machines belong to."),
    number("hc.max_size", 5000, "Most objects in the cache."),
    text("hc.eviction_policy", "LRU", "Which objects leave a full cache: `LRU` or `LFU`."),
])  # fmt: skip
