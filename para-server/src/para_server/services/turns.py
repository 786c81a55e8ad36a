"""Turns: whoever changes one thing waits for those who came before, and nobody else does.

Changes are compared with what is stored and tried again when they were overtaken. When many want to
change the same thing at once, all but one would work in vain each time; so they take turns.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager

__all__ = ["Turns"]


class Turns:
    """Lets those of one process take turns, for each thing in the order in which they came.

    Others that change the same database take no part, so a change must be compared all the same.
    """

    def __init__(self) -> None:
        self._queues: dict[Hashable, _Queue] = {}

    @asynccontextmanager
    async def of(self, *thing: Hashable) -> AsyncIterator[None]:
        """Wait for the turn and hold it: ``async with turns.of(appid, key):``."""
        queue = self._queues.setdefault(thing, _Queue())
        queue.length += 1
        try:
            async with queue.lock:
                yield
        finally:
            queue.length -= 1
            if not queue.length:
                del self._queues[thing]

    def __len__(self) -> int:
        """How many things are being changed or waited for."""
        return len(self._queues)


class _Queue:
    __slots__ = ("length", "lock")

    def __init__(self) -> None:
        self.lock, self.length = asyncio.Lock(), 0
