from __future__ import annotations

import asyncio

import pytest

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

    with pytest.raises(ZeroDivisionError):
        async with turns.of("a"):
            waiting = asyncio.create_task(wait())
            await asyncio.sleep(0)
            waiting.cancel()
            1 / 0  # noqa: B018
    await asyncio.wait([waiting])
    assert waiting.cancelled()
    assert len(turns) == 0
