from __future__ import annotations

import asyncio

import pytest

from para_core.errors import BackendError, ConflictError, ParaError, VersionConflictError
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


async def test_a_change_that_is_overtaken_is_tried_again() -> None:
    turns, tried = Turns(), list[int]()

    async def attempt() -> str:
        tried.append(len(turns))
        if len(tried) < 4:
            raise ConflictError(["a"])
        return "done"

    assert await turns.change(attempt, "app", "a", first=attempt) == "done"
    assert tried == [0, 1, 1, 1]  # the first one waited for no turn
    assert len(turns) == 0


@pytest.mark.parametrize(
    ("error", "tries", "told"),
    [
        pytest.param(ConflictError(["a:copy"]), 50, "^'a' changed", id="always-overtaken"),
        pytest.param(
            VersionConflictError("a", expected=2, stored=1), 1, "version 1", id="for-the-client"
        ),
        pytest.param(BackendError("gone"), 1, "gone", id="another-error"),
    ],
)
async def test_what_cannot_be_tried_again_ends_a_change(
    error: ParaError, tries: int, told: str
) -> None:
    turns, tried = Turns(), 0

    async def attempt() -> None:
        nonlocal tried
        tried += 1
        raise error

    with pytest.raises(type(error), match=told):
        await turns.change(attempt, "app", "a")
    assert (tried, len(turns)) == (tries, 0)
    with pytest.raises(type(error)) as caught:
        await turns.change(attempt, "app")
    assert caught.value is error
