from __future__ import annotations

import asyncio

import pytest

from para_core.errors import BackendError
from para_server.services.turns import Turns


async def test_those_of_one_thing_come_one_after_the_other() -> None:
    turns, seen = Turns(), list[str]()

    async def change(name: str) -> None:
        async with turns.of("app", "a"):
            seen.append(f"+{name}")
            await asyncio.sleep(0)
            seen.append(f"-{name}")

    await asyncio.gather(*(change(name) for name in "123"))
    assert seen == ["+1", "-1", "+2", "-2", "+3", "-3"]
    assert len(turns) == 0


async def test_those_of_other_things_do_not_wait() -> None:
    turns = Turns()
    async with turns.of("app", "a"), asyncio.timeout(1), turns.of("app", "b"):
        assert len(turns) == 2


async def test_an_error_and_a_cancelled_wait_leave_nothing_behind() -> None:
    turns = Turns()

    async def wait() -> None:
        async with turns.of("a"):
            await asyncio.sleep(0)

    async def fail() -> None:
        async with turns.of("a"):
            waiting.append(asyncio.create_task(wait()))
            await asyncio.sleep(0)
            waiting[0].cancel()
            raise BackendError("gone")

    waiting: list[asyncio.Task[None]] = []
    with pytest.raises(BackendError):
        await fail()
    await asyncio.wait(waiting)
    assert waiting[0].cancelled()
    assert len(turns) == 0
