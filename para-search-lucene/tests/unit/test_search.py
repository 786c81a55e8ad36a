"""Open indexes, their bounds, deep pages, and writers that failed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from para_core.contracts.dao import Record
from para_core.errors import BackendError, UnavailableError
from para_core.pager import Pager
from para_core.query.tree import All, Bool, Phrase, Range, Term
from para_core.testing.cancelling import Held, cancel_during, until
from para_core.testing.search import a_record
from para_search_lucene import appindex, columns, shelf, snapshot
from para_search_lucene.convert import encode_document
from para_search_lucene.search import LuceneSearch
from para_search_lucene.settings import LuceneSettings


@pytest.fixture
async def search(tmp_path: Path) -> AsyncIterator[LuceneSearch]:
    settings = LuceneSettings(dir=str(tmp_path), max_readers=5, max_writers=2, writer_idle_sec=1)
    async with LuceneSearch(settings) as search:
        yield search


async def test_an_index_that_was_cancelled_as_it_was_made_is_removed(
    search: LuceneSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its writer would go on to hold memory and a lock, and its files would stay."""
    held = Held(shelf._make)
    monkeypatch.setattr(shelf, "_make", held)
    await cancel_during(search.index("app", [a_record("a")], [], 1), held)
    [made] = held.results
    assert made.path.exists()
    held.may_return.set()
    await until(lambda: not made.path.exists())
    assert not made.is_writing


