"""The threads of the engine: one that writes, a few that search."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from para_core.errors import UnavailableError

__all__ = ["Threads"]

_T = TypeVar("_T")

_NICENESS = 5  # of the thread that writes, and so of the engine's threads that it starts


class Threads:
    """One thread of lower priority for all writing, and some for searches."""

    def __init__(self, searching: int) -> None:
        self._writing: ThreadPoolExecutor | None
        self._writing = ThreadPoolExecutor(1, "lucene-write", initializer=_be_nice)
        self._searching = ThreadPoolExecutor(searching, "lucene-search")

    async def write(self, job: Callable[[], _T]) -> _T:
        """Run a job after all others that were given to the writing thread."""
        if self._writing is None:
            raise UnavailableError("the search engine is not open")
        return await asyncio.get_running_loop().run_in_executor(self._writing, job)

    async def search(self, job: Callable[[], _T]) -> _T:
        """Run a job beside others."""
        if self._writing is None:
            raise UnavailableError("the search engine is not open")
        return await asyncio.get_running_loop().run_in_executor(self._searching, job)

    def submit(self, job: Callable[[], None]) -> None:
        """Let the writing thread do something that nobody waits for."""
        if self._writing is not None:
            self._writing.submit(job)

    def close(self) -> None:
        """Wait for what was begun, and end."""
        writing, self._writing = self._writing, None
        for pool in (writing, self._searching):
            if pool is not None:
                pool.shutdown(wait=True)


def _be_nice() -> None:
    """Let the threads that serve requests go first; on Linux niceness belongs to a thread."""
    os.setpriority(os.PRIO_PROCESS, 0, _NICENESS)
