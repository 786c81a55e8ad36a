"""Webhooks while the server is killed again and again, and the receiver fails a third of the time.

``PARA_TEST_EVENTS`` sets how many events there are; 10,000 take some minutes. Fewer are over soon,
because then the receiver fails no delivery more than three times: pauses double each time.
"""

from __future__ import annotations

import asyncio
import http.client
import os
import threading
import time
from collections import Counter, defaultdict
from contextlib import closing

import pytest

from ..receivers import Request, a_receiver  # noqa: TID252 - tests have no absolute names
from .process import Caller, ServerProcess

EVENTS = int(os.environ.get("PARA_TEST_EVENTS", "1000"))
HOOKS = 100
OBJECTS = 2  # of each hook
WRITERS = 4
KILLS = 3
MOST_FAILURES = 3 if EVENTS < 10_000 else EVENTS  # of one delivery

Written = dict[str, list[int]]
"""The events that were acknowledged, by object."""


class Writers:
    """Write the events, each object's in their order, and write again what was not answered."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._lock = threading.Lock()
        self.is_up = threading.Event()
        self.done = 0
        self.written: Written = defaultdict(list)
        self.threads = [
            threading.Thread(target=self._write, args=(number,), daemon=True)
            for number in range(WRITERS)
        ]

    def begin(self) -> None:
        self.is_up.set()
        for thread in self.threads:
            thread.start()

    def _write(self, number: int) -> None:
        for event in range(number, EVENTS, WRITERS):
            hook, turn = event % HOOKS, event // HOOKS
            key = f"o{hook}-{turn % OBJECTS}"
            self._put(f"kind{hook}", key, event)
            with self._lock:
                self.done += 1
                self.written[key].append(event)

    def _put(self, kind: str, key: str, event: int) -> None:
        while True:
            self.is_up.wait()
            try:
                with closing(Caller(self._port)) as caller:
                    reply = caller.ask("PUT", f"/v1/{kind}/{key}", {"type": kind, "n": event})
            except (OSError, http.client.HTTPException):
                continue
            assert reply.status == 200, reply.body
            return


class EveryThirdFails:
    """What the receiver answers, and what it took."""

    def __init__(self) -> None:
        self.count = 0
        self.failed: Counter[str] = Counter()
        self.taken: list[Request] = []

    def __call__(self, request: Request) -> int:
        self.count += 1
        if self.count % 3 == 0 and self.failed[request.delivery] < MOST_FAILURES:
            self.failed[request.delivery] += 1
            return 500
        self.taken.append(request)
        return 200


@pytest.fixture
def server(server: ServerProcess) -> ServerProcess:
    server.settings |= {"para.webhooks_enabled": True, "para.outbound.hosts": ["127.0.0.1"]}
    return server


async def test_every_event_arrives_in_order_whatever_is_killed(server: ServerProcess) -> None:
    answers = EveryThirdFails()
    async with a_receiver(answers) as receiver:
        await asyncio.to_thread(prepare, server, receiver.url)
        writers = Writers(server.port)
        writers.begin()
        for kill in range(1, KILLS + 1):
            while writers.done < EVENTS * kill // (KILLS + 1):  # noqa: ASYNC110 - of threads
                await asyncio.sleep(0.02)
            writers.is_up.clear()
            server.kill()
            await asyncio.to_thread(start, server)
            writers.is_up.set()
        for thread in writers.threads:
            await asyncio.to_thread(thread.join)
        await everything(answers)
    check(receiver.requests, answers, writers.written)


def start(server: ServerProcess) -> None:
    server.start()
    server.wait_until_ready()


def prepare(server: ServerProcess, url: str) -> None:
    start(server)
    with closing(Caller(server.port)) as caller:
        for number in range(HOOKS):
            hook = {"targetUrl": f"{url}/{number}", "create": True, "typeFilter": f"kind{number}"}
            assert caller.ask("POST", "/v1/webhooks", hook).status == 201


async def everything(answers: EveryThirdFails) -> None:
    """Wait until every event was taken; several deliveries may tell one."""
    missing, end = set(range(EVENTS)), time.monotonic() + 60 + EVENTS / 20
    while missing and time.monotonic() < end:
        await asyncio.sleep(0.5)
        missing.difference_update(request.items[0]["n"] for request in answers.taken)
    assert not missing, sorted(missing)[:20]


def check(requests: list[Request], answers: EveryThirdFails, written: Written) -> None:
    bodies: dict[str, bytes] = {}
    for request in requests:
        assert bodies.setdefault(request.delivery, request.body) == request.body
    arrived: dict[str, list[int]] = defaultdict(list)
    known: set[str] = set()
    for request in answers.taken:
        if request.delivery not in known:  # a duplicate says so by its id
            known.add(request.delivery)
            item = request.items[0]
            assert request.path == f"/{item['n'] % HOOKS}"
            arrived[item["id"]].append(item["n"])
    assert arrived.keys() == written.keys()
    for key, events in written.items():
        assert arrived[key] == sorted(arrived[key]), key
        assert set(arrived[key]) == set(events), key
