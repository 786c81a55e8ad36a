"""Answers, and those who wait for them."""

from __future__ import annotations

import asyncio

import pytest

from para_core.answers import answer_in_time, give
from para_core.errors import UnavailableError

SETTING = "para.x.timeout_ms"


async def test_an_answer_in_time_is_returned_and_leaves_no_timer_behind() -> None:
    answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(give, answer, 7)
    assert await answer_in_time(answer, "here", 20, setting=SETTING) == 7
    await asyncio.sleep(0.05)
    assert not answer.cancelled()


async def test_an_error_is_raised_as_it_came() -> None:
    answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    give(answer, ValueError("no"))
    with pytest.raises(ValueError, match="no"):
        await answer_in_time(answer, "here", 1000, setting=SETTING)


async def test_a_late_answer_is_withdrawn_and_says_which_setting_helps() -> None:
    answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    with pytest.raises(UnavailableError, match=r"here did not .* 20 ms \(para.x.timeout_ms\)"):
        await answer_in_time(answer, "here", 20, setting=SETTING)
    assert answer.cancelled()
    give(answer, 7)  # nobody hears it any more


async def test_who_is_cancelled_stays_cancelled() -> None:
    answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    waiting = asyncio.create_task(answer_in_time(answer, "here", 10_000, setting=SETTING))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert answer.cancelled()


async def test_who_is_cancelled_when_it_is_late_as_well_stays_cancelled() -> None:
    answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    waiting = asyncio.create_task(answer_in_time(answer, "here", 20, setting=SETTING))
    answer.add_done_callback(lambda _: waiting.cancel())  # before the task hears of it
    with pytest.raises(asyncio.CancelledError):
        await waiting
