"""Messages in SQS while the server that works on them is killed, and with several workers.

It is killed once, and three times where ``PARA_TEST_LONG`` is set.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from para_core.config import Config

from ..receivers import a_receiver  # noqa: TID252 - tests have no absolute names
from .crew import WORKERS, connected, end_of, eventually, pids
from .process import Caller, ServerProcess
from .test_webhooks_of_workers import EVENTS, begin, told, trigger, write
from .test_workers import leader_of

pytest.importorskip("para_queue_sqs")
pytestmark = pytest.mark.service("sqs")

ROUNDS = 3 if os.environ.get("PARA_TEST_LONG") else 1
MESSAGES = 300  # of a round


@pytest.fixture
def queue_settings() -> dict[str, object]:
    """Return the settings of a queue that nobody else has."""
    return {
        "para.q": "AWSQueue",
        "para.sqs.endpoint": urlsplit(os.environ["PARA_TEST_SQS_URL"])._replace(query="").geturl(),
        "para.default_queue_name": f"test-{os.urandom(6).hex()}",
        "para.queue.visibility_timeout_sec": 2,
        "para.queue_link_enabled": True,
    }


@pytest.fixture
def server(folder: Path, queue_settings: dict[str, object]) -> Iterator[ServerProcess]:
    server = ServerProcess(folder)
    server.settings |= queue_settings
    yield server
    if server.process is not None and server.process.poll() is None:
        workers = pids(server)
        server.kill()
        for pid in workers:
            end_of(pid)


async def test_no_message_is_lost_when_the_server_is_killed(
    server: ServerProcess, queue_settings: dict[str, object]
) -> None:
    from para_queue_sqs.plugin import open_aws_queue

    async with open_aws_queue(Config(queue_settings)) as queue:
        for turn in range(ROUNDS):
            await asyncio.to_thread(begin, server)
            pushing = asyncio.create_task(queue.push_all(messages(turn)))
            wanted = turn * MESSAGES + 20
            await asyncio.to_thread(eventually, partial(has_stored, server, wanted), 120)
            await asyncio.to_thread(server.kill)
            await pushing
        await asyncio.to_thread(begin, server)
        await asyncio.to_thread(eventually, partial(has_stored, server, ROUNDS * MESSAGES), 120)
        async with asyncio.timeout(60):
            while await queue.size():  # noqa: ASYNC110 - only the service tells
                await asyncio.sleep(0.1)
        assert await queue.aside() == []


def messages(turn: int) -> list[str]:
    keys = [f"m{turn}-{number}" for number in range(MESSAGES)]
    return [f'{{"appid":"para","type":"boat","id":"{key}","_create":true}}' for key in keys]


def has_stored(server: ServerProcess, count: int) -> bool:
    with closing(Caller(server.port)) as caller:
        found = caller.ask("GET", "/v1/boat", query=[("limit", "1")]).json["totalHits"]
    return bool(found >= count)


@pytest.mark.long
async def test_events_of_several_workers_go_through_it(server: ServerProcess) -> None:
    server.settings |= {
        "para.workers": WORKERS,
        "para.webhooks_enabled": True,
        "para.outbound.hosts": ["127.0.0.1"],
    }
    async with a_receiver() as receiver:
        with ExitStack() as stack:
            await asyncio.to_thread(begin, server)
            callers = await asyncio.to_thread(connected, server, stack)
            await asyncio.to_thread(write, callers, receiver, 0)
            leader = leader_of(server)
            os.kill(leader, signal.SIGKILL)
        with ExitStack() as stack:
            await asyncio.to_thread(end_of, leader)
            callers = await asyncio.to_thread(connected, server, stack)
            await asyncio.to_thread(trigger, callers)
            await told(receiver, [*range(EVENTS), *range(1000, 1000 + len(callers))])
        assert len(receiver.requests) >= EVENTS + len(callers)
