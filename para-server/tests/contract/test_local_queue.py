"""The queue in the database passes the suite of its contract, and keeps what it holds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from para_core.config import load_config
from para_core.contracts.dao import DAO, Record
from para_core.errors import StorageFullError, UnavailableError
from para_core.memory.dao import MemoryDAO
from para_core.memory.queue import QueueSettings
from para_core.testing.queue import PassTime, QueueSuite
from para_dao_sql.plugin import open_sql_dao
from para_dao_sql.sqlite.dao import SqliteDAO
from para_server.localqueue import ROOM, LocalQueue

from ..e2e.backends import a_schema  # noqa: TID252 - tests have no absolute names


class RunningClock:
    """Milliseconds that go by themselves, and further when told to."""

    def __init__(self) -> None:
        self.ahead = 0

    def __call__(self) -> int:
        return time.time_ns() // 1_000_000 + self.ahead

    async def advance(self, seconds: float) -> None:
        self.ahead += int(seconds * 1000)


@pytest.fixture
def clock() -> RunningClock:
    return RunningClock()


@pytest.fixture(
    params=[
        "memory",
        "SQLite",
        pytest.param("PostgreSQL", marks=pytest.mark.service("postgresql")),
    ]
)
async def dao(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[DAO]:
    if request.param == "PostgreSQL":
        async with a_schema() as url:
            overrides = {"para.sql.url": url}
            config = load_config(overrides=overrides, environ={}, folder=tmp_path)
            async with open_sql_dao(config) as made:
                yield made
        return
    made = MemoryDAO() if request.param == "memory" else SqliteDAO(tmp_path / "para.db")
    async with made:
        yield made


def a_queue(dao: DAO, clock: RunningClock, **settings: int) -> LocalQueue:
    queue = LocalQueue(QueueSettings(**{"visibility_timeout_sec": 1, **settings}), clock=clock)
    queue.keep_in(dao)
    return queue


class TestLocalQueue(QueueSuite):
    @pytest.fixture
    def pass_time(self, clock: RunningClock) -> PassTime:
        return clock.advance

    @pytest.fixture
    async def queue(self, dao: DAO, clock: RunningClock) -> AsyncIterator[LocalQueue]:
        async with a_queue(dao, clock, max_attempts=3) as queue:
            yield queue


async def test_messages_survive_the_queue_and_its_process(tmp_path: Path) -> None:
    clock = RunningClock()
    async with SqliteDAO(tmp_path / "para.db") as dao, a_queue(dao, clock) as queue:
        await queue.push_all(["first", "second", "third"])
        first, second = await queue.pull(2)
        await queue.ack(first)
    await clock.advance(2)
    async with SqliteDAO(tmp_path / "para.db") as dao, a_queue(dao, clock) as queue:
        again = await queue.pull()
        assert [(m.body, m.attempts) for m in again] == [("second", 2), ("third", 1)]
        await queue.ack(second)  # the receipt of the dead process is an old one
        assert await queue.size() == 2


async def test_first_in_is_first_out(dao: DAO, clock: RunningClock) -> None:
    sent = [f"message {number}" for number in range(450)]
    async with a_queue(dao, clock) as queue:
        for body in sent[:100]:
            await queue.push(body)
        await queue.push_all(sent[100:])
        pulled = []
        while some := await queue.pull(70):
            pulled += [message.body for message in some]
    assert pulled == sent


async def test_a_ping_costs_the_same_however_much_is_waiting(
    dao: DAO, clock: RunningClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = []
    read_page = dao.read_page

    async def noted(appid: str, *, after: str = "", limit: int = 100) -> list[Record]:
        page = await read_page(appid, after=after, limit=limit)
        read.append(len(page))
        return page

    async with a_queue(dao, clock) as queue:
        await queue.push_all([f"message {number}" for number in range(450)])
        monkeypatch.setattr(dao, "read_page", noted)
        await queue.ping()
    assert read == [1]


async def test_several_processes_do_no_message_twice_at_once(dao: DAO, clock: RunningClock) -> None:
    async def work(queue: LocalQueue) -> list[str]:
        done = []
        while some := await queue.pull(7):
            await asyncio.gather(*(queue.ack(message) for message in some))
            done += [message.body for message in some]
        return done

    async with a_queue(dao, clock) as one, a_queue(dao, clock) as two:
        await one.push_all([f"{number}" for number in range(200)])
        first, second = await asyncio.gather(work(one), work(two))
        assert await one.size() == 0
    assert first
    assert second
    assert sorted(first + second, key=int) == [str(number) for number in range(200)]


async def test_a_waiting_pull_sees_what_another_process_pushed(
    dao: DAO, clock: RunningClock
) -> None:
    async with a_queue(dao, clock) as one, a_queue(dao, clock) as two, asyncio.timeout(5):
        pull = asyncio.create_task(one.pull(wait_sec=4))
        await asyncio.sleep(0.05)
        await two.push("a")
        assert [message.body for message in await pull] == ["a"]


@pytest.mark.parametrize(
    "more", [["d", "e"], ["x" * 38], ["é" * 19]], ids=["messages", "bytes", "bytes of UTF-8"]
)
async def test_a_full_queue_takes_all_or_none(
    dao: DAO, clock: RunningClock, more: list[str]
) -> None:
    async with a_queue(dao, clock, max_messages=4, max_bytes=40) as queue:
        await queue.push_all(["a", "b", "c"])
        with pytest.raises(StorageFullError, match="no room"):
            await queue.push_all(more)
        assert [message.body for message in await queue.pull()] == ["a", "b", "c"]


async def test_what_another_process_did_makes_room(dao: DAO, clock: RunningClock) -> None:
    async with (
        a_queue(dao, clock, max_messages=2) as one,
        a_queue(dao, clock, max_messages=2) as two,
    ):
        await one.push_all(["a", "b"])
        with pytest.raises(StorageFullError, match="no room"):
            await one.push("c")
        for message in await two.pull():
            await two.ack(message)
        await one.push_all(["c", "d"])
        assert [message.body for message in await two.pull()] == ["c", "d"]


async def test_messages_that_nobody_did_end_and_so_do_those_aside(
    dao: DAO, clock: RunningClock
) -> None:
    async with a_queue(dao, clock, retention_sec=100) as queue:
        await queue.push_all(["aside", "pulled once", "never pulled"])
        await queue.set_aside((await queue.pull(1))[0], "of no use")
        await queue.pull(1)
        await clock.advance(101)
        assert await queue.size() == 0
        assert await queue.pull() == []
        await queue.push("also aside")
        await queue.set_aside((await queue.pull(1))[0], "of no use")
        assert [message.body for message in await queue.aside()] == ["also aside"]
    assert [record.id[:2] for record in await dao.read_page(ROOM)] == ["s/"]


async def test_messages_are_in_no_app_and_leave_no_feed_behind(
    dao: DAO, clock: RunningClock
) -> None:
    async with a_queue(dao, clock) as queue:
        for number in range(600):
            await queue.push(str(number))
    assert await dao.apps() == []
    assert len(await dao.changes(ROOM, 0)) == 100


async def test_a_queue_that_is_not_open_says_so(dao: DAO, clock: RunningClock) -> None:
    queue = a_queue(dao, clock)
    with pytest.raises(UnavailableError, match="not open"):
        await queue.ping()
    with pytest.raises(UnavailableError, match="not open"):
        await queue.push("a")
