"""What the river says while the queue cannot be used."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import cast

import pytest

from para_core.contracts.queue import Message
from para_core.errors import UnavailableError
from para_core.memory.queue import MemoryQueue, QueueSettings
from para_server.services import river
from para_server.services.container import Services
from para_server.services.river import River


class AwayQueue(MemoryQueue):
    """A queue that fails as long as it has a reason."""

    def __init__(self) -> None:
        super().__init__(QueueSettings(), clock=time.monotonic)
        self.reason = ""
        self.pulls = 0

    async def pull(self, limit: int = 10, wait_sec: float = 0) -> list[Message]:
        del limit, wait_sec
        self.pulls += 1
        if self.reason:
            raise UnavailableError(self.reason)
        return []


async def pulled(queue: AwayQueue, times: int) -> None:
    wanted = queue.pulls + times
    async with asyncio.timeout(60):
        while queue.pulls < wanted:  # noqa: ASYNC110 - a queue that fails tells nobody
            await asyncio.sleep(0.005)


async def test_why_messages_wait_is_said_once_until_they_are_taken_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(river, "_TROUBLE_SEC", (0.001,))
    caplog.set_level(logging.INFO, "para_server.services.river")
    queue = AwayQueue()
    async with River(queue, cast("Services", None), deliver=None):
        for reason in ("it is away", "it is full", "", "it is full", ""):
            queue.reason = reason
            await pulled(queue, 5)
    assert [record.getMessage() for record in caplog.records] == [
        "messages wait in the queue: it is away",
        "messages wait in the queue: it is full",
        "messages are taken from the queue again",
        "messages wait in the queue: it is full",
        "messages are taken from the queue again",
    ]