def numbered(count: int, *, times: int = 1) -> list[Record]:
    """Records in the order of their numbers, ``times`` of them at the same time."""
    return [
        a_record(f"k{number}", timestamp=1000 + number // times, number=number, half=number // 2)
        for number in range(count)
    ]


async def test_open_indexes_and_writers_are_bounded(search: LuceneSearch) -> None:
    for number in range(12):
        await search.index(f"app{number}", [a_record("k", n=number)], [], 1)
    assert len(search._opened()._open) <= 5
    assert sum(app.is_writing for app in search._opened()._open.values()) <= 2 + 1
    for number in range(12):
        assert await search.count(f"app{number}", Term(None, str(number))) == 1
        assert await search.position(f"app{number}") == 1
    assert len(search._opened()._open) <= 5


async def test_an_index_that_is_searched_stays_open(search: LuceneSearch) -> None:
    for number in range(5):
        await search.index(f"app{number}", [a_record("k")], [], 1)
    await search.find("app0", All())
    assert search.peek("app1", All()) is None
    await search.index("app5", [a_record("k")], [], 1)
    await search.index("app6", [a_record("k")], [], 1)
    assert list(search._opened()._open) == ["app4", "app0", "app1", "app5", "app6"]


async def test_idle_writers_are_closed(
    search: LuceneSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("para_search_lucene.shelf._IDLE_CHECK_SEC", 0.05)
    shelf = search._opened()
    monkeypatch.setattr(
        shelf, "_settings", msgspec.structs.replace(shelf._settings, writer_idle_sec=0)
    )
    await search.index("app", [a_record("k")], [], 1)
    for _ in range(100):
        await asyncio.sleep(0.02)
        if not search._opened()._open["app"].is_writing:
            break
    assert not search._opened()._open["app"].is_writing
    await search.index("app", [a_record("l")], [], 2)
    assert await search.count("app", All()) == 2


async def test_repeated_searches_are_answered_from_memory(search: LuceneSearch) -> None:
    await search.index("app", numbered(5), [], 1)
    first = await search.find("app", All())
    assert await search.find("app", All()) is first
    assert search.statistics.hits == 1
    await search.index("app", [], ["k3"], 2)
    assert (await search.find("app", All())).total == 4
    assert search.statistics.entries == 1


async def test_what_was_found_can_be_seen_without_waiting(search: LuceneSearch) -> None:
    await search.index("app", numbered(5), [], 1)
    assert search.peek("app", All()) is None
    first = await search.find("app", All())
    assert search.peek("app", All()) is first
    assert search.peek("app", All(), kind="cat") is None
    assert search.peek("another", All()) is None
    await search.index("app", [], ["k3"], 2)
    assert search.peek("app", All()) is None


async def test_searches_in_threads_find_the_same(search: LuceneSearch) -> None:
    await search.index("app", numbered(1500), [], 1)
    asc = Pager(sort="properties.number", desc=False, limit=3, page=200)
    hits = await search.find("app", Range("properties.number", "100", None), pager=asc)
    assert (hits.keys, hits.total) == (["k697", "k698", "k699"], 1400)


@pytest.mark.parametrize(
    "sort", ["timestamp", "properties.half", "properties.number", "_docid", "id"]
)
async def test_every_page_is_whole_and_none_overlap(search: LuceneSearch, sort: str) -> None:
    await search.index("app", numbered(330, times=7), [], 1)
    for size in (7, 50):
        keys: list[str] = []
        for page in range(1, 330 // size + 3):
            pager = Pager(page=page, limit=size, sort=sort)
            hits = await search.find("app", All(), pager=pager)
            assert hits.total == 330
            keys += hits.keys
        whole = await search.find("app", All(), pager=Pager(limit=1000, sort=sort))
        assert keys == whole.keys
        assert len(set(keys)) == 330


async def test_ties_are_in_the_order_of_indexing_in_both_directions(search: LuceneSearch) -> None:
    await search.index("app", numbered(30, times=10), [], 1)
    await search.index("app", [a_record("k3", timestamp=1000, number=3)], [], 2)
    first = ["k0", "k1", "k2", "k4", "k5", "k6", "k7", "k8", "k9", "k3"]
    asc = await search.find("app", All(), pager=Pager(desc=False, limit=10))
    desc = await search.find("app", All(), pager=Pager(limit=10, page=3))
    assert asc.keys == first
    assert desc.keys == first


async def test_the_last_of_a_thousand_pages_is_reached(search: LuceneSearch) -> None:
    await search.index("app", numbered(2000), [], 1)
    for sort in ("timestamp", "properties.number"):
        pager = Pager(page=1000, limit=2, sort=sort)
        hits = await search.find("app", All(), pager=pager)
        assert hits.keys == ["k1", "k0"]
        beyond = await search.find("app", All(), pager=Pager(page=1001, limit=2, sort=sort))
        assert (beyond.keys, beyond.total) == ([], 2000)


async def test_a_writer_that_failed_is_not_used_again(
    search: LuceneSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    await search.index("app", [a_record("first")], [], 1)

    def fail(*_: object) -> tuple[str, list[str]]:
        raise OSError("something broke")

    with monkeypatch.context() as patch:
        patch.setattr(appindex, "encode_document", fail)
        with pytest.raises(BackendError, match="something broke"):
            await search.index("app", [a_record("second")], [], 2)
    assert not search._opened()._open["app"].is_writing
    assert await search.position("app") == 1
    assert (await search.find("app", All())).keys == ["first"]
    await search.index("app", [a_record("second")], [], 2)
    assert (await search.find("app", All(), pager=Pager(sort="id"))).keys == ["second", "first"]


async def test_an_object_that_the_engine_refuses_is_left_out(
    search: LuceneSearch, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def spoil(document: object, docid: int, source: bytes | None) -> tuple[str, list[str]]:
        text, marks = encode_document(document, docid, source)  # type: ignore[arg-type]
        return text.replace('"docid":', '"docid":"x","x":') if "bad" in text else text, marks

    monkeypatch.setattr(appindex, "encode_document", spoil)
    with caplog.at_level(logging.ERROR):
        await search.index("app", [a_record("a"), a_record("bad"), a_record("b")], [], 1)
    assert [record.message for record in caplog.records] == ["an object cannot be indexed"]
    assert (await search.find("app", All(), pager=Pager(sort="id", desc=False))).keys == ["a", "b"]


@pytest.mark.parametrize("depth", [500, 50_000])
async def test_a_query_that_nests_too_deep_is_refused(search: LuceneSearch, depth: int) -> None:
    await search.index("app", [a_record("a")], [], 1)
    node: Bool = Bool(must=[Term(None, "a")])
    for _ in range(depth):
        node = Bool(must=[node])
    with pytest.raises(BackendError, match="nests more than"):
        await search.find("app", node)


async def test_a_closed_engine_says_so(tmp_path: Path) -> None:
    search = LuceneSearch(LuceneSettings(dir=str(tmp_path)))
    with pytest.raises(UnavailableError, match="not open"):
        await search.find("app", All())
    async with search:
        await search.index("app", [a_record("a")], [], 1)
    await search.close()
    with pytest.raises(UnavailableError, match="not open"):
        await search.index("app", [a_record("a")], [], 1)
    async with search:
        assert await search.position("app") == 1


async def test_lists_of_many_objects_are_read_from_the_newest_ones(
    search: LuceneSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The short way and the long way give the same pages, also after many more objects."""
    monkeypatch.setattr(snapshot, "_RECENT", 20)
    await search.index("app", numbered(100, times=3), [], 1)
    app = search._opened().get("app")
    assert app is not None
    for count in (100, 300):
        pages = [Pager(page=page, limit=4) for page in range(1, 8)]
        keys = [key for page in pages for key in (await search.find("app", All(), pager=page)).keys]
        expected = newest_first(numbered(count, times=3))
        assert keys == [record.id for record in expected][:28]
        assert app._recent.floor is not None
        await search.index("app", numbered(300, times=3), [], 2)
    assert (await search.find("app", All(), kind="nosuch")).total == 0


def newest_first(records: list[Record]) -> list[Record]:
    """Three records each have one time; among them the first indexed one comes first."""
    return sorted(records, key=lambda record: (-(int(record.id[1:]) // 3), int(record.id[1:])))


async def test_a_long_loose_phrase_is_no_burden(search: LuceneSearch) -> None:
    fields: dict[str, Any] = {f"f{number}": f"word{number} other" for number in range(300)}
    text = " ".join(f"w{number}" for number in range(100))
    await search.index("app", [a_record("k", text=text, **fields)], [], 1)
    words = " ".join(f"w{number}" for number in range(10, 30))
    async with asyncio.timeout(5):
        assert await search.count("app", Phrase(None, words, 3)) == 1
        assert await search.count("app", Phrase(None, f"{words} nosuch", 3)) == 0


@pytest.mark.parametrize(
    "sort", ["properties.number", "properties.half", "properties.word", "name"]
)
async def test_pages_far_down_are_the_same(
    search: LuceneSearch, monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    """Beyond some thousand hits a page is found by its first value instead of counting rows."""
    records = [
        a_record(f"k{n}", name=f"Name number {n % 17}", number=-n, half=n // 9, word="w" * (n % 20))
        for n in range(150)
    ]
    await search.index("app", records, [], 1)
    for desc in (False, True):
        whole = await search.find("app", All(), pager=Pager(limit=150, sort=sort, desc=desc))
        with monkeypatch.context() as patch:
            patch.setattr(columns, "_FAR", 3)
            keys = [
                key
                for page in range(1, 17)
                for key in (
                    await search.find(
                        "app", All(), pager=Pager(page=page, limit=10, sort=sort, desc=desc)
                    )
                ).keys
            ]
        assert keys == whole.keys
