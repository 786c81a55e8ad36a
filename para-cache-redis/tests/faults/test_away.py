"""Redis is killed, cut off, slow, full, or says no: nothing old is found afterwards."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from para_cache_redis.cache import RedisCache
from para_cache_redis.settings import RedisSettings
from para_core.errors import UnavailableError
from para_core.testing.cache import a_record
from para_core.testing.line import Line

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

ON_DISK = ("--appendonly", "yes", "--appendfsync", "always")


# ---- killed and back ---------------------------------------------------------------------------


async def test_a_server_that_was_killed_is_used_again(
    near: RedisCache, server: OwnRedis, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await near.put("app", a_record("cat1", 5, "old"))
    await server.kill()
    await is_away(near)
    assert near.peek("app", "cat1") is None
    assert await near.get("app", "cat1") is None
    await near.put("app", a_record("cat1", 6, "new"))
    await server.start()
    await is_back(near)
    assert await near.get("app", "cat1") is None
    assert len(warnings(caplog)) == 1
    assert server.url in warnings(caplog)[0]
    assert "the cache is back" in caplog.text


async def test_what_a_server_has_on_disk_counts_no_more_after_its_restart(
    tmp_path: Path, cluster: str
) -> None:
    async with OwnRedis(tmp_path, *ON_DISK) as server, a_cache(server.url, cluster) as cache:
        await cache.put_all("app", [a_record("cat1", 5), a_record("cat2", 5)])
        await cache.put_value("app", "name", "of before")
        assert await cache.increment("app", "calls", ttl_sec=600) == 1
        await server.kill()
        await is_away(cache)
        await server.start()
        await is_back(cache)
        assert await server.tell("EXISTS", f"{cluster}:app:r:cat1") == 1
        assert await cache.get_all("app", ["cat1", "cat2"]) == {}
        assert await cache.value("app", "name") is None
        assert await cache.increment("app", "calls", ttl_sec=600) == 2


async def test_a_reader_that_began_before_a_restart_fills_nothing(
    near: RedisCache, server: OwnRedis
) -> None:
    assert await near.get("app", "cat1") is None
    await near.remove("app", "cat1", change=6)
    await server.kill()
    await is_away(near)
    await server.start()  # without the marker that tells of change 6
    await is_back(near)
    await near.fill_all("app", [a_record("cat1", 5)])
    assert await near.get("app", "cat1") is None
    await near.fill_all("app", [a_record("cat1", 6)])
    assert await near.get("app", "cat1") == a_record("cat1", 6)


async def test_what_is_written_right_after_a_restart_is_not_kept(
    server: OwnRedis, cluster: str
) -> None:
    clock = RunningClock()
    settings = RedisSettings(url=server.url, retry_ms=20)
    async with RedisCache(settings, cluster=cluster, clock=clock) as cache:
        await server.kill()
        await is_away(cache)
        await server.start()
        await is_back(cache)
        await cache.put("app", a_record("cat1", 6))
        assert await cache.get("app", "cat1") is None
        await clock.advance(10)
        await cache.put("app", a_record("cat1", 6))
        assert await cache.get("app", "cat1") == a_record("cat1", 6)


async def test_a_write_that_was_overtaken_before_all_was_deleted_is_not_kept(
    server: OwnRedis, cluster: str
) -> None:
    async with a_cache(server.url, cluster, near_entries=0) as cache:
        await cache.put("app", a_record("cat1", 7, "new"))
        await cache.get("app", "cat2")
        await server.tell("FLUSHALL")  # and the marker of change 7 with it
        await cache.fill_all("app", [a_record("cat2", 5)])
        assert await cache.get("app", "cat2") is None
        await cache.put("app", a_record("cat1", 6, "old"))
        assert await cache.get("app", "cat1") is None


async def test_a_server_that_is_not_there_yet_is_waited_for(
    tmp_path: Path, cluster: str, caplog: pytest.LogCaptureFixture
) -> None:
    server = OwnRedis(tmp_path, "--save", "")
    await server.take_port()
    async with a_cache(server.url, cluster) as cache:
        assert await cache.get("app", "cat1") is None
        assert "para.redis" in caplog.text or "away" in caplog.text
        await server.start()
        await is_back(cache)
        await cache.put("app", a_record("cat1", 5))
        assert await cache.get("app", "cat1") == a_record("cat1", 5)
        await server.kill()


# ---- cut off -----------------------------------------------------------------------------------


async def test_what_was_removed_meanwhile_is_gone_for_all_when_the_line_is_back(
    near: RedisCache, far: RedisCache, line: Line
) -> None:
    await near.put_all("app", [a_record("cat1", 5), a_record("cat2", 5), a_record("cat3", 5)])
    await line.cut()
    await is_away(far)
    await far.remove("app", "cat1", change=6)
    await far.put("app", a_record("cat2", 6))
    assert await far.get("app", "cat1") is None
    with pytest.raises(UnavailableError, match="away"):
        await far.settle()
    await line.restore()
    await is_back(far)
    await far.settle()
    for node in (near, far):
        await is_gone(node, "cat1")
        await is_gone(node, "cat2")
        assert await node.get("app", "cat3") == a_record("cat3", 5)
    await near.fill_all("app", [a_record("cat1", 5)])
    assert await near.get("app", "cat1") is None


async def test_what_is_later_than_what_was_removed_meanwhile_stays(
    near: RedisCache, far: RedisCache, line: Line
) -> None:
    await line.cut()
    await is_away(far)
    await far.remove("app", "cat1", change=6)
    await near.put("app", a_record("cat1", 7))
    await line.restore()
    await is_back(far)
    assert await far.get("app", "cat1") == a_record("cat1", 7)


async def test_more_than_can_be_remembered_drops_everything(
    near: RedisCache, far: RedisCache, line: Line
) -> None:
    await near.put_all("app", [a_record("cat1", 5), a_record("other", 5)])
    await line.cut()
    await is_away(far)
    await far.remove_all("app", ["cat1", *(f"dog{n}" for n in range(10_001))], change=6)
    await line.restore()
    await is_back(far)
    for node in (near, far):
        await is_gone(node, "cat1")
        await is_gone(node, "other")
        assert await node.get_all("app", ["cat1", "other"]) == {}


async def test_values_that_were_used_up_meanwhile_are_gone(
    near: RedisCache, far: RedisCache, line: Line
) -> None:
    await near.put_value("app", "once", "token")
    await near.put_value("app", "changed", 1)
    await line.cut()
    await is_away(far)
    assert await far.value("app", "once") is None
    await far.put_value("app", "once", None)
    await far.put_value("app", "changed", 2)
    await line.restore()
    await is_back(far)
    assert await near.value("app", "once") is None
    assert await near.value("app", "changed") is None


async def test_an_app_that_was_cleared_meanwhile_is_empty(
    near: RedisCache, far: RedisCache, line: Line
) -> None:
    await near.put("app", a_record("cat1", 5))
    await near.put("other", a_record("cat1", 5))
    await line.cut()
    await is_away(far)
    await far.clear("app")
    await line.restore()
    await is_back(far)
    await is_gone(near, "cat1")
    assert await near.get("other", "cat1") == a_record("cat1", 5)


async def test_counters_go_on_from_where_they_were(
    near: RedisCache, far: RedisCache, line: Line
) -> None:
    assert await near.increment("app", "tries", ttl_sec=600) == 1
    assert await far.increment("app", "tries", ttl_sec=600) == 2
    await line.cut()
    await is_away(far)
    assert await far.increment("app", "tries", ttl_sec=600) == 3
    assert await far.increment("app", "tries", by=-1, ttl_sec=600) == 2
    assert await far.increment("app", "others", ttl_sec=600) == 1


async def test_what_is_read_while_cut_off_leaves_nothing_to_be_delivered(
    near: RedisCache, far: RedisCache, line: Line
) -> None:
    await near.put("app", a_record("cat1", 5))
    await line.cut()
    await is_away(far)
    assert await far.get("app", "cat1") is None
    await far.fill_all("app", [a_record("cat1", 5)])
    await line.restore()
    await is_back(far)
    assert await near.get("app", "cat1") == a_record("cat1", 5)


async def test_a_node_that_stays_away_makes_the_others_drop_everything(
    server: OwnRedis, line: Line, cluster: str
) -> None:
    url = f"redis://127.0.0.1:{line.port}/0"
    async with (
        a_cache(server.url, cluster, lease_ms=1000) as near,
        a_cache(url, cluster, lease_ms=1000) as far,
    ):
        await is_back(far)
        await near.put("app", a_record("cat1", 5))
        await line.cut()
        await far.remove("app", "cat1", change=6)  # nobody hears of it
        await is_gone(near, "cat1")
        assert near.peek("app", "cat1") is None


async def test_a_node_that_leaves_in_order_is_not_missed(
    server: OwnRedis, cluster: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with a_cache(server.url, cluster, lease_ms=1000) as near:
        async with a_cache(server.url, cluster, lease_ms=1000) as other:
            await is_back(other)
            await until_nodes(server, cluster, 2)
        await until_nodes(server, cluster, 1)
        await near.put("app", a_record("cat1", 5))
        assert await near.get("app", "cat1") == a_record("cat1", 5)
    assert not warnings(caplog)


async def until_nodes(server: OwnRedis, cluster: str, count: int) -> None:
    async def look() -> bool:
        return await server.tell("ZCARD", f"{cluster}::nodes") == count

    await until(look)
