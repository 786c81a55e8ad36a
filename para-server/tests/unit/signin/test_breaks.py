from __future__ import annotations

import asyncio
import time

import pytest

from para_server.signin import breaks
from para_server.signin.breaks import Breaks

MANY = 30


class Worker:
    """Somebody who has a core in breaks, if at all."""

    def __init__(self, *, gets_breaks: bool) -> None:
        self.gets_breaks = gets_breaks
        self.spent, self.breaks, self.given_up = 0, 0, 0
        self.many, self.end = asyncio.Event(), asyncio.Event()

    def watched(self) -> Breaks:
        return Breaks(lambda: self.spent, self.give_up, pause=self.pause)

    def pause(self, sec: float) -> None:
        self.breaks += 1
        self.spent += round(sec * 1e9) if self.gets_breaks else 0
        if self.breaks >= MANY:
            self.many.set()

    def give_up(self) -> None:
        self.given_up += 1
        self.end.set()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaks, "_VAIN_SEC", 0.001)


async def test_who_gets_on_needs_no_breaks() -> None:
    worker = Worker(gets_breaks=False)
    with Breaks(time.monotonic_ns, worker.give_up, pause=worker.pause):
        await asyncio.sleep(0.1)
    assert (worker.breaks, worker.given_up) == (0, 0)


async def test_who_has_no_core_gets_some_of_it_in_breaks() -> None:
    worker = Worker(gets_breaks=True)
    start = time.monotonic_ns()
    with worker.watched():
        await worker.many.wait()
    assert worker.spent <= (time.monotonic_ns() - start) / 8
    assert worker.given_up == 0


@pytest.mark.usefixtures("impatient")
async def test_breaks_in_which_others_take_the_core_come_to_an_end() -> None:
    worker = Worker(gets_breaks=False)
    with worker.watched():
        await worker.end.wait()
        assert worker.breaks == 20
        await asyncio.sleep(0.05)
    assert (worker.breaks, worker.given_up) == (20, 1)


@pytest.mark.usefixtures("impatient")
async def test_a_break_that_helps_makes_up_for_those_in_vain() -> None:
    worker = Worker(gets_breaks=False)
    with worker.watched():
        while worker.breaks < 60:
            worker.gets_breaks = worker.breaks % 10 == 9
            await asyncio.sleep(0)
    assert worker.given_up == 0


async def test_nobody_looks_when_the_work_is_done() -> None:
    worker = Worker(gets_breaks=True)
    with worker.watched():
        await asyncio.sleep(0.02)
    taken = worker.breaks
    await asyncio.sleep(0.05)
    assert worker.breaks == taken
