from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

import pytest

from para_core.contracts.cache import Cache
from para_core.contracts.dao import Record
from para_core.errors import UnavailableError
from para_core.memory.cache import CaffeineSettings, MemoryCache
from para_core.memory.dao import MemoryDAO
from para_server.nodes.cache import NodeCache
from para_server.nodes.values import ROOM, NodeValues
from para_server.nodes.watch import Watch

from .fakes import Clock, a_database, a_record


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def dao() -> AsyncIterator[MemoryDAO]:
    async with a_database() as dao:
        yield dao


def a_node(dao: MemoryDAO, clock: Clock) -> tuple[Watch, NodeCache]:
    watch = Watch(dao, stale_sec=1, feed_sec=600, clock=clock)
    inner: Cache = MemoryCache(CaffeineSettings(), clock=clock)
    cache = NodeCache(inner, watch, NodeValues(dao, clock=clock.ms))
    watch.on_changes.append(cache.heard)
    watch.on_gone.append(cache.forget)
    return watch, cache


@pytest.fixture
async def node(dao: MemoryDAO, clock: Clock) -> AsyncIterator[tuple[Watch, NodeCache]]:
    watch, cache = a_node(dao, clock)
    async with watch:
        yield watch, cache


async def test_what_another_node_changed_is_dropped_and_cannot_be_put_back(
    dao: MemoryDAO, node: tuple[Watch, NodeCache]
) -> None:
    watch, cache = node
    await dao.create("app", a_record("a"))
    old = await dao.read("app", "a")
    assert old is not None
    await cache.put("app", old)
    assert cache.peek("app", "a") == await cache.get("app", "a") == old
    await dao.create("app", a_record("a", "new"))
    await watch.look()
    assert cache.peek("app", "a") is None
    await cache.put("app", old)  # by a reader that was overtaken
    assert await cache.get("app", "a") is None
    fresh = await dao.read("app", "a")
    assert fresh is not None
    await cache.put("app", fresh)
    await watch.look()
    assert await cache.get_all("app", ["a", "b"]) == {"a": fresh}


async def test_what_this_node_wrote_stays_when_it_is_heard(
    dao: MemoryDAO, node: tuple[Watch, NodeCache]
) -> None:
    watch, cache = node
    number = await dao.create("app", a_record("a"))
    await cache.put("app", a_record("a", change=number))
    await watch.look()
    assert cache.peek_all("app", ["a"]) == [a_record("a", change=number)]


async def test_nothing_is_answered_or_kept_while_the_watch_is_not_fresh(
    dao: MemoryDAO, clock: Clock, node: tuple[Watch, NodeCache]
) -> None:
    watch, cache = node
    number = await dao.create("app", a_record("a"))
    await cache.put("app", a_record("a", change=number))
    clock.now += 1.1
    assert cache.peek("app", "a") is None
    assert cache.peek_all("app", ["a"]) is None
    assert await cache.get("app", "a") is None
    assert await cache.get_all("app", ["a"]) == {}
    assert not await cache.contains("app", "a")
    await cache.put("app", a_record("a", "late", change=number))
    await watch.look()
    assert await cache.get("app", "a") is None


async def test_an_app_that_has_gone_is_forgotten(
    dao: MemoryDAO, node: tuple[Watch, NodeCache]
) -> None:
    watch, cache = node
    number = await dao.create("app", a_record("a"))
    await watch.look()
    await cache.put("app", a_record("a", change=number))
    await dao.delete_table("app")
    await watch.look()
    assert await cache.get("app", "a") is None


async def test_values_and_counters_are_those_of_all_nodes(dao: MemoryDAO, clock: Clock) -> None:
    (_, one), (_, two) = a_node(dao, clock), a_node(dao, clock)
    await one.put_value("app", "state", {"n": [1, "x", True]}, ttl_sec=10)
    assert await two.value("app", "state") == {"n": [1, "x", True]}
    assert await two.value("other", "state") is None
    counts = [await node.increment("app", "tries", ttl_sec=10) for node in (one, two, one)]
    assert counts == [1, 2, 3]
    assert await two.increment("app", "tries", by=-1, ttl_sec=10) == 2
    clock.now += 9
    assert await one.increment("app", "tries", ttl_sec=10) == 3
    clock.now += 2
    assert await two.value("app", "state") is None
    assert await one.increment("app", "tries", ttl_sec=10) == 1
    await two.put_value("app", "state", 1)
    await two.put_value("app", "state", None)
    assert await one.value("app", "state") is None


async def test_the_values_of_one_app_go_with_it_and_those_that_have_ended_in_time(
    dao: MemoryDAO, clock: Clock
) -> None:
    _, cache = a_node(dao, clock)
    for appid in ("app", 'a"pp', "app2"):
        await cache.put_value(appid, "v", appid, ttl_sec=30)
        await cache.increment(appid, "c", ttl_sec=30)
    await cache.clear("app")
    assert await cache.value("app", "v") is None
    assert await cache.value("app2", "v") == "app2"
    assert await cache.value('a"pp', "v") == 'a"pp'
    clock.now += 61
    await cache.put_value("app3", "v", 1)
    assert len(await dao.read_page(ROOM)) == 1


class Telling(MemoryCache):
    """Tells whether it was filled or written, and cannot say that it is settled."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(CaffeineSettings(), clock=clock)
        self.told: list[str] = []

    async def put_all(
        self, appid: str, records: Iterable[Record], *, ttl_sec: float | None = None
    ) -> None:
        self.told.append("put")
        await super().put_all(appid, records, ttl_sec=ttl_sec)

    async def fill_all(self, appid: str, records: Iterable[Record]) -> None:
        self.told.append("fill")
        await MemoryCache.put_all(self, appid, records)

    async def settle(self) -> None:
        raise UnavailableError("away")


async def test_what_was_read_is_told_from_what_was_written(dao: MemoryDAO, clock: Clock) -> None:
    watch = Watch(dao, stale_sec=1, feed_sec=600, clock=clock)
    inner = Telling(clock)
    cache = NodeCache(inner, watch, NodeValues(dao, clock=clock.ms))
    async with watch:
        await cache.fill_all("app", [a_record("a", change=1)])
        await cache.put_all("app", [a_record("b", change=2)])
        assert inner.told == ["fill", "put"]
        assert list(await cache.get_all("app", ["a", "b"])) == ["a", "b"]
        with pytest.raises(UnavailableError):
            await cache.settle()
    await cache.fill_all("app", [a_record("c", change=3)])  # what others write is not heard
    assert inner.told == ["fill", "put"]
