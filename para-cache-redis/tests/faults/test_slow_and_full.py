"""Redis answers late, loses an answer, is full, or refuses."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from para_cache_redis.cache import RedisCache
from para_cache_redis.doctor import examine_redis
from para_cache_redis.settings import RedisSettings
from para_core.checks import Verdict
from para_core.config import load_config
from para_core.contracts.dao import Record
from para_core.errors import ConfigError
from para_core.testing.cache import a_record
from para_core.testing.line import Line
from para_server.services.health import Health
from para_server.services.health_parts import cache_part

from ..kit import (  # noqa: TID252 - tests have no absolute names
    OwnRedis,
    RunningClock,
    a_cache,
    is_away,
    is_back,
    is_gone,
    until,
    warnings,
)

pytestmark = pytest.mark.service("redis")

MEBIBYTE = b'{"text":"' + b"x" * 1024 * 1024 + b'"}'


def waits(work: Coroutine[Any, Any, object]) -> bool:
    """Tell whether something has to wait; what is done at once is done."""
    try:
        work.send(None)
    except StopIteration:
        return False
    work.close()
    return True


# ---- slow --------------------------------------------------------------------------------------


async def test_a_server_that_hangs_is_waited_for_once_and_then_not_at_all(
    far: RedisCache, line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    line.block()
    found = await asyncio.gather(*(far.get("app", f"cat{n}") for n in range(50)))
    assert set(found) == {None}
    assert not far.is_connected
    for work in (
        far.get("app", "cat1"),
        far.get_all("app", ["cat1", "cat2"]),
        far.put("app", a_record("cat1", 5)),
        far.fill_all("app", [a_record("cat1", 5)]),
        far.remove("app", "cat1", change=6),
        far.put_value("app", "name", 1),
        far.value("app", "name"),
        far.increment("app", "calls", ttl_sec=60),
        far.clear("app"),
    ):
        assert not waits(work)
    assert len(warnings(caplog)) == 1
    assert "para.redis.timeout_ms" in warnings(caplog)[0]


async def test_a_server_that_hung_is_used_again(
    near: RedisCache, far: RedisCache, line: Line
) -> None:
    await near.put("app", a_record("cat1", 5))
    line.block()
    await far.remove("app", "cat1", change=6)
    assert not far.is_connected
    line.free()
    await is_back(far)
    await is_gone(near, "cat1")


async def test_who_hears_nothing_stops_trusting_what_is_near(
    server: OwnRedis, line: Line, cluster: str
) -> None:
    clock = RunningClock()
    url = f"redis://127.0.0.1:{line.port}/0"
    settings = RedisSettings(url=url, timeout_ms=60_000, stale_ms=60_000)
    async with RedisCache(settings, cluster=cluster, clock=clock) as cache:
        await is_back(cache)
        await cache.put("app", a_record("cat1", 5))
        line.block()
        await clock.advance(50)
        assert cache.peek("app", "cat1") == a_record("cat1", 5)
        assert cache.peek_all("app", ["cat1"]) == [a_record("cat1", 5)]
        await clock.advance(50)
        assert cache.peek("app", "cat1") is None
        assert cache.peek_all("app", ["cat1"]) is None
        await line.cut()


async def test_without_its_news_a_node_drops_what_is_near(
    near: RedisCache, server: OwnRedis
) -> None:
    await near.put("app", a_record("cat1", 5))
    assert near.peek("app", "cat1") is not None
    await server.tell("CLIENT", "KILL", "TYPE", "pubsub")
    await until(lambda: near.peek("app", "cat1") is None)
    await is_back(near)
    assert near.peek("app", "cat1") is None
    assert await near.get("app", "cat1") == a_record("cat1", 5)


# ---- lost between request and answer -----------------------------------------------------------


async def test_a_write_whose_answer_was_lost_leaves_nothing_old(
    near: RedisCache, far: RedisCache, line: Line
) -> None:
    await near.put("app", a_record("cat1", 5, "old"))
    assert await far.get("app", "cat1") == a_record("cat1", 5, "old")
    line.hold_answers()
    await far.put("app", a_record("cat1", 6, "new"))
    assert far.peek("app", "cat1") is None
    assert await near.get("app", "cat1") == a_record("cat1", 6, "new")  # it had arrived
    await line.cut()
    await line.restore()
    await is_back(far)
    assert await far.get("app", "cat1") in (None, a_record("cat1", 6, "new"))
    await near.fill_all("app", [a_record("cat1", 5, "old")])
    assert await near.get("app", "cat1") in (None, a_record("cat1", 6, "new"))


async def test_who_gives_up_waiting_does_not_lose_the_eviction(
    near: RedisCache, far: RedisCache, line: Line
) -> None:
    await near.put("app", a_record("cat1", 5))
    line.block()
    leaving = asyncio.create_task(far.remove("app", "cat1", change=6))
    await asyncio.sleep(0)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    await line.cut()
    await line.restore()
    await is_back(far)
    await is_gone(near, "cat1")


async def test_a_counter_whose_answer_was_lost_counts_on(
    near: RedisCache, far: RedisCache, line: Line
) -> None:
    assert await far.increment("app", "tries", ttl_sec=600) == 1
    line.hold_answers()
    assert await far.increment("app", "tries", ttl_sec=600) == 2
    await line.cut()
    await line.restore()
    await is_back(far)
    assert await far.increment("app", "tries", ttl_sec=600) == 3


# ---- full --------------------------------------------------------------------------------------


async def is_full(server: OwnRedis) -> None:
    """Leave no room for more."""
    await server.tell("CONFIG", "SET", "maxmemory-policy", "noeviction")
    await server.tell("CONFIG", "SET", "maxmemory", "1mb")


async def test_a_full_server_keeps_nothing_old(
    near: RedisCache, server: OwnRedis, caplog: pytest.LogCaptureFixture
) -> None:
    await near.put_all("app", [a_record("cat1", 5), a_record("cat2", 5), a_record("cat3", 5)])
    await is_full(server)
    await near.put("app", Record("cat1", "cat", MEBIBYTE, 6))
    await near.remove("app", "cat2", change=6)
    assert await near.get("app", "cat1") is None
    assert await near.get("app", "cat2") is None
    assert await near.get("app", "cat3") == a_record("cat3", 5)
    await near.fill_all("app", [a_record("cat1", 5), a_record("cat2", 5)])
    assert await near.get_all("app", ["cat1", "cat2"]) == {}
    await near.put_value("app", "name", 1)
    assert await near.value("app", "name") is None
    assert [await near.increment("app", "calls", ttl_sec=600) for _ in range(3)] == [1, 2, 3]
    assert near.is_connected
    assert not warnings(caplog)


async def test_health_tells_of_a_full_server_and_the_log_once(
    near: RedisCache, server: OwnRedis, caplog: pytest.LogCaptureFixture
) -> None:
    health = Health([cache_part(near, "para")], fresh_sec=0)

    async def fault() -> str:
        report = await health.report()
        assert report.is_healthy  # requests go on
        return report.parts[0].fault

    caplog.set_level(logging.INFO, "para_server")
    assert await fault() == ""
    await is_full(server)
    faults = [await fault() for _ in range(3)]
    assert faults == ["what was put into it is not there; it is away or full"] * 3
    await server.tell("CONFIG", "SET", "maxmemory", "0")
    assert await fault() == ""
    lines = [(line.getMessage(), vars(line)["part"]) for line in caplog.records[1:]]
    assert lines == [
        ("a part of the server fails", "Cache"),
        ("a part of the server works again", "Cache"),
    ]


async def test_a_full_server_takes_more_when_it_has_room_again(
    near: RedisCache, server: OwnRedis
) -> None:
    await is_full(server)
    await near.put("app", a_record("cat1", 5))
    assert await near.get("app", "cat1") is None
    await server.tell("CONFIG", "SET", "maxmemory", "0")
    await near.put("app", a_record("cat1", 6))
    assert await near.get("app", "cat1") == a_record("cat1", 6)


async def test_a_server_that_makes_room_by_itself_may_forget_anything(
    near: RedisCache, server: OwnRedis
) -> None:
    await server.tell("CONFIG", "SET", "maxmemory-policy", "allkeys-random")
    await server.tell("CONFIG", "SET", "maxmemory", "3mb")
    text = "x" * 10_000
    for change in range(1, 400):
        await near.put("app", a_record(f"cat{change % 50}", change, f"{change} {text}"))
        key = f"cat{change % 50 - 1}"
        found = await near.get("app", key)
        assert found is None or found == a_record(key, change - 1, f"{change - 1} {text}")


# ---- refusing ----------------------------------------------------------------------------------


async def test_a_wrong_password_stops_the_start(tmp_path: Path, cluster: str) -> None:
    async with OwnRedis(tmp_path, "--requirepass", "right") as server:
        for password in ("", "wrong"):
            cache = a_cache(server.url, cluster, password=password)
            with pytest.raises(ConfigError, match=r"check para\.redis\.user and para\.redis\.pass"):
                await cache.open()
        async with a_cache(server.url, cluster, password="right") as cache:  # noqa: S106
            await cache.put("app", a_record("cat1", 5))
            assert await cache.get("app", "cat1") == a_record("cat1", 5)


async def test_doctor_sees_the_server(server: OwnRedis) -> None:
    config = load_config(overrides={"para.redis.url": server.url}, environ={}, folder=Path("/"))
    found = list(await examine_redis(config))
    assert [one.verdict for one in found] == [Verdict.GOOD, Verdict.ADVICE]
    assert server.url in found[0].said


async def test_a_password_that_changes_is_said_once(
    near: RedisCache, server: OwnRedis, caplog: pytest.LogCaptureFixture
) -> None:
    await server.tell("CONFIG", "SET", "requirepass", "changed")
    async with asyncio.timeout(60):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"AUTH changed\r\nCLIENT KILL SKIPME yes TYPE normal\r\n")
        await reader.readuntil(b":")
        writer.close()
        await writer.wait_closed()
    await is_away(near)
    await until(lambda: len(warnings(caplog)) > 0)
    assert await near.get("app", "cat1") is None
    assert len(warnings(caplog)) == 1
    assert "changed" not in caplog.text


async def test_a_user_without_the_right_to_scripts_stops_the_start(
    server: OwnRedis, cluster: str
) -> None:
    await server.tell("ACL", "SETUSER", "ann", "on", ">secret", "~*", "&*", "+@read", "+ping")
    cache = a_cache(server.url, cluster, user="ann", password="secret")  # noqa: S106
    with pytest.raises(ConfigError, match=r"para\.redis\.user"):
        await cache.open()


async def test_a_server_that_may_only_be_read_is_away(
    near: RedisCache, server: OwnRedis, caplog: pytest.LogCaptureFixture
) -> None:
    await near.put("app", a_record("cat1", 5))
    await server.tell("REPLICAOF", "127.0.0.1", "1")
    await near.remove("app", "cat1", change=6)
    assert await near.get("app", "cat1") is None
    assert not near.is_connected
    await server.tell("REPLICAOF", "NO", "ONE")
    await is_back(near)
    assert await near.get("app", "cat1") is None
