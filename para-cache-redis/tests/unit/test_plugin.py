"""How the plugin is found, and what doctor says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from para_cache_redis import plugin
from para_cache_redis.cache import RedisCache
from para_cache_redis.doctor import examine_redis, findings
from para_core.checks import Verdict
from para_core.config import Config, load_config

MOST = {"maxmemory": "104857600", "maxmemory_policy": "allkeys-lru"}
NEW = {"redis_version": "7.0.15", "redis_mode": "standalone"}


def a_config(**values: str) -> Config:
    overrides = {f"para.{name}": value for name, value in values.items()}
    return load_config(overrides=overrides, environ={}, folder=Path("/"))


def test_the_cache_is_offered_by_its_name() -> None:
    factory = plugin.para_register_caches()["RedisCache"]
    cache = factory(a_config(cluster_name="shop"))
    assert isinstance(cache, RedisCache)
    assert cache.is_shared


def test_the_driver_is_loaded_with_the_cache_only() -> None:
    code = (
        "import sys, para_cache_redis.plugin as p; p.para_register_caches(); "
        "p.para_register_sections(); sys.exit('redis' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603


@pytest.mark.parametrize(
    ("selected", "subjects"), [("RedisCache", ["Redis"]), ("rediscache", ["Redis"]), ("", [])]
)
def test_doctor_looks_where_the_cache_is_selected(selected: str, subjects: list[str]) -> None:
    checks = plugin.para_register_checks(a_config(cache=selected))
    assert [check.subject for check in checks] == subjects


@pytest.mark.parametrize(
    ("facts", "verdicts"),
    [
        ({**NEW, **MOST}, [Verdict.GOOD, Verdict.GOOD]),
        ({**NEW, "maxmemory": "0"}, [Verdict.GOOD, Verdict.ADVICE]),
        ({**NEW, **MOST, "maxmemory_policy": "noeviction"}, [Verdict.GOOD, Verdict.ADVICE]),
        ({**MOST, "redis_version": "5.0.14"}, [Verdict.BAD, Verdict.GOOD]),
        ({**NEW, **MOST, "redis_mode": "cluster"}, [Verdict.BAD, Verdict.GOOD]),
    ],
    ids=["fine", "no limit", "no room made", "too old", "cluster"],
)
def test_doctor_judges_the_server(facts: dict[str, str], verdicts: list[Verdict]) -> None:
    assert [finding.verdict for finding in findings("redis://h", facts)] == verdicts


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "nonsense"], ids=["away", "nonsense"])
async def test_doctor_says_that_a_server_cannot_be_used(url: str) -> None:
    config = load_config(overrides={"para.redis.url": url}, environ={}, folder=Path("/"))
    (finding,) = await examine_redis(config)
    assert finding.verdict is Verdict.BAD
