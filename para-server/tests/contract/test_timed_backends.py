"""Back-ends with a clock around them keep every promise of their contracts."""

from __future__ import annotations

import inspect
import time
from collections.abc import AsyncIterator

import pytest

from para_core.contracts.cache import Cache
from para_core.contracts.component import Component
from para_core.contracts.dao import DAO, Record
from para_core.contracts.search import Search
from para_core.listeners import ListenedDAO
from para_core.memory.cache import CaffeineSettings, MemoryCache
from para_core.memory.dao import MemoryDAO
from para_core.memory.search import MemorySearch
from para_core.metrics import Metrics
from para_core.query import builders
from para_core.query.parser import parse_leniently
from para_core.query.tree import Node
from para_core.testing.cache import CacheSuite, PassTime
from para_core.testing.clock import FakeClock
from para_core.testing.dao import DAOSuite
from para_core.testing.search import SearchSuite
from para_server.metrics.timed_cache import TimedCache
from para_server.metrics.timed_dao import TimedDAO
from para_server.metrics.timed_search import TimedSearch, kind_of_search
from para_server.workers.dao import WorkerDAO


def some_metrics() -> Metrics:
    return Metrics(time.perf_counter_ns)


class TestTimedDAO(DAOSuite):
    keeps_after_close = False

    @pytest.fixture
    async def dao(self) -> AsyncIterator[DAO]:
        async with TimedDAO(MemoryDAO(), "MemoryDAO", some_metrics()) as dao:
            yield dao


class TestTimedSearch(SearchSuite):
    random_rounds = 1

    @pytest.fixture
    async def search(self) -> AsyncIterator[Search]:
        async with TimedSearch(MemorySearch(), "MemorySearch", some_metrics()) as search:
            yield search


class TestTimedCache(CacheSuite):
    @pytest.fixture
    def pass_time(self, clock: FakeClock) -> PassTime:
        return clock.advance

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    async def cache(self, clock: FakeClock) -> AsyncIterator[Cache]:
        inner = MemoryCache(CaffeineSettings(), clock=clock)
        async with TimedCache(inner, "CaffeineCache", some_metrics()) as cache:
            yield cache


_MADE_OF_OTHERS = {  # by the contract itself, of methods that pass through
    DAO: {"create", "create_all", "update", "update_all", "delete", "delete_all"},
    Search: {"count"},
    Cache: set(),
}


@pytest.mark.parametrize(
    ("contract", "wrapper"),
    [
        (DAO, TimedDAO),
        (Search, TimedSearch),
        (Cache, TimedCache),
        (DAO, ListenedDAO),
        (DAO, WorkerDAO),
    ],
    ids=["dao", "search", "cache", "listened dao", "dao of a worker"],
)
def test_no_method_of_a_contract_stops_at_its_wrapper(
    contract: type[Component], wrapper: type[Component]
) -> None:
    promised = {name for name, _ in inspect.getmembers(contract) if not name.startswith("_")}
    made = _MADE_OF_OTHERS[contract] | ({"read"} if wrapper is ListenedDAO else set())
    between = wrapper.mro()[: wrapper.mro().index(contract)]
    assert promised - {name for part in between for name in vars(part)} == made


async def test_calls_are_booked_to_their_app_and_the_system() -> None:
    metrics = some_metrics()
    async with TimedDAO(MemoryDAO(), "H2DAO", metrics) as dao:
        cat = Record("cat1", "cat", b'{"id":"cat1"}')
        number = await dao.create("app", cat)
        await dao.update("app", cat, expect=number)
        await dao.create_all("other", [cat])
        await dao.read("app", "cat1")
        await dao.read("app", "none")
        await dao.read_all("app", ["cat1", "none"])
        await dao.read_page("app")
        await dao.delete_all("app", ["cat1"])
    metrics.settle()
    counts = {name: reading.count for name, reading in metrics.of("app").readings()}
    assert counts == {
        "H2DAO.create": 1,
        "H2DAO.deleteAll": 1,
        "H2DAO.read": 2,
        "H2DAO.readAll": 1,
        "H2DAO.update": 1,
    }
    assert dict(metrics.system.readings())["H2DAO.createAll"].count == 1


async def test_a_call_that_fails_is_timed() -> None:
    metrics = some_metrics()
    dao = TimedDAO(MemoryDAO(), "H2DAO", metrics)  # not open
    with pytest.raises(Exception, match="open"):
        await dao.read("app", "cat1")
    assert dict(metrics.of("app").readings())["H2DAO.read"].count == 1


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        (builders.all_query(), "findQuery"),
        (builders.ids_query(["a"]), "findById"),
        (builders.ids_query(["a", "b"]), "findByIds"),
        (builders.near_query("1,1", "5"), "findNearby"),
        (builders.prefix_query("name", "a"), "findPrefix"),
        (parse_leniently("a AND (b OR NOT c)"), "findQuery"),
        (builders.nested_query("name", "a"), "findNestedQuery"),
        (builders.similar_query(["name"], "a cat", "cat1"), "findSimilar"),
        (builders.similar_query(["name"], "a cat"), "findSimilar"),
        (builders.tagged_query(["a", "b"]), "findTagged"),
        (builders.tagged_query(["a"]), "findTagged"),
        (builders.tags_query("a"), "findTags"),
        (builders.terms_in_query("color", ["a", "b"]), "findTermInList"),
        (builders.terms_query({"color": "a", "age>": 3}, match_all=True), "findTerms"),
        (builders.terms_query({"color": "a", "age>": 3}, match_all=False), "findTerms"),
        (builders.terms_query({"age>": 3}, match_all=True), "findTerms"),
        (builders.wildcard_query("name", "a*"), "findWildcard"),
    ],
)
def test_searches_have_the_names_of_the_original(query: Node, kind: str) -> None:
    assert kind_of_search(query, None) == kind
