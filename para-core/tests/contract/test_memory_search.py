"""The search in memory passes the suite of its contract, and agrees with brute force at length."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from para_core.contracts.search import Search
from para_core.errors import UnavailableError
from para_core.memory.search import MemorySearch
from para_core.query.tree import All
from para_core.testing.search import OrderedSearchSuite, SearchSuite, a_record


class TestMemorySearch(SearchSuite):
    random_rounds = 8

    @pytest.fixture
    async def search(self) -> AsyncIterator[Search]:
        async with MemorySearch() as search:
            yield search


class TestMemorySearchOfServers(OrderedSearchSuite):
    @pytest.fixture
    async def search(self) -> AsyncIterator[Search]:
        async with MemorySearch() as search:
            yield search


async def test_it_forgets_everything_when_it_is_closed() -> None:
    search = MemorySearch()
    async with search:
        await search.index("app", [a_record("a")], [], 1)
    with pytest.raises(UnavailableError, match="not open"):
        await search.find("app", All())
    await search.close()
    async with search:
        assert await search.count("app", All()) == 0
