"""A server of a test's own is killed, or has no room; a product brings a ``DatabaseServer``."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
from abc import abstractmethod
from collections import Counter

import pytest

from para_core.contracts.dao import Record
from para_core.errors import StorageFullError, UnavailableError
from para_core.testing.dao import a_record
from para_core.testing.own_server import OwnServer
from para_dao_sql.servers import ServerDAO

__all__ = ["DatabaseServer", "KilledServer"]

ROUNDS = int(os.environ.get("PARA_TEST_KILL_ROUNDS", "8"))
BATCH, WRITERS = 5, 12


class DatabaseServer(OwnServer):
    """A server that waits for the disk; it may have little room."""

    @abstractmethod
    def dao(self, *, timeout_ms: int) -> ServerDAO:
        """Make a DAO on it."""

    @abstractmethod
    async def make_room(self) -> None:
        """Give it more, if it was made with little."""


async def write_until(stop: asyncio.Event, dao: ServerDAO, name: str) -> dict[str, int]:
    """Write until the end; return the ids whose writes were answered, with their changes."""
    answered: dict[str, int] = {}
    for step in itertools.count():
        if stop.is_set():
            break
        size = BATCH if step % 2 else 1
        keys = [f"{name}-{step}-{part}" for part in range(size)]
        kind = "part" if size == BATCH else "one"
        try:
            number = await dao.create_all("app", [Record(k, kind, b'"x"') for k in keys])
        except UnavailableError:
            await asyncio.sleep(0.02)
        else:
            answered |= dict.fromkeys(keys, number)
    return answered


async def fill(dao: ServerDAO) -> dict[str, int]:
    """Write until there is no room; return the ids of what was stored, with their changes."""
    chance = random.Random(7)  # noqa: S311 - what no server makes smaller

    def text(size: int) -> str:
        return chance.randbytes(size // 2).hex()

    stored: dict[str, int] = {}
    for step in range(1000):
        keys = [f"{step}-{part}" for part in range(BATCH)]
        try:
            number = await dao.create_all("app", [a_record(k, text=text(50_000)) for k in keys])
        except StorageFullError:
            break
        stored |= dict.fromkeys(keys, number)
    with pytest.raises(StorageFullError, match="no space left"):
        await dao.create("app", a_record("large", text=text(500_000)))
    return stored


async def is_whole(dao: ServerDAO, stored: dict[str, int]) -> None:
    found = {record.id: record.change for record in await dao.read_page("app", limit=10**6)}
    assert found == stored
    feed = await dao.changes("app", 0, limit=10**6)
    assert found == {key: change.number for change in feed for key in change.keys}


class KilledServer:
    """Provide the fixtures ``server`` and ``small``, both running; ``small`` has little room."""

    async def test_one_that_is_killed_and_comes_back_has_all_that_was_answered(
        self, server: DatabaseServer
    ) -> None:
        chance, answered = random.Random(7), dict[str, int]()  # noqa: S311 - the same every time
        async with server.dao(timeout_ms=30_000) as dao:
            for attempt in range(ROUNDS):
                stop = asyncio.Event()
                writers = [
                    asyncio.create_task(write_until(stop, dao, f"{attempt}.{writer}"))
                    for writer in range(WRITERS)
                ]
                await asyncio.sleep(chance.uniform(0.02, 0.3))
                await server.kill()
                await server.start()
                last = await dao.create("app", a_record(f"back-{attempt}"))  # it is used again
                stop.set()
                for done in await asyncio.gather(*writers):
                    answered |= done
                stored = {r.id: r.change for r in await dao.read_page("app", limit=10**6)}
                assert stored.items() >= answered.items()
                assert stored[f"back-{attempt}"] == last
                feed = await dao.changes("app", 0, limit=10**6)
                assert stored == {key: change.number for change in feed for key in change.keys}
                told = Counter(key for change in feed for key in change.keys)
                assert set(told.values()) == {1}, "nothing is stored twice"
                parts = Counter(k.rpartition("-")[0] for k in stored if not k.startswith("back"))
                assert set(parts.values()) <= {1, BATCH}
                assert await dao.last_change("app") == feed[-1].number
        assert len(answered) > ROUNDS

    async def test_one_without_room_says_so_and_stores_nothing_by_half(
        self, small: DatabaseServer
    ) -> None:
        async with small.dao(timeout_ms=60_000) as dao:
            stored = await fill(dao)
            await is_whole(dao, stored)  # reads go on
            await small.make_room()
            stored["room"] = await dao.create("app", a_record("room", text="x" * 500_000))
            await is_whole(dao, stored)
            assert await dao.read("app", "room") is not None
