"""``ElasticSearch`` keeps the writes of several servers in order, in both forms of its indexes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from para_core.contracts.search import Delta, Search
from para_core.errors import BackendError, IndexMovedError, UnavailableError
from para_core.testing.search import OrderedSearchSuite, a_record, deltas, found
from para_core.testing.search.samples import APP, batches
from para_search_elasticsearch.connection import Connection, Json
from para_search_elasticsearch.failures import RefusedError
from para_search_elasticsearch.search import ElasticSearch
from para_search_elasticsearch.settings import BulkSettings

from ..cluster import an_engine, another  # noqa: TID252 - no package

pytestmark = pytest.mark.service("opensearch")


class OnTheCluster(OrderedSearchSuite):
    @pytest.fixture
    async def other(self, search: Search) -> AsyncIterator[Search]:
        assert isinstance(search, ElasticSearch)
        async with another(search) as other:
            yield other


class TestElasticSearchOfServers(OnTheCluster):
    @pytest.fixture
    async def search(self) -> AsyncIterator[ElasticSearch]:
        async with an_engine(is_ordered=True) as engine:
            yield engine


@pytest.mark.long
class TestSharedElasticSearchOfServers(OnTheCluster):
    """The suite's own app is one of several in the index of the root app."""

    @pytest.fixture
    async def search(self) -> AsyncIterator[ElasticSearch]:
        async with an_engine(is_ordered=True, root_index_sharing_enabled=True) as engine:
            await engine.homes.move_in(APP, await engine.homes.make(APP, shared=True))
            yield engine


@pytest.fixture(params=[False, True], ids=["own index", "shared index"])
async def engine(request: pytest.FixtureRequest) -> AsyncIterator[ElasticSearch]:
    async with an_engine(is_ordered=True, root_index_sharing_enabled=request.param) as engine:
        if request.param:
            await engine.homes.move_in(APP, await engine.homes.make(APP, shared=True))
        await engine.rebuild_as_of(APP, batches([a_record("k", "thing", 1)]), 1, deltas())
        yield engine


async def test_a_server_that_was_replaced_writes_nothing_more(engine: ElasticSearch) -> None:
    """Whatever it sends is refused, even where the cluster has forgotten what was removed."""
    async with another(engine) as second:
        assert await engine.position(APP) == 1
        await engine.index_as_of(APP, [a_record("a", "thing", 2)], [], 2, 2)
        assert await second.position(APP) == 2
        await second.index_as_of(APP, [], ["unknown"], 3, 3)
        with pytest.raises(IndexMovedError):
            await engine.index_as_of(APP, [a_record("unknown", "thing", 9)], ["k"], 9, 9)
        assert await found(engine, "*", sort="id", desc=False, limit=9) == "a k"
        assert await engine.position(APP) == 3
        await engine.index_as_of(APP, [a_record("b", "thing", 4)], [], 4, 4)
        with pytest.raises(IndexMovedError):
            await second.index_as_of(APP, [], ["a"], 5, 5)
        assert await found(engine, "*", sort="id", desc=False, limit=9) == "a b k"
        assert len(await indexes_of(engine)) == 1  # late removals make no index of their own


async def test_who_was_stopped_before_its_first_write_learns_what_others_wrote(
    engine: ElasticSearch,
) -> None:
    """It takes the pen when it wakes up, but what it is about to send was read long before."""
    async with another(engine) as second:
        assert await engine.position(APP) == 1
        assert await second.position(APP) == 1
        await second.index_as_of(APP, [], ["k"], 3, 3)
        with pytest.raises(IndexMovedError):
            await engine.index_as_of(APP, [a_record("late", "thing", 2)], [], 2, 2)
        assert await found(engine, "*") == ""
        assert await engine.position(APP) == 3
        await engine.index_as_of(APP, [a_record("a", "thing", 4)], [], 4, 4)
        assert await found(engine, "*") == "a"


async def test_who_has_not_asked_how_far_an_index_is_does_not_write_it(
    engine: ElasticSearch,
) -> None:
    async with another(engine) as second:
        with pytest.raises(IndexMovedError):
            await second.index_as_of(APP, [a_record("a", "thing", 2)], [], 2, 2)
        assert await second.position(APP) == 1


async def test_who_writes_an_index_learns_that_it_was_replaced(engine: ElasticSearch) -> None:
    """The new index may not be as far, so nobody goes on in it without looking."""
    async with another(engine) as second:
        assert await engine.position(APP) == 1
        await engine.index_as_of(APP, [a_record("a", "thing", 7)], [], 7, 7)
        late = Delta([a_record("a", "thing", 7)], [], 7)
        records = batches([a_record("k", "thing", 1)])
        assert await second.rebuild_as_of(APP, records, 1, deltas(late)) == 1
        assert await engine.refresh(APP) == 7  # it has seen the new place
        with pytest.raises(IndexMovedError):
            await engine.index_as_of(APP, [], ["k"], 8, 8)
        assert await engine.position(APP) == 7
        await engine.index_as_of(APP, [], ["k"], 8, 8)
        assert await found(second, "*") == "a"


