"""An index that somebody removes by hand, under a server that is running."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence

import pytest

from para_core.contracts.dao import DAO, Put, Record, Write
from para_core.errors import BackendError, IndexMovedError
from para_core.memory.dao import MemoryDAO
from para_core.objects import App
from para_core.query.tree import All
from para_core.testing.search import a_record, deltas
from para_core.testing.search.samples import batches
from para_search_elasticsearch.search import ElasticSearch
from para_server.nodes.leases import Leases
from para_server.nodes.shared_index import SharedIndex
from para_server.nodes.watch import Watch
from para_server.services.finder import Finder
from para_server.services.following import Retention
from para_server.services.indexing import Indexing
from para_server.services.store import Store

from ..cluster import an_engine, another  # noqa: TID252 - tests have no absolute names
from ..follow import APP, PATIENCE_SEC, Followed, followed  # noqa: TID252

pytestmark = pytest.mark.service("opensearch")


@pytest.fixture(params=[False, True], ids=["own index", "shared index"])
async def engine(request: pytest.FixtureRequest) -> AsyncIterator[ElasticSearch]:
    async with an_engine(root_index_sharing_enabled=request.param, root=APP) as engine:
        yield engine


@pytest.fixture
async def zoo(engine: ElasticSearch) -> AsyncIterator[Followed]:
    async with followed(engine) as zoo:
        await zoo.put("a", "b")
        await zoo.put("c")
        assert await zoo.agrees()
        yield zoo


async def remove_index(engine: ElasticSearch) -> None:
    """Do what somebody does who has the rights, and the wrong index in mind."""
    index = engine.homes.known[APP].index
    await engine.connection.request(f"DELETE /{index}", doing="remove it by hand")


def a_finder(engine: ElasticSearch, index: Indexing, dao: DAO) -> Finder:
    """Return one that waits as long as the cluster of a slow machine may take."""
    store = Store(dao, cache=None, index=None)
    return Finder(engine, index, store, wait_ms=round(PATIENCE_SEC * 1000))


async def test_the_next_write_makes_the_whole_index_again(
    zoo: Followed, engine: ElasticSearch, caplog: pytest.LogCaptureFixture
) -> None:
    await remove_index(engine)
    with caplog.at_level(logging.WARNING):
        await zoo.put("d", gone=["b"])
        assert await zoo.agrees()
    assert await zoo.indexed() == ["a", "c", "d"]
    (line,) = caplog.records
    assert "was removed" in line.message
    assert line.exc_info is None
    await zoo.put("e")
    assert await zoo.agrees()


async def test_so_does_the_next_search(
    zoo: Followed, engine: ElasticSearch, caplog: pytest.LogCaptureFixture
) -> None:
    """It finds all there is, once the index is there again."""
    finder = a_finder(engine, zoo.follower, zoo.dao)
    await remove_index(engine)
    with caplog.at_level(logging.INFO):
        assert await finder.count(App(id=f"app:{APP}"), All()) == 3
    assert [line.message for line in caplog.records] == ["making an index from the database"]
    await engine.drop(APP)
    assert await engine.count(APP, All()) == 0


async def test_so_does_what_is_in_no_database(zoo: Followed, engine: ElasticSearch) -> None:
    await remove_index(engine)
    await zoo.follower.index_unstored(APP, [a_record("passing", change=0)])
    assert await zoo.indexed() == ["a", "b", "c", "passing"]
    await zoo.put("d")
    assert await zoo.follower.caught_up(APP, PATIENCE_SEC)
    assert await zoo.indexed() == ["a", "b", "c", "d", "passing"]


async def test_no_change_makes_an_index_that_was_there(engine: ElasticSearch) -> None:
    """However often it is tried, until who writes has asked for the position."""
    await engine.index(APP, [a_record("a")], [], 1)
    await remove_index(engine)
    for _ in range(2):
        with pytest.raises(IndexMovedError):
            await engine.index(APP, [a_record("b")], [], 2)
    assert await engine.position(APP) is None
    await engine.index(APP, [a_record("b")], [], 2)
    assert await engine.position(APP) == 2


async def test_an_index_that_is_removed_while_it_is_filled_is_not_made_by_that(
    engine: ElasticSearch,
) -> None:
    """A cluster would make one that takes whatever comes, with no mapping of ours."""
    await engine.index(APP, [a_record("old")], [], 1)

    async def read() -> AsyncIterator[Sequence[Record]]:
        yield [a_record("a")]
        found = await engine.connection.request(f"GET /{prefix}*/_alias", doing="look")
        await asyncio.gather(
            *(engine.connection.request(f"DELETE /{one}", doing="remove it") for one in found)
        )
        yield [a_record("b")]

    prefix = engine.settings.index_prefix
    with pytest.raises(BackendError, match="index_not_found"):
        await engine.rebuild(APP, read(), 2)
    assert await engine.connection.request(f"GET /{prefix}*/_alias", doing="look") == {}
    assert await engine.position(APP) is None
    assert await engine.rebuild(APP, batches([a_record("a")]), 2) == 1
    assert await engine.position(APP) == 2


async def test_a_node_makes_the_whole_index_again() -> None:
    """Whether it has written into the one that was removed, or only asked for its position."""
    async with an_engine(is_ordered=True) as engine, MemoryDAO() as dao:
        watch = Watch(dao, stale_sec=PATIENCE_SEC, feed_sec=PATIENCE_SEC)
        leases = Leases(dao, "0000000000000001", lease_sec=PATIENCE_SEC)
        index = SharedIndex(dao, engine, watch, leases, Retention(dao, ["index"]))
        async with watch, index:
            await leases.look()
            await leases.settle()
            for count, key in enumerate("abcd", start=1):
                number = await dao.write(APP, Write("create", [Put(a_record(key))]))
                index.end(APP, 0, number, [], [])
                assert await index.caught_up(APP, PATIENCE_SEC)
                assert await engine.count(APP, All()) == count
                if key != "a":
                    await remove_index(engine)
            finder = a_finder(engine, index, dao)
            assert await finder.count(App(id=f"app:{APP}"), All()) == len("abcd")


async def test_a_node_that_knew_a_removed_app_finds_nothing_in_a_new_one_of_its_name() -> None:
    """That there is no index is no error: nothing was written to the new one yet."""
    async with an_engine(is_ordered=True) as engine, another(engine) as other, MemoryDAO() as dao:
        watch = Watch(dao, stale_sec=PATIENCE_SEC, feed_sec=PATIENCE_SEC)
        leases = Leases(dao, "0000000000000001", lease_sec=PATIENCE_SEC)
        index = SharedIndex(dao, engine, watch, leases, Retention(dao, ["index"]))
        finder, app = a_finder(engine, index, dao), App(id=f"app:{APP}")
        async with watch, index:
            number = await dao.create(APP, a_record("a"))
            await other.rebuild_as_of(APP, batches([a_record("a")]), number, deltas())
            await watch.look()
            assert await finder.count(app, All()) == 1
            assert APP in engine.homes.known
            await dao.delete_table(APP)
            await other.drop(APP)
            await watch.look()
            await index.gone(APP)
            assert await finder.count(app, All()) == 0
