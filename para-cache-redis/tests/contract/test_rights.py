"""A user of Redis with the rights that the README lists, and no others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from para_cache_redis.cache import RedisCache
from para_cache_redis.doctor import examine_redis
from para_core.checks import Verdict
from para_core.config import Config
from para_core.testing.cache import a_record

from ..kit import OwnRedis, a_cache, is_back, until  # noqa: TID252 - no package

pytestmark = pytest.mark.service("redis")

README = Path(__file__).parents[2] / "README.md"
PASSWORD = "of this test"  # noqa: S105


def rights() -> list[str]:
    """Return the commands that the README says are used."""
    text = README.read_text("utf-8")
    section = text[text.index("## Product versions") : text.index("## Limits")]
    commands = re.findall(r"`([A-Z][A-Z ]+)`", section)
    assert len(commands) > 10
    return [f"+{command.lower().replace(' ', '|')}" for command in commands]


async def is_empty(cache: RedisCache) -> bool:
    return await cache.get_all("app", ["cat1", "cat2"]) == {}


@pytest.mark.parametrize("number", [0, 1], ids=["the first database", "another database"])
async def test_the_commands_of_the_readme_are_enough(tmp_path: Path, number: int) -> None:
    async with OwnRedis(tmp_path) as server:
        places = ["~shop:*", "&shop:*"]
        await server.tell("ACL", "SETUSER", "para", "on", f">{PASSWORD}", *places, *rights())
        url = f"redis://127.0.0.1:{server.port}/{number}"
        login = {"user": "para", "password": PASSWORD}
        one, two = (a_cache(url, "shop", **login) for _ in range(2))
        async with one, two:
            for cache in (one, two):
                await is_back(cache)
            await one.put("app", a_record("cat1", 5))
            assert await two.get("app", "cat1") == a_record("cat1", 5)
            assert await two.get("app", "cat2") is None
            await two.fill_all("app", [a_record("cat2", 4)])
            await one.put_value("app", "name", {"a": 1})
            assert await two.value("app", "name") == {"a": 1}
            await one.put_value("app", "name", None)
            assert [await one.increment("app", "tries", ttl_sec=60) for _ in range(2)] == [1, 2]
            await one.remove("app", "cat1", change=6)
            await one.clear("app")
            await one.settle()
            await until(lambda: is_empty(two))  # it is told by a message
            assert one.is_connected
            assert two.is_connected
        keys = {f"para.redis.{name}": value for name, value in {"url": url, **login}.items()}
        found = list(await examine_redis(Config(keys)))
        assert [one.verdict for one in found] == [Verdict.GOOD, Verdict.ADVICE]
        entries = await server.tell("ACL", "LOG")
        assert entries == [], "nothing was refused"
