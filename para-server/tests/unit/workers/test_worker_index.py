"""Two workers on one database and one index: who leads, who asks, and what is seen when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from para_core.contracts.dao import Record
from para_core.memory.dao import MemoryDAO
from para_core.memory.search import MemorySearch
from para_core.query.tree import All
from para_core.testing.dao import a_record
from para_server.workers.dao import WorkerDAO
from para_server.workers.index import WorkerIndex

from .test_board import seats

SOON = 10.0


class World:
    """The first worker leads; both have one index, which they see without delay."""

    def __init__(self, folder: Path) -> None:
        self.dao, self.search = MemoryDAO(), MemorySearch()
        boards = seats(2)
        self.daos = [WorkerDAO(self.dao, board) for board in boards]
        self.indexes = [
            WorkerIndex(dao, self.search, board, folder, is_first=number == 0)
            for number, (dao, board) in enumerate(zip(self.daos, boards, strict=True))
        ]

    async def store(self, worker: int, key: str) -> None:
        number = await self.daos[worker].create("app", a_record(key))
        self.indexes[worker].end("app", 0, number, [], [])

    async def total(self) -> int:
        return (await self.search.find("app", All())).total


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path)
    async with world.dao, world.search:
        await world.indexes[0].open()
        await world.indexes[1].open()
        yield world
        await asyncio.gather(*(index.close() for index in world.indexes))


async def test_the_first_worker_leads(world: World) -> None:
    assert [index.leads for index in world.indexes] == [True, False]


@pytest.mark.parametrize("writer", [0, 1])
@pytest.mark.parametrize("searcher", [0, 1])
async def test_a_search_waits_for_what_any_worker_stored(
    world: World, writer: int, searcher: int
) -> None:
    index = world.indexes[searcher]
    assert await index.caught_up("app", SOON)
    assert index.is_current("app")
    await world.store(writer, "cat")
    assert not index.is_current("app")
    assert await index.caught_up("app", SOON)
    assert index.is_current("app")
    assert await world.total() == 1


async def test_the_leader_hears_of_news_without_a_search(world: World) -> None:
    heard: list[str] = []
    world.indexes[0].on_news = heard.append
    await world.store(1, "cat")
    async with asyncio.timeout(SOON):
        while await world.total() == 0:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
    assert heard == ["app"]
    assert (await world.search.find("app", All())).keys == ["cat"]


async def test_what_no_database_holds_is_indexed_for_any_worker(world: World) -> None:
    for number, index in enumerate(world.indexes):
        record = Record(f"u{number}", "cat", b'{"id":"u","type":"cat"}')
        await index.index_unstored("app", [record])
        assert await world.total() == number + 1


async def test_an_index_is_rebuilt_and_dropped_for_any_worker(world: World) -> None:
    await world.store(0, "cat")
    for index in world.indexes:
        assert await index.rebuild("app") == 1
        await index.drop("app")
        assert await world.total() == 0
        await index.rebuild("app")


@pytest.mark.parametrize("searcher", [0, 1])
async def test_an_index_that_somebody_removed_is_made_again(world: World, searcher: int) -> None:
    await world.store(0, "cat")
    index = world.indexes[searcher]
    assert await index.caught_up("app", SOON)
    await world.search.drop("app")
    index.lost("app")
    assert not index.is_current("app")
    assert await index.caught_up("app", SOON)
    assert await world.total() == 1


async def test_another_worker_takes_the_lead_and_its_duties(tmp_path: Path) -> None:
    world = World(tmp_path)
    begun = asyncio.Event()

    async with world.dao, world.search:
        first, second = world.indexes
        await first.open()
        await second.open()
        second.on_lead.append(begun.set)
        await world.store(1, "cat")
        first._seat.leave()
        async with asyncio.timeout(SOON):
            await begun.wait()
        assert second.leads
        assert await second.caught_up("app", SOON)
        assert await world.total() == 1
        await second.close()
        await first.close()
