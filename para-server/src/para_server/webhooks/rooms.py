"""How many requests to receivers are under way at once.

A receiver that hangs holds each request for as long as one may take. Whatever the number of its
hooks, it gets a part of a room only; and hooks that took something lately have a room of their own,
which those that fail, or have yet to show that they work, do not enter.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

__all__ = ["Room", "Rooms", "receiver_of"]

_WORKING, _WORKING_EACH = 192, 48
_OTHERS, _OTHERS_EACH = 128, 16


@dataclass(slots=True)
class _Turn:
    """What one receiver may have under way, and how many requests ask for it."""

    room: asyncio.Semaphore
    users: int = 0


class Room:
    """So many requests at once, and so many to each receiver."""

    def __init__(self, most: int, most_each: int) -> None:
        """Start empty."""
        self._all, self._each = asyncio.Semaphore(most), most_each
        self._turns: dict[str, _Turn] = {}

    @asynccontextmanager
    async def entered(self, receiver: str) -> AsyncIterator[None]:
        """Wait until there is room; who waits for its own receiver takes none of the others."""
        turn = self._turns.get(receiver)
        if turn is None:
            turn = self._turns[receiver] = _Turn(asyncio.Semaphore(self._each))
        turn.users += 1
        try:
            async with turn.room, self._all:
                yield
        finally:
            turn.users -= 1
            if not turn.users:
                del self._turns[receiver]


class Rooms:
    """The room of hooks that work, and that of all others, in one process."""

    def __init__(self) -> None:
        """Start empty."""
        self.working, self.others = Room(_WORKING, _WORKING_EACH), Room(_OTHERS, _OTHERS_EACH)


def receiver_of(url: str) -> str:
    """Return what hangs when a request hangs: host and port."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower()
    except ValueError:
        return url  # it is sent nowhere
