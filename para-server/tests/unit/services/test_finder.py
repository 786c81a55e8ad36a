from __future__ import annotations

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from para_core.contracts.dao import Put, Record, Write
from para_core.contracts.search import Hits
from para_core.listeners import SearchListener
from para_core.memory.dao import MemoryDAO
from para_core.memory.search import MemorySearch
from para_core.objects import App, Sysprop
from para_core.objects.codec import record_of
from para_core.pager import Pager
from para_core.query.tree import All, Node
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


class Hearing(SearchListener):
    """Remembers searches; may refuse before, or fail after."""

    def __init__(self, *, fails_at: str = "") -> None:
        self.heard: list[str] = []
        self.fails_at = fails_at

    def hear(self, what: str, text: str) -> None:
        self.heard.append(f"{what} {text}")
        if what == self.fails_at:
            raise RuntimeError(what)

    async def before_search(
        self, appid: str, query: Node, kind: str | None, pager: Pager | None
    ) -> None:
        self.hear("before", f"{appid} {query} {kind} {pager and pager.limit}")

    async def after_search(self, appid: str, query: Node, kind: str | None, hits: Hits) -> None:
        self.hear("after", f"{appid} {query} {kind} {hits.total}")


def heard_by(finder: Finder, *listeners: SearchListener) -> Finder:
    """Return the same finder with listeners."""
    return Finder(finder._search, finder._index, finder._store, listeners=listeners)


async def test_listeners_hear_of_searches_and_counts(finder: Finder) -> None:
    one, two = Hearing(), Hearing()
    finder = heard_by(finder, one, two)
    assert await finder.count(APP, All(), kind="boat") == 7
    assert (await finder.find(APP, All(), pager=Pager(limit=2))).total == 7
    assert one.heard == two.heard
    assert one.heard == [
        "before tides All() boat 0",
        "after tides All() boat 7",
        "before tides All() None 2",
        "after tides All() None 7",
    ]


async def test_a_listener_of_searches_may_refuse_one(finder: Finder) -> None:
    with pytest.raises(RuntimeError, match="before"):
        await heard_by(finder, Hearing(fails_at="before")).count(APP, All())


async def test_a_listener_that_fails_after_a_search_changes_nothing(
    finder: Finder, caplog: pytest.LogCaptureFixture
) -> None:
    assert await heard_by(finder, Hearing(fails_at="after")).count(APP, All()) == 7
    assert "a listener failed" in caplog.text


async def test_no_search_goes_past_the_listeners(finder: Finder, dao: MemoryDAO) -> None:
    async with Quick() as search:
        quick = Finder(search, finder._index, Store(dao, cache=None, index=None))
        assert search.peeked == 0
        quick.peek(APP, All())
        assert search.peeked == 1
        assert heard_by(quick, Hearing()).peek(APP, All()) is None
        assert search.peeked == 1


class Quick(MemorySearch):
    """An engine that could answer without waiting."""

    peeked = 0

    def peek(
        self, appid: str, query: Node, *, kind: str | None = None, pager: Pager | None = None
    ) -> Hits | None:
        self.peeked += 1
        return None
