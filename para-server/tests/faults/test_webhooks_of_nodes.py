"""Webhooks of several nodes: shared out by app, told by another node when one ends or stops."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ..receivers import Receiver, a_receiver  # noqa: TID252 - tests have no absolute names
from .nodes import LEASE_SEC, a_cluster, connected, eventually
from .process import Caller, ServerProcess
from .writers import Writer, ports_from, wait_for_writes, writing

pytestmark = [pytest.mark.service("postgresql"), pytest.mark.long]

ROUNDS = int(os.environ.get("PARA_TEST_ROUNDS", "1"))
APPS = ["para", "boats", "trains", "planes"]
ENOUGH = 15  # writes of each writer between two blows


@pytest.fixture
def nodes(folder: Path) -> Iterator[list[ServerProcess]]:
    with a_cluster(folder, {"para.webhooks_enabled": True}) as nodes:
        yield nodes


@dataclass(kw_only=True)
class Boat(Writer):
    """Changes one object, again and again."""

    key: str
    stored: list[int] = field(default_factory=list)

    def write(self, caller: Caller, number: int) -> bool:
        if caller.ask("PUT", f"/v1/boat/{self.key}", {"n": number}).status != 200:
            return False
        self.stored.append(number)
        return True


@asynccontextmanager
async def writers_of(nodes: list[ServerProcess], receiver: Receiver) -> AsyncIterator[list[Boat]]:
    """Let a writer for each app write until the end; then all that was stored must be told."""
    keys = await asyncio.to_thread(apps_with_hooks, nodes, receiver)
    stop = threading.Event()
    writers = [
        Boat(ports=ports_from(nodes, turn), keys=pair, stop=stop, key=f"{appid}-boat")
        for turn, (appid, pair) in enumerate(keys.items())
    ]
    with ExitStack() as stack:
        stack.enter_context(writing(writers, stop))
        try:
            yield writers
        finally:
            await asyncio.to_thread(stack.close)  # they may wait for the receiver of this loop
    await told(receiver, writers)


def apps_with_hooks(nodes: list[ServerProcess], receiver: Receiver) -> dict[str, tuple[str, str]]:
    """Make the apps through one node and their hooks through the other."""
    keys = {}
    hook = {"targetUrl": receiver.url, "create": True, "update": True, "typeFilter": "boat"}
    with ExitStack() as stack:
        one, two = connected(nodes, stack)
        for appid in APPS:
            if appid != "para":
                made = one.ask("GET", f"/v1/_setup/{appid}").json
                two.sign_as(made["accessKey"], made["secretKey"])
            keys[appid] = two.key, two.secret
            eventually(lambda: two.ask("GET", "/v1/_me").status == 200)
            assert two.ask("POST", "/v1/webhooks", hook).status == 201
    return keys


async def enough(writers: list[Boat]) -> None:
    """Wait until each writer has stored some more."""
    await asyncio.to_thread(wait_for_writes, writers, ENOUGH, 120)


async def told(receiver: Receiver, writers: list[Boat]) -> None:
    """Wait until every write was told; what is told of an object came in order at first."""
    wanted = {(writer.key, number) for writer in writers for number in writer.stored}
    end = asyncio.get_running_loop().time() + 90
    while missing := wanted - {(r.items[0]["id"], r.items[0]["n"]) for r in receiver.requests}:
        assert asyncio.get_running_loop().time() < end, sorted(missing)[:5]
        await asyncio.sleep(0.05)
    firsts = {r.delivery: (r.items[0]["id"], r.items[0]["n"]) for r in receiver.requests}
    for writer in writers:
        order = [number for key, number in firsts.values() if key == writer.key]
        assert order == sorted(order)


def restart(node: ServerProcess) -> None:
    node.start()
    node.wait_until_ready()


async def test_no_event_is_lost_when_nodes_are_killed_while_all_write(
    nodes: list[ServerProcess],
) -> None:
    async with a_receiver() as receiver, writers_of(nodes, receiver) as writers:
        for node in nodes * ROUNDS:
            await enough(writers)
            node.kill()
            await enough(writers)  # through the other one alone
            await asyncio.to_thread(restart, node)
        await enough(writers)
        assert all(writer.stored for writer in writers)


async def test_a_node_that_was_stopped_tells_nothing_old_when_it_goes_on(
    nodes: list[ServerProcess],
) -> None:
    async with a_receiver() as receiver, writers_of(nodes, receiver) as writers:
        for node in nodes * ROUNDS:
            await enough(writers)
            await stopped_for_a_lease(node)
        await enough(writers)
        assert all(writer.stored for writer in writers)  # all of it is told, see writers_of


async def stopped_for_a_lease(node: ServerProcess) -> None:
    """Stop a process until others tell of the apps that it looked after, then let it go on."""
    assert node.process is not None
    node.process.send_signal(signal.SIGSTOP)
    try:
        await asyncio.sleep(2 * LEASE_SEC)  # so long nobody may hear anything of it
    finally:
        node.process.send_signal(signal.SIGCONT)


async def test_a_node_that_stops_gives_its_apps_to_the_others(nodes: list[ServerProcess]) -> None:
    async with a_receiver() as receiver, writers_of(nodes, receiver) as writers:
        await enough(writers)
        nodes[0].tell_to_stop()
        assert await asyncio.to_thread(nodes[0].ends, 60) == 0
        await enough(writers)


async def test_custom_events_are_told_through_whichever_node_they_come(
    nodes: list[ServerProcess],
) -> None:
    async with a_receiver() as receiver:
        with ExitStack() as stack:
            callers = await asyncio.to_thread(connected, nodes, stack)
            hook = {"targetUrl": receiver.url, "customEvents": ["sold"]}
            assert callers[0].ask("POST", "/v1/webhooks", hook).status == 201
            for number in range(20):
                event = {"triggeredEvent": "sold", "customPayload": {"n": number}}
                assert callers[number % 2].ask("POST", "/v1/webhooks", event).status == 201
        await receiver.until(20, 60)
        await asyncio.sleep(1)
    assert sorted(request.items[0]["n"] for request in receiver.requests) == list(range(20))
