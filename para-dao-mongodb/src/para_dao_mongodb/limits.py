"""How long the database may take."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pymongo

__all__ = ["time_limit"]

_GRACE_SEC = 1.0


@asynccontextmanager
async def time_limit(timeout_ms: int) -> AsyncIterator[None]:
    """Bound all that is asked inside.

    The driver gives up by itself, and cleans up. It is cancelled only if it does not: cancelled
    while it connects, PyMongo 4.20 leaves the socket to the garbage collector.

    Raises:
        PyMongoError: The time was over.
        TimeoutError: It was, and the driver went on.
    """
    seconds = timeout_ms / 1000
    with pymongo.timeout(seconds):
        async with asyncio.timeout(seconds + _GRACE_SEC):
            yield
