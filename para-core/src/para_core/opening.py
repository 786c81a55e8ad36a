"""Waiting for what has to be closed again, so that nobody's cancelled wait leaves it open."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

__all__ = ["until_open"]

T = TypeVar("T")


async def until_open(opening: Awaitable[T], close: Callable[[T], object]) -> T:
    """Wait for something to open, and return it.

    A thread goes on with what it was given though nobody waits for it any more, and a connection
    may be there at the very moment at which its caller is cancelled: what they return would be
    lost, and stay open. So ``opening`` is never cancelled, and what comes of it after the caller
    has gone is closed.

    Args:
        opening: Opens it.
        close: Closes it, at once, in the event loop; only called when the caller was cancelled.
    """
    task = asyncio.ensure_future(opening)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        task.add_done_callback(partial(_close, close))
        raise


def _close(close: Callable[[T], object], task: asyncio.Future[T]) -> None:
    if not task.cancelled() and task.exception() is None:
        close(task.result())
