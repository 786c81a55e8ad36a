"""Two processes on one folder: one writes, the other searches, and what it finds is the same."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Sequence
from pathlib import Path

import pytest

from para_core.contracts.dao import Record
from para_core.contracts.search import Hits, Search
from para_core.errors import ConfigError
from para_core.pager import Pager
from para_core.query.tree import All, Node
from para_core.testing.search import SearchSuite
from para_search_lucene.search import LuceneSearch
from para_search_lucene.settings import LuceneSettings


class WriterAndReader(Search):
    """Writes by one instance and searches by the other, which looks again before each search."""

    def __init__(self, writer: Search, reader: Search) -> None:
        self.writer, self.reader = writer, reader

    async def open(self) -> None:
        await self.writer.open()
        await self.writer.lead()
        await self.reader.open()

    async def close(self) -> None:
        await self.reader.close()
        await self.writer.close()

    async def position(self, appid: str) -> int | None:
        return await self.reader.refresh(appid)

    async def index(
        self, appid: str, puts: Sequence[Record], deletes: Sequence[str], position: int | None
    ) -> None:
        await self.writer.index(appid, puts, deletes, position)

    async def rebuild(
        self, appid: str, records: AsyncIterable[Sequence[Record]], position: int
    ) -> int:
        return await self.writer.rebuild(appid, records, position)

    async def drop(self, appid: str) -> None:
        await self.writer.drop(appid)

    async def find(
        self, appid: str, query: Node, *, kind: str | None = None, pager: Pager | None = None
    ) -> Hits:
        await self.reader.refresh(appid)
        return await self.reader.find(appid, query, kind=kind, pager=pager)


def shared(folder: Path) -> LuceneSearch:
    search = LuceneSearch(LuceneSettings(dir=str(folder)))
    search.share("one")
    return search


class TestSharedLucene(SearchSuite):
    sorted_bytes = 32

    @pytest.fixture
    async def search(self, tmp_path: Path) -> AsyncIterator[Search]:
        async with WriterAndReader(shared(tmp_path), shared(tmp_path)) as search:
            yield search


def a_record(key: str) -> Record:
    return Record(key, "cat", b'{"id":"%s","type":"cat"}' % key.encode(), 1)


async def test_a_reader_takes_over_where_the_writer_ended(tmp_path: Path) -> None:
    first, second = shared(tmp_path), shared(tmp_path)
    await first.open()
    await first.lead()
    await second.open()
    await first.index("app", [a_record("a")], [], 1)
    assert (await second.find("app", All())).total == 1
    await first.index("app", [a_record("b")], [], 2)
    assert (await second.find("app", All())).total == 1  # it was not told to look again
    with pytest.raises(ConfigError, match="another process has the indexes"):
        await second.lead()
    await first.close()
    await second.lead()
    assert await second.position("app") == 2
    await second.index("app", [a_record("c")], ["a"], 3)
    assert sorted((await second.find("app", All())).keys) == ["b", "c"]
    await second.close()


async def test_deletions_alone_are_seen(tmp_path: Path) -> None:
    async with WriterAndReader(shared(tmp_path), shared(tmp_path)) as search:
        await search.index("app", [a_record("a"), a_record("b")], [], 1)
        assert (await search.find("app", All())).total == 2
        await search.index("app", [], ["a"], None)
        assert (await search.find("app", All())).keys == ["b"]
