from __future__ import annotations

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from para_core.contracts.dao import Put, Record, Write
from para_core.memory.dao import MemoryDAO
from para_core.memory.search import MemorySearch
from para_core.objects import App, Sysprop
from para_core.objects.codec import record_of
from para_core.query.tree import All
from para_server.services.finder import Finder
from para_server.services.store import Store

APP = App(id="app:tides")


@pytest.fixture
async def dao() -> AsyncIterator[MemoryDAO]:
    async with MemoryDAO() as dao:
        await dao.create_table("tides")
        yield dao


@pytest.fixture
async def finder(dao: MemoryDAO) -> AsyncIterator[Finder]:
    async with MemorySearch() as search:
        await search.index("tides", [boat(n) for n in range(7)], [], 1)
        index = cast("Any", SimpleNamespace(is_current=lambda appid: appid == "tides"))
        yield Finder(search, index, Store(dao, cache=None, index=None))


def boat(number: int) -> Record:
    """Return a boat as it was stored once."""
    record = record_of(Sysprop(id=f"b{number}", type="boat"))
    return Record(record.id, record.type, record.data, 1)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
async def test_all_that_match_come_however_many_fit_a_page(
    finder: Finder, dao: MemoryDAO, size: int
) -> None:
    await dao.write("tides", Write("createAll", [Put(boat(n)) for n in range(7)]))
    found = [r.id async for r in finder.each(APP, All(), kind="boat", size=size)]
    assert found == [f"b{n}" for n in range(7)]


async def test_pages_of_what_is_gone_end_nothing(finder: Finder, dao: MemoryDAO) -> None:
    await dao.write("tides", Write("createAll", [Put(boat(n)) for n in (0, 6)]))
    found = [r.id async for r in finder.each(APP, All(), size=2)]
    assert found == ["b0", "b6"]
