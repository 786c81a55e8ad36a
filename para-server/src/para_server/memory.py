"""The memory of a server that runs for long."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import os
import sys
from collections.abc import AsyncIterator, Callable

from para_core.tasks import cancelled

__all__ = ["give_back", "given_back", "keep_together", "settle"]

_SWITCH_SEC = 0.001  # how long the indexing thread may keep the others waiting
_ARENA_MAX = -8  # M_ARENA_MAX of glibc's malloc.h
_ARENAS = 2
_EVERY_SEC = 60.0
_OF_THE_OPERATOR = ("MALLOC_ARENA_MAX", "GLIBC_TUNABLES")


def keep_together() -> None:
    """Let all threads take memory from the same two places, where the C library is glibc.

    Otherwise each thread has an arena of its own. The threads of the index come and go, and what
    they free stays in theirs, between blocks that are in use: 200 MB of a small server after half
    an hour, and more each minute. Call it before there are threads. An operator who has said
    something about arenas in the environment is left alone.
    """
    if not any(os.environ.get(name) for name in _OF_THE_OPERATOR):
        with contextlib.suppress(OSError, AttributeError):  # another library has no such thing
            ctypes.CDLL(None).mallopt(_ARENA_MAX, _ARENAS)


def settle() -> None:
    """Take what was made at start out of the garbage collector's rounds."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    sys.setswitchinterval(_SWITCH_SEC)


def give_back() -> None:
    """Return to the system what the C library keeps for later, where it is glibc.

    It keeps what lies between blocks that are in use, and these places become more. Giving the rest
    back takes some milliseconds, in which no other thread gets memory.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


@contextlib.asynccontextmanager
async def given_back(
    every_sec: float = _EVERY_SEC, step: Callable[[], None] = give_back
) -> AsyncIterator[None]:
    """Give memory back every so many seconds while the block runs, in a thread."""
    task = asyncio.create_task(_go_on(every_sec, step), name="memory")
    try:
        yield
    finally:
        await cancelled(task)


async def _go_on(every_sec: float, step: Callable[[], None]) -> None:
    while True:
        await asyncio.sleep(every_sec)
        await asyncio.to_thread(step)
