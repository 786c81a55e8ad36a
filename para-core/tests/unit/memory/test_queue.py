"""The queue in memory: its bounds, its order and its times."""

from __future__ import annotations

import asyncio

import pytest

from para_core.contracts.queue import Message
from para_core.errors import StorageFullError
from para_core.memory.queue import MemoryQueue, QueueSettings
from para_core.testing.clock import FakeClock

SETTINGS = QueueSettings(visibility_timeout_sec=30, retention_sec=100, max_messages=4, max_bytes=40)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def queue(clock: FakeClock) -> MemoryQueue:
    return MemoryQueue(SETTINGS, clock=clock)


def bodies(messages: list[Message]) -> list[str]:
    return [message.body for message in messages]


async def test_first_in_is_first_out(queue: MemoryQueue) -> None:
    await queue.push_all(["a", "b"])
    await queue.push("c")
    assert bodies(await queue.pull(2)) == ["a", "b"]
    assert bodies(await queue.pull(2)) == ["c"]


@pytest.mark.parametrize(
    "more", [["d", "e"], ["x" * 38], ["é" * 19]], ids=["messages", "bytes", "bytes of UTF-8"]
)
async def test_a_full_queue_takes_all_or_none(queue: MemoryQueue, more: list[str]) -> None:
    await queue.push_all(["a", "b", "c"])
    with pytest.raises(StorageFullError, match="no room"):
        await queue.push_all(more)
    assert bodies(await queue.pull()) == ["a", "b", "c"]


async def test_done_messages_make_room(queue: MemoryQueue) -> None:
    await queue.push("x" * 40)
    (message,) = await queue.pull()
    await queue.ack(message)
    await queue.push("y" * 40)
    assert bodies(await queue.pull()) == ["y" * 40]


async def test_messages_that_nobody_did_end(queue: MemoryQueue, clock: FakeClock) -> None:
    await queue.push("pulled once")
    await queue.push("never pulled")
    await queue.pull(1)
    await clock.advance(100)
    assert await queue.size() == 0
    assert await queue.pull() == []
    await queue.push("x" * 40)


async def test_a_late_ack_removes_what_nobody_else_pulled(
    queue: MemoryQueue, clock: FakeClock
) -> None:
    await queue.push("a")
    (message,) = await queue.pull()
    await clock.advance(31)
    await queue.push("b")
    await queue.ack(message)
    assert bodies(await queue.pull()) == ["b"]


async def test_a_waiting_pull_takes_what_comes_back(queue: MemoryQueue, clock: FakeClock) -> None:
    await queue.push("a")
    await queue.pull()
    await clock.advance(29.99)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        pull = group.create_task(queue.pull(wait_sec=1000))
        await asyncio.sleep(0)
        await clock.advance(0.02)
    assert bodies(pull.result()) == ["a"]


async def test_of_two_waiting_pulls_one_gets_the_message(queue: MemoryQueue) -> None:
    pulls = [asyncio.create_task(queue.pull(wait_sec=1000)) for _ in range(2)]
    await asyncio.sleep(0)
    await queue.push("a")
    await asyncio.sleep(0.01)
    await queue.close()
    async with asyncio.timeout(5):
        assert sorted(map(bodies, await asyncio.gather(*pulls))) == [[], ["a"]]


async def test_what_was_set_aside_ends_too(queue: MemoryQueue, clock: FakeClock) -> None:
    await queue.push("a")
    (message,) = await queue.pull()
    await queue.set_aside(message, "of no use")
    await clock.advance(100)
    assert not await queue.restore("1")
    assert await queue.size() == 0
