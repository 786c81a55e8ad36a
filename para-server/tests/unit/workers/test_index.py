"""Who leads follows the database; nobody gives up for good."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from para_core.contracts.dao import Put, Record, Write
from para_core.errors import ConfigError, UnavailableError
from para_core.memory.dao import MemoryDAO
from para_core.memory.search import MemorySearch
from para_core.testing.cancelling import until
from para_server.workers import index as worker_index
from para_server.workers.index import WorkerIndex

from .test_board import seats


class Taken(MemorySearch):
    """An index that somebody else has at first, and that tells how often it was asked for."""

    def __init__(self, refusals: int) -> None:
        super().__init__()
        self.refusals, self.asked = refusals, 0

    async def lead(self) -> None:
        self.asked += 1
        if self.asked <= self.refusals:
            raise ConfigError("another process has the indexes")


class Away(MemoryDAO):
    """A database that does not tell its apps some times."""

    def __init__(self) -> None:
        super().__init__()
        self.failures: list[Exception] = []

    async def apps(self) -> list[str]:
        if self.failures:
            raise self.failures.pop()
        return await super().apps()


async def lead_of(index: WorkerIndex) -> None:
    """Open, and wait until this worker leads."""
    leads = asyncio.Event()
    index.on_lead.append(leads.set)
    await index.open()
    async with asyncio.timeout(5):
        await leads.wait()


async def test_who_cannot_lead_at_once_tries_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_index, "_AGAIN_SEC", 0.01)
    search = Taken(refusals=3)
    async with MemoryDAO() as dao, search:
        number = await dao.write("app", Write("create", [Put(Record("a", "film", b'{"id":"a"}'))]))
        index = WorkerIndex(dao, search, seats(2)[0], tmp_path, is_first=False)
        try:
            await lead_of(index)
            assert await index.caught_up("app", 5)
            assert await search.position("app") == number
        finally:
            await index.close()
        assert search.asked == 4


async def test_the_others_may_try_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_index, "_AGAIN_SEC", 60)
    broken, whole = Taken(refusals=10**9), MemorySearch()
    async with MemoryDAO() as dao, broken, whole:
        boards = seats(2)
        first = WorkerIndex(dao, broken, boards[0], tmp_path, is_first=False)
        second = WorkerIndex(dao, whole, boards[1], tmp_path, is_first=False)
        try:
            await first.open()
            await lead_of(second)
            assert not first.leads
        finally:
            await first.close()
            await second.close()


async def test_a_lead_that_is_broken_off_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = asyncio.Event()

    async def hang() -> None:
        begun.set()
        await asyncio.Event().wait()

    async with MemoryDAO() as dao, MemorySearch() as search:
        before = asyncio.all_tasks()
        index = WorkerIndex(dao, search, seats(2)[0], tmp_path, is_first=True)
        monkeypatch.setattr(index._server, "open", hang)
        opening = asyncio.create_task(index.open())
        await begun.wait()
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        await index.close()
        assert asyncio.all_tasks() == before
        other = WorkerIndex(dao, search, seats(2)[0], tmp_path, is_first=True)
        await other.open()
        assert other.leads
        await other.close()


async def test_what_workers_left_is_looked_for_until_the_database_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody else tells of what a worker wrote that was killed."""
    monkeypatch.setattr(worker_index, "_AGAIN_SEC", 0.01)
    async with Away() as dao, MemorySearch() as search:
        index = WorkerIndex(dao, search, seats(2)[0], tmp_path, is_first=True)
        await index.open()
        assert await index.caught_up("app", 60)
        dao.failures = [UnavailableError("it is away"), ValueError("a mistake")] * 2
        await dao.write("app", Write("create", [Put(Record("a", "film", b'{"id":"a"}'))]))
        index._look_at_all()
        index._look_at_all()  # two may end at the same time
        assert len(index._sweeps) == 2
        await until(lambda: not index._sweeps)
        async with asyncio.timeout(60):
            while await search.position("app") != 1:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.01)
        await index.close()
        assert dao.failures == []
