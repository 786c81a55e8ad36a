"""Queues for tests: each test has its own, on the server that the environment names."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from urllib.parse import urlsplit

from para_core.memory.queue import QueueSettings
from para_queue_sqs.place import Place
from para_queue_sqs.queue import AWSQueue


def address() -> str:
    """Return the address of the server, without what else the variable says."""
    return urlsplit(os.environ["PARA_TEST_SQS_URL"])._replace(query="").geturl()


def a_place(**more: object) -> Place:
    """Return a queue that nobody else has."""
    place = Place(
        queue=f"test-{os.urandom(6).hex()}",
        dead_letters="",
        endpoint=address(),
        region="local",
        access_key="local",
        secret_key="local",  # noqa: S106 - the server takes any
    )
    return replace(place, **more)  # type: ignore[arg-type]


def a_queue(place: Place, **settings: int) -> AWSQueue:
    """Return a queue that hides messages for two seconds, and gives them three times."""
    usual = {"visibility_timeout_sec": 2, "max_attempts": 3}
    return AWSQueue(place, QueueSettings(**{**usual, **settings}))


async def until(is_so: Callable[[], Awaitable[bool]]) -> None:
    """Wait for something that is to come."""
    async with asyncio.timeout(60):
        while True:
            if await is_so():
                return
            await asyncio.sleep(0.02)
