"""Ending tasks."""

from __future__ import annotations

import asyncio
from typing import Any

__all__ = ["cancelled"]


async def cancelled(task: asyncio.Task[Any] | None) -> None:
    """Cancel a task and wait until it has ended; without a task there is nothing to do.

    What the task raised instead of ending is raised here. Whoever is cancelled while it waits is
    cancelled: ``await task`` cannot tell that from the end of the task.
    """
    if task is None:
        return
    task.cancel()
    await asyncio.wait((task,))
    if not task.cancelled():
        task.result()
