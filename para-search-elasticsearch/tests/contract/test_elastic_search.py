"""``ElasticSearch`` passes the suite of the Search contract, in all its forms."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from para_core.contracts.search import Search
from para_core.query.builders import tagged_query
from para_core.query.tree import Prefix, Range, Wildcard
from para_core.testing.search import SearchSuite, a_record, fill, found
from para_core.testing.search.samples import APP
from para_search_elasticsearch.search import ElasticSearch

from ..cluster import an_engine  # noqa: TID252 - no package
from ..follow import APP as ZOO  # noqa: TID252
from ..follow import PATIENCE_SEC, followed  # noqa: TID252


@pytest.mark.service("opensearch")
class TestSharedElasticSearch(SearchSuite):
    """The suite's own app is one of several in the index of the root app."""

    random_rounds = 1

    @pytest.fixture(scope="module")
    async def engine(self) -> AsyncIterator[ElasticSearch]:
        async with an_engine(root_index_sharing_enabled=True) as engine:
            yield engine

    @pytest.fixture
    async def search(self, engine: ElasticSearch) -> AsyncIterator[ElasticSearch]:
        await engine.homes.move_in(APP, await engine.homes.make(APP, shared=True))
        yield engine
        for appid in set(engine.homes.known) - {APP}:
            await engine.drop(appid)

    async def test_any_number_of_conditions_can_be_asked(self, search: Search) -> None:
        tags = [f"t{n}" for n in range(1500)]
        await fill(search, [a_record("all", tags=tags), a_record("some", tags=tags[:-1])])
        assert await found(search, tagged_query(tags)) == "all"
        assert await found(search, tagged_query([*tags, "none"])) == ""

    @pytest.mark.parametrize("text", ["x" * 900, "x" * 901, "é" * 450, "🐈" * 400, "x" * 40_000])
    async def test_patterns_of_any_length_can_be_asked(self, search: Search, text: str) -> None:
        await fill(search, [a_record("a", name=f"{text} end"), a_record("b", text="y")])
        fits, pattern = len(text.encode()) <= 900, f"{text[:-1]}*"
        assert await found(search, Prefix("name", text)) == ("a" if fits else "")
        assert await found(search, Prefix("properties.text", text)) == ""
        fits = len(pattern.encode()) <= 900
        assert await found(search, Wildcard("name", pattern)) == ("a" if fits else "")
        assert await found(search, Range("name", text, None), sort="id") == "a"
        smaller = "b" if text > "y" else ""
        assert await found(search, Range("properties.text", None, text), limit=9) == smaller

    @pytest.mark.long
    async def test_many_apps(self, search: Search) -> None:
        await super().test_many_apps(search)
        assert isinstance(search, ElasticSearch)
        homes = [search.homes.known[appid] for appid in (APP, *(f"tenant{n}" for n in range(60)))]
        assert [home.is_shared for home in homes] == [True] + [False] * 60, "no app said it shares"
        assert len({home.index for home in homes}) == 61


@pytest.mark.long
@pytest.mark.service("opensearch")
class TestElasticSearch(SearchSuite):
    @pytest.fixture
    async def search(self) -> AsyncIterator[ElasticSearch]:
        async with an_engine() as engine:
            yield engine


@pytest.mark.long
@pytest.mark.service("opensearch")
class TestNestedElasticSearch(SearchSuite):
    @pytest.fixture
    async def search(self) -> AsyncIterator[ElasticSearch]:
        async with an_engine(use_nested_custom_fields=True) as engine:
            yield engine


@pytest.mark.service("opensearch")
async def test_what_is_written_asynchronously_is_found_after_the_next_refresh() -> None:
    async with an_engine(async_enabled=True) as engine, followed(engine) as zoo:
        await zoo.put("a", "b")
        assert await zoo.follower.caught_up(ZOO, PATIENCE_SEC)
        await zoo.put("c", gone=["a"])
        assert await zoo.follower.caught_up(ZOO, PATIENCE_SEC)
        assert await engine.position(ZOO) == await zoo.dao.last_change(ZOO)
        async with asyncio.timeout(PATIENCE_SEC):
            while await zoo.indexed() != ["b", "c"]:  # noqa: ASYNC110 - the cluster tells nobody
                await asyncio.sleep(0.05)
