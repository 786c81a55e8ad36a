"""Work whose outcome all share who ask while it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from para_core.errors import UnavailableError

__all__ = ["Shared"]

T = TypeVar("T")


class Shared(Generic[T]):
    """Does one thing for many.

    So whoever comes while the service does not answer waits as long as the one before, not longer.
    """

    def __init__(self, work: Callable[[], Awaitable[T]]) -> None:
        self._work = work
        self._task: asyncio.Task[T] | None = None

    async def outcome(self) -> T:
        """Return what comes of the work that goes on, or begin it; its error is everybody's.

        Raises:
            UnavailableError: It was closed meanwhile.
        """
        task = self._task
        if task is None:
            task = self._task = asyncio.create_task(self._run())
        await asyncio.wait([task])
        if task.cancelled():
            raise UnavailableError("the queue was closed meanwhile")
        return task.result()

    async def close(self) -> None:
        """End the work."""
        task = self._task
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            if self._task is task:  # it was cancelled before it began, and has not let go itself
                self._task = None

    async def _run(self) -> T:
        try:
            return await self._work()
        finally:
            self._task = None
