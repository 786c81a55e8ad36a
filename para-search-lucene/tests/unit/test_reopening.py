"""Indexes that are written to all the time are opened anew; nothing is lost or seen of it."""

from __future__ import annotations

import asyncio
import ctypes
import logging
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from tantivy import Index

from para_core.query.tree import All
from para_core.testing.search import a_record
from para_search_lucene import appindex, engine
from para_search_lucene.search import LuceneSearch
from para_search_lucene.settings import LuceneSettings

from .commits_process import write

PATIENCE_SEC = 60.0
COMMITS = Path(__file__).with_name("commits_process.py")


@pytest.fixture
async def search(tmp_path: Path) -> AsyncIterator[LuceneSearch]:
    async with LuceneSearch(LuceneSettings(dir=str(tmp_path))) as search:
        yield search


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders of indexes that were opened; an index is worn after ten commits."""
    folders: list[Path] = []

    def open_engine(path: Path) -> Index:
        folders.append(path)
        return engine.open_engine(path)

    monkeypatch.setattr(appindex, "WORN_COMMITS", 10)
    monkeypatch.setattr(appindex, "open_engine", open_engine)
    return folders


async def test_an_index_is_opened_anew_and_loses_nothing(
    search: LuceneSearch, opened: list[Path]
) -> None:
    for number in range(99):
        await write(search, number, number + 1)
        hits = await search.find("app", All())
        assert set(hits.keys) == {f"k{at}" for at in range(max(0, number - 2), number + 1)}
        assert await search.position("app") == number
    assert 5 <= len(opened) <= 9  # some wait for a merge


async def test_memory_of_what_was_opened_before_is_given_back(
    search: LuceneSearch, opened: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine frees it, and its new threads take their own: 170 MB after 40 times."""
    given_back: list[int] = []
    monkeypatch.setattr(appindex, "give_back_memory", lambda: given_back.append(len(opened)))
    await write(search, 0, 40)
    await search._opened().threads.write(lambda: None)
    assert len(opened) >= 1
    assert given_back == list(range(1, len(opened) + 1))


async def test_a_page_that_was_asked_for_stays_known(
    search: LuceneSearch, opened: list[Path]
) -> None:
    await write(search, 0, 9)
    found = None
    while not opened:
        await write(search, 9, 10)
        found = await search.find("app", All())
        await search._opened().threads.write(lambda: None)
    assert found is not None
    assert search.peek("app", All()) is found


async def test_searches_go_on_while_an_index_is_opened_anew(
    search: LuceneSearch, opened: list[Path]
) -> None:
    """More documents than are searched on the event loop."""
    await search.index("app", [a_record(f"old{n}", n=n) for n in range(1500)], [], 0)
    writing = asyncio.ensure_future(write(search, 1, 60))
    while not writing.done():
        hits = await search.find("app", All(), kind=None)
        assert 1500 <= hits.total <= 1503
        await asyncio.sleep(0)
    await writing
    assert len(opened) >= 3


async def test_a_merge_is_not_waited_for(
    search: LuceneSearch, opened: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    merging = True
    monkeypatch.setattr(appindex, "is_merging", lambda *_: merging)
    await write(search, 0, 30)
    assert opened == []
    merging = False
    await write(search, 30, 32)
    assert len(opened) == 1


async def test_not_even_for_ever(
    search: LuceneSearch, opened: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appindex, "is_merging", lambda *_: True)
    monkeypatch.setattr(appindex, "WORN_OUT_COMMITS", 20)
    await write(search, 0, 31)
    assert len(opened) == 1


async def test_merges_are_told_from_what_is_left_over(search: LuceneSearch) -> None:
    """Every eighth commit merges; files of replaced segments are left over after each."""
    told: list[bool] = []
    for number in range(40):
        batch = [a_record(f"k{at}", number=number) for at in range(number * 100, number * 150)]
        await search.index("app", batch, [], number)
        told.append(await is_merging(search))
        if told[-1]:
            await close_writer(search)  # it waits for the merge
            await search.index("app", [a_record("k1")], [], number)
            assert not await is_merging(search)
    assert any(told)
    assert told.count(False) > 20


async def is_merging(search: LuceneSearch) -> bool:
    shelf = search._opened()
    app = shelf._open["app"]
    assert app._writer is not None
    return await shelf.threads.write(partial(engine.is_merging, app.path, app._writer))


async def close_writer(search: LuceneSearch) -> None:
    shelf = search._opened()
    await shelf.threads.write(shelf._open["app"].close_writer)


async def test_an_index_that_cannot_be_opened_anew_is_used_on(
    search: LuceneSearch,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def no_files(path: Path) -> Index:
        raise ValueError(f"too many open files: {path}")

    monkeypatch.setattr(appindex, "WORN_COMMITS", 10)
    monkeypatch.setattr(appindex, "open_engine", no_files)
    with caplog.at_level(logging.WARNING):
        await write(search, 0, 25)
    told = [line for line in caplog.records if line.message == "an index stays open"]
    assert 1 <= len(told) <= 2
    assert set((await search.find("app", All())).keys) == {"k22", "k23", "k24"}
    assert await search.position("app") == 24


async def test_what_only_reads_is_opened_anew_too(
    search: LuceneSearch, tmp_path: Path, opened: list[Path]
) -> None:
    await write(search, 0, 1)
    reader = LuceneSearch(LuceneSettings(dir=str(tmp_path)))
    reader.share("group")
    async with reader:
        assert await reader.position("app") == 0
        opened.clear()
        for number in range(1, 24):
            await write(search, number, number + 1)
            assert await reader.refresh("app") == number
            keys = (await reader.find("app", All())).keys
            assert set(keys) == {f"k{at}" for at in range(max(0, number - 2), number + 1)}
            assert await reader.refresh("app") == number
    assert 2 <= len(opened) <= 4


async def test_who_looks_slowly_hides_nothing_that_others_have_seen(
    search: LuceneSearch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two searches look at once for what the process that writes has committed."""
    has_opened, go_on = threading.Event(), threading.Event()

    def open_slowly(path: Path) -> Index:
        index = engine.open_engine(path)
        if not has_opened.is_set():
            has_opened.set()
            go_on.wait(PATIENCE_SEC)
        return index

    await write(search, 0, 1)
    reader = LuceneSearch(LuceneSettings(dir=str(tmp_path)))
    reader.share("group")
    async with reader:
        assert await reader.position("app") == 0
        monkeypatch.setattr(appindex, "WORN_COMMITS", 0)
        monkeypatch.setattr(appindex, "open_engine", open_slowly)
        slow = asyncio.ensure_future(reader.refresh("app"))
        await asyncio.to_thread(has_opened.wait, PATIENCE_SEC)
        await write(search, 1, 2)
        quick = asyncio.ensure_future(reader.refresh("app"))
        await asyncio.wait([quick], timeout=0.5)  # it waits for the slow one
        go_on.set()
        assert await quick == 1
        await slow
        assert set((await reader.find("app", All())).keys) == {"k0", "k1"}


def test_commits_take_no_memory(tmp_path: Path) -> None:
    """500 commits took 900 KB before, and take 50 now."""
    if not hasattr(ctypes.CDLL(None), "mallinfo2"):
        pytest.skip("glibc tells how much memory is in use, from 2.33 on")
    command = [sys.executable, str(COMMITS), str(tmp_path), "50"]
    told = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    assert int(told.stdout) < 300_000
