"""Work that many share."""

from __future__ import annotations

import asyncio

import pytest

from para_core.errors import UnavailableError
from para_queue_sqs.shared import Shared


class Work:
    def __init__(self) -> None:
        self.begun = 0
        self.gate = asyncio.Event()
        self.error: Exception | None = None

    async def __call__(self) -> int:
        self.begun += 1
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return self.begun


async def test_all_who_ask_meanwhile_get_one_outcome() -> None:
    work = Work()
    shared = Shared(work)
    asking = asyncio.gather(*(shared.outcome() for _ in range(5)))
    await asyncio.sleep(0)
    work.gate.set()
    assert await asking == [1] * 5
    assert await shared.outcome() == 2


async def test_an_error_is_that_of_all_and_the_next_one_begins_again() -> None:
    work = Work()
    work.error = ValueError("no")
    work.gate.set()
    shared = Shared(work)
    outcomes = await asyncio.gather(*(shared.outcome() for _ in range(3)), return_exceptions=True)
    assert outcomes == [work.error] * 3
    work.error = None
    assert await shared.outcome() == 2


async def test_who_goes_away_does_not_end_the_work_of_others() -> None:
    work = Work()
    shared = Shared(work)
    first, second = (asyncio.create_task(shared.outcome()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    work.gate.set()
    assert await second == 1
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_closing_ends_it() -> None:
    shared = Shared(Work())
    asking = asyncio.create_task(shared.outcome())
    await asyncio.sleep(0)
    await shared.close()
    with pytest.raises(UnavailableError, match="closed"):
        await asking
    await shared.close()


async def test_work_that_was_closed_before_it_began_can_be_begun_again() -> None:
    work = Work()
    shared = Shared(work)
    asking = asyncio.create_task(shared.outcome())
    await asyncio.sleep(0)  # now the work is due, and has not begun
    await shared.close()
    with pytest.raises(UnavailableError):
        await asking
    assert work.begun == 0
    work.gate.set()
    assert await shared.outcome() == 1
