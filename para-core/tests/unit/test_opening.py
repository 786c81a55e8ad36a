from __future__ import annotations

import asyncio

import pytest

from para_core.opening import until_open


class Door:
    """Opens when it is told to, or fails to."""

    def __init__(self) -> None:
        self.may_open, self.fails, self.did = asyncio.Event(), False, list[str]()

    async def open(self) -> Door:
        await self.may_open.wait()
        if self.fails:
            raise ConnectionError("it is stuck")
        self.did.append("opened")
        return self

    def close(self) -> None:
        self.did.append("closed")


@pytest.fixture
async def door() -> Door:
    return Door()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def give_up(waiting: asyncio.Task[Door]) -> None:
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_what_was_opened_is_handed_over(door: Door) -> None:
    door.may_open.set()
    assert await until_open(door.open(), Door.close) is door
    await settle()
    assert door.did == ["opened"]


async def test_what_opens_when_nobody_waits_any_more_is_closed(door: Door) -> None:
    waiting = asyncio.create_task(until_open(door.open(), Door.close))
    await settle()
    await give_up(waiting)
    door.may_open.set()
    await settle()
    assert door.did == ["opened", "closed"]


async def test_what_opens_at_the_moment_of_the_cancellation_is_closed(door: Door) -> None:
    waiting = asyncio.create_task(until_open(door.open(), Door.close))
    await settle()
    door.may_open.set()
    while not door.did:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0)
    await give_up(waiting)  # it is open, and who waits for it has not run yet
    await settle()
    assert door.did == ["opened", "closed"]


async def test_an_error_is_raised(door: Door) -> None:
    door.fails = True
    door.may_open.set()
    with pytest.raises(ConnectionError):
        await until_open(door.open(), Door.close)


async def test_an_error_that_nobody_waits_for_is_no_trouble(door: Door) -> None:
    told: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    door.fails = True
    waiting = asyncio.create_task(until_open(door.open(), Door.close))
    await settle()
    await give_up(waiting)
    door.may_open.set()
    await settle()
    del waiting
    assert told == []
