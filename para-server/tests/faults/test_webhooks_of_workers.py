"""Webhooks of several processes: written through any of them, sent by the one that leads."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from ..receivers import Receiver, a_receiver  # noqa: TID252 - tests have no absolute names
from .crew import WORKERS, a_crew, connected, end_of, eventually, pids
from .process import Caller, ServerProcess
from .test_workers import ROUNDS, leader_of, writing

EVENTS = 60


@pytest.fixture
def server(folder: Path) -> Iterator[ServerProcess]:
    settings: dict[str, object] = {
        "para.webhooks_enabled": True,
        "para.outbound.hosts": ["127.0.0.1"],
        "para.queue.visibility_timeout_sec": 2,
    }
    with a_crew(folder, settings) as server:
        yield server


async def test_what_any_worker_writes_is_told_whoever_leads(server: ServerProcess) -> None:
    async with a_receiver() as receiver:
        with ExitStack() as stack:
            await asyncio.to_thread(begin, server)
            callers = await asyncio.to_thread(connected, server, stack)
            await asyncio.to_thread(write, callers, receiver, 0)
            await told(receiver, range(EVENTS))
            leader = leader_of(server)
            os.kill(leader, signal.SIGKILL)
        with ExitStack() as stack:
            await asyncio.to_thread(end_of, leader)
            callers = await asyncio.to_thread(connected, server, stack)
            await asyncio.to_thread(write, callers, None, EVENTS)
            await told(receiver, range(2 * EVENTS))
            await asyncio.to_thread(trigger, callers)
            triggered = range(1000, 1000 + len(callers))
            await told(receiver, [*range(2 * EVENTS), *triggered])
        assert leader_of(server) != leader
        events = {request.items[0]["n"]: request.event for request in receiver.requests}
        stored = dict.fromkeys(range(2 * EVENTS), "create")
        assert events == stored | dict.fromkeys(triggered, "sold")


def begin(server: ServerProcess) -> None:
    server.start()
    server.wait_until_ready()


def write(callers: list[Caller], receiver: Receiver | None, first: int) -> None:
    """Make a hook through one worker, and write through all, each event to one of three objects."""
    if receiver is not None:
        hook = {"targetUrl": receiver.url, "create": True, "customEvents": ["sold"]}
        assert callers[0].ask("POST", "/v1/webhooks", hook).status == 201
    for number in range(first, first + EVENTS):
        body = {"type": "boat", "n": number}
        caller = callers[number % len(callers)]
        assert caller.ask("PUT", f"/v1/boat/b{number % 3}", body).status == 200


def trigger(callers: list[Caller]) -> None:
    for number, caller in enumerate(callers):
        event = {"triggeredEvent": "sold", "customPayload": {"n": 1000 + number}}
        assert caller.ask("POST", "/v1/webhooks", event).status == 201


async def told(receiver: Receiver, numbers: range | list[int]) -> None:
    """Wait until all events were told, those of one object in their order."""
    missing, end = set(numbers), asyncio.get_running_loop().time() + 30
    while missing:
        assert asyncio.get_running_loop().time() < end, sorted(missing)
        await asyncio.sleep(0.05)
        missing.difference_update(request.items[0]["n"] for request in receiver.requests)
    firsts = {request.delivery: request.items[0]["n"] for request in receiver.requests}
    for place in range(3):
        order = [number for number in firsts.values() if number % 3 == place and number < 1000]
        assert order == sorted(order)


async def test_no_event_is_lost_when_leaders_are_killed_while_all_write(
    server: ServerProcess,
) -> None:
    """Every object that was acknowledged is told of at least once, after three kill -9."""
    killed: list[int] = []

    def kill_leader() -> None:
        eventually(lambda: leader_of(server) not in killed)
        killed.append(leader_of(server))
        os.kill(killed[-1], signal.SIGKILL)
        eventually(lambda: killed[-1] not in pids(server) and len(pids(server)) == WORKERS)

    async with a_receiver() as receiver:
        await asyncio.to_thread(begin, server)
        with ExitStack() as stack:
            callers = await asyncio.to_thread(connected, server, stack)
            hook = {"targetUrl": receiver.url, "create": True, "update": True}
            assert callers[0].ask("POST", "/v1/webhooks", hook).status == 201
        writers = await asyncio.to_thread(writing, server.port, kill_leader)
        wanted = {key for writer in writers for key in writer.stored}
        end = asyncio.get_running_loop().time() + 60
        while missing := wanted - {request.items[0]["id"] for request in receiver.requests}:
            assert asyncio.get_running_loop().time() < end, sorted(missing)[:5]
            await asyncio.sleep(0.05)
    assert len(killed) == ROUNDS
    assert len(wanted) > 40 * ROUNDS
