"""The queue in SQS passes the suite of its contract.

Time is told to go by: what would be visible again then is shown at once, on the real server, so
that the suite neither waits nor depends on how fast it goes. Two tests below wait for SQS itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from para_core.contracts.queue import Message
from para_core.memory.queue import QueueSettings
from para_core.testing.queue import PassTime, QueueSuite
from para_queue_sqs.place import Place
from para_queue_sqs.queue import AWSQueue

from ..places import a_place, a_queue  # noqa: TID252 - tests have no absolute names

pytestmark = pytest.mark.service("sqs")


class TimedQueue(AWSQueue):
    """Hides messages for an hour, and shows those of a second ago when time goes by."""

    def __init__(self, place: Place) -> None:
        super().__init__(place, QueueSettings(visibility_timeout_sec=3600, max_attempts=3))
        self._now = 0.0
        self._shown_at: dict[str, float] = {}

    async def pull(self, limit: int = 10, wait_sec: float = 0) -> list[Message]:
        messages = await super().pull(limit, wait_sec)
        self._shown_at |= {message.receipt: self._now + 1 for message in messages}
        return messages

    async def extend(self, message: Message) -> Message | None:
        extended = await super().extend(message)
        if extended is not None:
            self._shown_at[message.receipt] = self._now + 1
        return extended

    async def pass_time(self, seconds: float) -> None:
        self._now += seconds
        for receipt in [r for r, at in self._shown_at.items() if at <= self._now]:
            del self._shown_at[receipt]
            await self._main.show([receipt.partition(" ")[2]])


class TestAWSQueue(QueueSuite):
    @pytest.fixture
    def pass_time(self, queue: TimedQueue) -> PassTime:
        return queue.pass_time

    @pytest.fixture
    async def queue(self) -> AsyncIterator[TimedQueue]:
        async with TimedQueue(a_place()) as queue:
            yield queue


async def test_what_nobody_did_comes_back_by_itself() -> None:
    async with asyncio.timeout(60), a_queue(a_place(), visibility_timeout_sec=1) as queue:
        await queue.push("a")
        (first,) = await queue.pull()
        (second,) = await queue.pull(wait_sec=20)
        assert (first.attempts, second.attempts) == (1, 2)


async def test_what_nobody_can_do_is_set_aside_by_itself() -> None:
    async with (
        asyncio.timeout(120),
        a_queue(a_place(), visibility_timeout_sec=1, max_attempts=2) as queue,
    ):
        await queue.push("a")
        for _ in range(2):
            assert await queue.pull(wait_sec=20)
        while not (letters := await queue.aside()):
            assert await queue.pull(wait_sec=1.5) == []
        assert [(letter.body, letter.attempts) for letter in letters] == [("a", 2)]
