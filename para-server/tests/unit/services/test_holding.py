"""Messages under work stay hidden, however long it takes."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from para_core.contracts.queue import Message
from para_core.errors import UnavailableError
from para_core.memory.queue import MemoryQueue, QueueSettings
from para_core.objects import App
from para_server.services.holding import Hold
from para_server.services.river import River


class WatchedQueue(MemoryQueue):
    """Says that it hides messages shortly, so that they are extended often, and counts."""

    def __init__(self) -> None:
        super().__init__(QueueSettings(visibility_timeout_sec=600), clock=time.monotonic)
        self.extended: list[str] = []
        self.trouble: Exception | None = None
        self.acked = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()
        self._beat = asyncio.Condition()

    @property
    def visibility_timeout_sec(self) -> float:
        return 0.003

    async def extend(self, message: Message) -> Message | None:
        async with self._beat:
            self.extended.append(message.receipt)
            self._beat.notify_all()
        await self.gate.wait()
        if self.trouble is not None:
            raise self.trouble
        found = await super().extend(message)
        return found and msgspec.structs.replace(found, attempts=found.attempts + 1)

    async def ack(self, message: Message) -> None:
        await super().ack(message)
        self.acked.set()

    async def beats(self, receipt: str, count: int) -> None:
        """Wait until a message was extended so often, from the beginning."""
        async with asyncio.timeout(60), self._beat:
            await self._beat.wait_for(lambda: self.extended.count(receipt) >= count)


@pytest.fixture
async def queue() -> AsyncIterator[WatchedQueue]:
    async with WatchedQueue() as queue:
        await queue.push_all(["a", "b"])
        yield queue


async def test_messages_are_extended_until_they_are_let_go(queue: WatchedQueue) -> None:
    a, b = await queue.pull()
    async with Hold(queue, [a, b]) as hold:
        await queue.beats(a.receipt, 2)
        await queue.beats(b.receipt, 2)
        assert (await hold.let_go(a)).receipt == a.receipt
        count = queue.extended.count(a.receipt)
        await queue.beats(b.receipt, queue.extended.count(b.receipt) + 3)
        assert queue.extended.count(a.receipt) == count
    assert (await hold.let_go(b)) == b


async def test_letting_go_waits_for_the_receipt_that_counts(queue: WatchedQueue) -> None:
    (a,) = await queue.pull(1)
    queue.gate.clear()
    async with Hold(queue, [a]) as hold:
        await queue.beats(a.receipt, 1)
        letting_go = asyncio.create_task(hold.let_go(a))
        await asyncio.sleep(0)
        assert not letting_go.done()
        queue.gate.set()
        assert (await letting_go).attempts == a.attempts + 1


@pytest.mark.parametrize(
    "trouble", [UnavailableError("the queue is away"), ValueError("a mistake")], ids=["ours", "any"]
)
async def test_trouble_is_logged_and_does_not_end_the_holding(
    queue: WatchedQueue, trouble: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    (a,) = await queue.pull(1)
    queue.trouble = trouble
    with caplog.at_level(logging.WARNING, "para_server"):
        async with Hold(queue, [a]):
            await queue.beats(a.receipt, 3)
    assert "may be done by another worker too" in caplog.text


async def test_a_message_that_another_worker_has_is_extended_no_more(
    queue: WatchedQueue, caplog: pytest.LogCaptureFixture
) -> None:
    a, b = await queue.pull()
    await queue.ack(a)
    with caplog.at_level(logging.WARNING, "para_server"):
        async with Hold(queue, [a, b]):
            await queue.beats(b.receipt, 4)
    assert queue.extended.count(a.receipt) == 1
    assert "took so long" in caplog.text


class Receiver:
    """Takes one webhook, and as long as it is let."""

    def __init__(self) -> None:
        self.working, self.done, self.ended = asyncio.Event(), asyncio.Event(), False

    async def __call__(self, message: Mapping[str, Any]) -> None:
        self.working.set()
        try:
            await self.done.wait()
        finally:
            self.ended = True


@pytest.fixture
async def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
async def river(queue: WatchedQueue, receiver: Receiver) -> AsyncIterator[River]:
    """One that works on the only message there is."""

    async def find(appid: str) -> App:
        return App(id=f"app:{appid}")

    for message in await queue.pull():
        await queue.ack(message)
    queue.acked.clear()
    await queue.push('{"appid":"x","type":"webhookpayload"}')
    services: Any = SimpleNamespace(apps=SimpleNamespace(find=find))
    async with River(queue, services, deliver=receiver) as river:
        async with asyncio.timeout(60):
            await receiver.working.wait()
        yield river
        receiver.done.set()


async def test_the_river_holds_what_it_works_on(
    queue: WatchedQueue, river: River, receiver: Receiver
) -> None:
    await queue.beats("3.1", 3)
    assert await queue.size() == 1
    receiver.done.set()
    async with asyncio.timeout(60):
        await queue.acked.wait()
    assert await queue.size() == 0


async def test_nothing_goes_on_when_the_river_has_closed(
    queue: WatchedQueue, river: River, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The queue closes next: nobody may extend a message in it."""
    monkeypatch.setattr("para_server.services.river._LAST_SEC", 0.01)
    await river.close()
    assert receiver.ended
    assert await queue.size() == 1
    assert [task for task in asyncio.all_tasks() if task.get_name() == "river: hold"] == []
