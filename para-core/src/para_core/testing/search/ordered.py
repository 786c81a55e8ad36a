"""What a search engine promises that several servers write to, beside the suite of all.

::

    class TestTideSearchOfServers(OrderedSearchSuite):
        @pytest.fixture
        async def search(self, tmp_path: Path) -> AsyncIterator[Search]:
            async with TideSearch(tmp_path) as search:
                yield search
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence

import pytest

from para_core.contracts.dao import Record
from para_core.contracts.search import Delta, Later, Search
from para_core.errors import IndexMovedError
from para_core.query.tree import Exact
from para_core.testing.search.samples import APP, a_record, batches, count_of, find, found

__all__ = ["OrderedSearchSuite", "deltas"]


def deltas(*told: Delta) -> Later:
    """Tell these deltas, each to whoever has not passed it."""

    async def later(after: int) -> AsyncIterator[Delta]:
        for delta in told:
            if delta.position > after:
                yield delta

    return later


async def make(search: Search, *records: Record, position: int = 1) -> None:
    """Make the index of the app, and be the one who writes it."""
    assert await search.rebuild_as_of(APP, batches(records), position, deltas()) == len(records)
    assert await search.position(APP) == position


async def keys(search: Search, query: str = "*") -> str:
    return await found(search, query, sort="id", desc=False, limit=100)


class OrderedSearchSuite:
    """What an engine promises whose ``is_ordered`` is true; provide the fixture ``search``."""

    @pytest.fixture
    async def other(self, search: Search) -> Search:
        """Give the engine of another server, on the same indexes."""
        return search

    async def test_it_says_that_it_keeps_the_order(self, search: Search) -> None:
        assert search.is_ordered

    async def test_an_older_record_does_not_replace_a_newer_one(
        self, search: Search, other: Search
    ) -> None:
        await make(search)
        await search.index_as_of(APP, [a_record("k", "thing", 5, v="new")], [], 5, 5)
        await other.index_as_of(APP, [a_record("k", "thing", 3, v="old")], [], None, 4)
        assert await keys(search, "properties.v:new") == "k"
        assert await keys(search, "properties.v:old") == ""
        await other.index_as_of(APP, [a_record("k", "thing", 6, v="newer")], [], None, 5)
        assert await keys(search, "properties.v:newer") == "k"

    async def test_the_same_change_may_be_applied_again(self, search: Search) -> None:
        await make(search)
        for text in ("one", "two"):
            await search.index_as_of(APP, [a_record("k", "thing", 5, v=text)], ["z"], 5, 5)
            assert await keys(search, f"properties.v:{text}") == "k"
        assert await search.position(APP) == 5

    async def test_what_was_removed_later_does_not_come_back(
        self, search: Search, other: Search
    ) -> None:
        await make(search, a_record("k", "thing", 1), a_record("stays"))
        await search.index_as_of(APP, [], ["k", "unknown"], 7, 7)
        late = [a_record("k", "thing", 6), a_record("unknown", "thing", 6)]
        await other.index_as_of(APP, late, [], None, 5)
        assert await keys(search) == "stays"
        await other.index_as_of(APP, [a_record("k", "thing", 8)], [], None, 5)
        assert await keys(search) == "k stays"

    async def test_an_older_removal_leaves_what_was_stored_later(
        self, search: Search, other: Search
    ) -> None:
        await make(search, a_record("k", "thing", 5))
        await other.index_as_of(APP, [], ["k"], None, 4)
        assert await keys(search) == "k"
        await other.index_as_of(APP, [], ["k"], None, 5)
        assert await keys(search) == ""

    async def test_a_record_is_true_as_of_the_moment_it_was_read(self, search: Search) -> None:
        await make(search)
        await search.index_as_of(APP, [a_record("k", "thing", 2)], [], 9, 9)
        await search.index_as_of(APP, [], ["k"], None, 8)
        assert await keys(search) == "k"

    async def test_a_record_that_cannot_be_indexed_takes_what_it_was_with_it(
        self, search: Search, caplog: pytest.LogCaptureFixture
    ) -> None:
        await make(search, a_record("bad"), a_record("a"))
        with caplog.at_level(logging.WARNING):
            bad = Record("bad", "thing", b'{"id":', 4)
            await search.index_as_of(APP, [bad, a_record("b", "thing", 4)], [], 4, 4)
        assert await count_of(search, Exact("id", "a")) == 1
        assert await count_of(search, Exact("id", "b")) == 1
        assert await search.position(APP) == 4
        assert any(record.levelno >= logging.WARNING for record in caplog.records)

    async def test_positions_are_not_moved_back(self, search: Search) -> None:
        await make(search, position=5)
        await search.index_as_of(APP, [a_record("a", "thing", 7)], [], 7, 7)
        await search.index_as_of(APP, [a_record("b", "thing", 6)], [], 6, 6)
        assert await search.position(APP) == 7
        await search.index_as_of(APP, [a_record("c", "thing", 9)], [], None, 9)
        assert await search.position(APP) == 7
        assert await search.refresh(APP) == 7
        assert await keys(search) == "a b c"

    async def test_objects_of_the_index_only_are_true_as_of_their_change(
        self, search: Search, other: Search
    ) -> None:
        await make(search)
        kept = a_record("kept", change=0, v="é")
        await other.index_as_of(APP, [kept], [], None, 5)
        assert (await find(search, "*")).sources == {"kept": kept.data}
        await search.index_as_of(APP, [a_record("kept", "thing", 4)], [], 4, 4)
        assert (await find(search, "*")).sources == {"kept": kept.data}
        await search.index_as_of(APP, [a_record("kept", "thing", 6)], [], 6, 6)
        assert (await find(search, "*")).sources == {}

    @pytest.mark.parametrize("position", [5, None], ids=["its writer", "anybody"])
    async def test_an_index_that_is_not_there_is_not_made_by_a_change(
        self, search: Search, position: int | None
    ) -> None:
        with pytest.raises(IndexMovedError):
            await search.index_as_of("nosuch", [a_record("a")], [], position, 5)
        assert await search.position("nosuch") is None

    async def test_what_is_indexed_later_counts_as_later(
        self, search: Search, other: Search
    ) -> None:
        await make(search, *(a_record(f"m{n}") for n in range(5)))
        await search.index_as_of(APP, [a_record("b", "thing", 2)], [], 2, 2)
        await other.position(APP)
        await other.index_as_of(APP, [a_record("a", "thing", 3)], [], 3, 3)
        order = await found(search, "*", sort="_docid", desc=False)
        assert order == "m0 m1 m2 m3 m4 b a"

    # ---- rebuilding -----------------------------------------------------------------------------

    async def test_a_rebuild_has_what_changed_meanwhile(
        self, search: Search, other: Search
    ) -> None:
        await make(search, a_record("old"), a_record("gone"), a_record("kept"))
        late = Delta([a_record("new", "thing", 4)], ["gone"], 4)

        async def read() -> AsyncIterator[Sequence[Record]]:
            yield [a_record("gone", "thing", 2)]
            await search.index_as_of(APP, late.puts, late.deletes, 4, 4)
            assert await keys(search) == "kept new old"
            yield [a_record("kept", "thing", 2)]

        assert await other.rebuild_as_of(APP, read(), 3, deltas(late)) == 2
        assert await keys(search) == "kept new"
        assert await search.position(APP) == 4

    async def test_a_rebuild_keeps_what_is_newer_than_a_page(self, search: Search) -> None:
        """A change may be told before the walk over all records comes to its object."""
        told = Delta([a_record("a", "thing", 6, v="new")], ["b"], 6)

        async def read() -> AsyncIterator[Sequence[Record]]:
            yield [a_record("a", "thing", 2, v="old"), a_record("b", "thing", 2)]

        await search.rebuild_as_of(APP, read(), 3, deltas(told))
        assert await keys(search, "properties.v:new") == "a"
        await search.index_as_of(APP, [a_record("b", "thing", 2)], [], None, 5)
        assert await keys(search) == "a"

    async def test_a_rebuild_of_servers_that_fails_leaves_the_old_index(
        self, search: Search, other: Search
    ) -> None:
        await make(search, a_record("old"))

        async def read() -> AsyncIterator[Sequence[Record]]:
            yield [a_record("new")]
            raise ConnectionError("the database is gone")

        async def broken(after: int) -> AsyncIterator[Delta]:
            yield Delta([], [], after + 1)
            raise ConnectionError("the database is gone")

        with pytest.raises(ConnectionError):
            await other.rebuild_as_of(APP, read(), 2, deltas())
        with pytest.raises(ConnectionError):
            await other.rebuild_as_of(APP, batches([a_record("new")]), 2, broken)
        assert await keys(search) == "old"
        assert await search.position(APP) == 1

    async def test_of_two_rebuilds_of_servers_one_is_whole(
        self, search: Search, other: Search
    ) -> None:
        """The one that ends later may fail, or be put in the place of the other."""
        await make(search, a_record("old"))

        async def read() -> AsyncIterator[Sequence[Record]]:
            yield [a_record("slow")]
            await other.rebuild_as_of(APP, batches([a_record("quick")]), 2, deltas())
            yield [a_record("slower")]

        try:
            await search.rebuild_as_of(APP, read(), 2, deltas())
        except IndexMovedError:
            left = "quick"
        else:
            left = "slow slower"
        assert await keys(search) == left
        await make(search, a_record("next"), position=3)
        assert await keys(search) == "next"