async def test_a_writer_that_has_written_nothing_yet_learns_of_it_too(
    engine: ElasticSearch,
) -> None:
    async with another(engine) as second:
        assert await engine.position(APP) == 1
        assert await second.rebuild_as_of(APP, batches(), 1, deltas()) == 0
        with pytest.raises(IndexMovedError):
            await engine.index_as_of(APP, [a_record("a", "thing", 8)], [], 8, 8)
        assert await found(second, "*") == ""


async def test_a_rebuild_goes_on_though_the_writer_comes_back_at_its_end(
    engine: ElasticSearch,
) -> None:
    """The first time the pen is taken back in between, so what was written is taken in again."""
    second, came = another(engine), list[int]()

    async def later(after: int) -> AsyncIterator[Delta]:
        came.append(after)
        if len(came) == 2:  # the pen is the rebuild's
            assert await engine.position(APP) == 1
            await engine.index_as_of(APP, [a_record("a", "thing", 5)], [], 5, 5)
        if len(came) > 2 and after < 5:
            yield Delta([a_record("a", "thing", 5)], [], 5)

    async with second:
        records = batches([a_record("k", "thing", 1)])
        assert await second.rebuild_as_of(APP, records, 1, later) == 1
    assert came == [1, 1, 1]
    assert await found(engine, "*", sort="id", desc=False, limit=9) == "a k"
    assert await engine.position(APP) == 5


async def test_a_dropped_app_is_written_by_nobody(engine: ElasticSearch) -> None:
    async with another(engine) as second:
        assert await engine.position(APP) == 1
        await engine.index_as_of(APP, [a_record("a", "thing", 2)], [], 2, 2)
        await second.drop(APP)
        for position in (3, None):
            with pytest.raises(IndexMovedError):
                await engine.index_as_of(APP, [a_record("b", "thing", 3)], [], position, 3)
        assert await engine.position(APP) is None
        assert await found(engine, "*") == ""


async def test_indexes_that_several_servers_write_are_of_another_form(
    engine: ElasticSearch,
) -> None:
    """A server alone makes them anew, and so do several after it."""
    settings = engine.settings
    async with ElasticSearch(settings, BulkSettings(), Connection(settings)) as alone:
        assert await alone.position(APP) is None
        assert await found(alone, "*") == "k"  # they answer until then
        assert await alone.rebuild(APP, batches([a_record("x")]), 1) == 1
        assert await engine.position(APP) is None
        assert await engine.rebuild_as_of(APP, batches([a_record("y")]), 1, deltas()) == 1
        assert await found(alone, "*") == "y"


async def indexes_of(engine: ElasticSearch) -> list[str]:
    pattern = f"{engine.settings.index_prefix}*"
    return list(await engine.connection.request(f"GET /{pattern}/_alias", doing="look at all"))


@pytest.mark.parametrize("is_away", [False, True], ids=["after it", "before it"])
async def test_a_rebuild_whose_last_answer_is_lost_leaves_an_index(
    engine: ElasticSearch, monkeypatch: pytest.MonkeyPatch, *, is_away: bool
) -> None:
    """The connection breaks when the new index takes its place, or just did."""
    second = another(engine)
    send = second.connection.request

    async def request(what: str, body: object = None, **more: Any) -> Json:  # noqa: ANN401
        is_last = "must_exist" in str(body)
        answer = {} if is_last and is_away else await send(what, body, **more)
        if is_last:
            raise UnavailableError("the answer is lost")
        return answer

    monkeypatch.setattr(second.connection, "request", request)
    async with second:
        with pytest.raises(UnavailableError):
            await second.rebuild_as_of(APP, batches([a_record("new")]), 1, deltas())
    assert await found(engine, "*") == ("k" if is_away else "new")
    assert await engine.position(APP) == 1
    assert await engine.rebuild_as_of(APP, batches([a_record("next")]), 2, deltas()) == 1
    assert await found(engine, "*") == "next"
    assert len(await indexes_of(engine)) == 1


async def test_a_cluster_that_does_not_know_conditions_is_told_of(
    engine: ElasticSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As OpenSearch before 2.12."""
    send = engine.connection.request

    async def request(what: str, body: object = None, **more: Any) -> Json:  # noqa: ANN401
        if "must_exist" in str(body):
            raise RefusedError(400, "x_content_parse_exception", "unknown field", "put in place")
        return await send(what, body, **more)

    monkeypatch.setattr(engine.connection, "request", request)
    with pytest.raises(BackendError, match=r"OpenSearch 2\.12"):
        await engine.rebuild_as_of(APP, batches([a_record("new")]), 1, deltas())
    assert await found(engine, "*") == "k"
    assert len(await indexes_of(engine)) == 1
