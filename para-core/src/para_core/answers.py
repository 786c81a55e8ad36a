"""Answers to those who wait for a back-end, and how long they wait."""

from __future__ import annotations

import asyncio
from typing import TypeVar

from para_core.errors import UnavailableError

__all__ = ["answer_in_time", "give", "late"]

T = TypeVar("T")


def give(answer: asyncio.Future[T], outcome: T | Exception) -> None:
    """Answer with a result or an error, unless whoever asked has gone."""
    if answer.done():
        return
    if isinstance(outcome, Exception):
        answer.set_exception(outcome)
    else:
        answer.set_result(outcome)


async def answer_in_time(
    answer: asyncio.Future[T], place: object, timeout_ms: int, *, setting: str
) -> T:
    """Wait for an answer; one that comes too late is withdrawn.

    Raises:
        UnavailableError: It did not come in time; the message names the place and the setting.
    """
    is_late = False

    def withdraw() -> None:
        nonlocal is_late
        is_late = answer.cancel()

    # Every write comes by here, and a timer of the loop costs a third of ``asyncio.timeout``.
    timer = answer.get_loop().call_later(timeout_ms / 1000, withdraw)
    try:
        return await answer
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if not is_late or (task is not None and task.cancelling()):
            raise
    finally:
        timer.cancel()
    raise late(place, timeout_ms, setting)


def late(place: object, timeout_ms: int, setting: str) -> UnavailableError:
    """Return what those hear who have waited too long."""
    return UnavailableError(f"{place} did not answer within {timeout_ms} ms ({setting})")
