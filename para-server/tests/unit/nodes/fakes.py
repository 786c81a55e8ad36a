"""A clock that stands still, and a database that several nodes of a test use."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from para_core.contracts.dao import Record
from para_core.memory.dao import MemoryDAO

__all__ = ["Clock", "a_database", "a_record"]


@dataclass
class Clock:
    """Seconds, which pass when a test says so."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now

    def ms(self) -> int:
        """Return milliseconds."""
        return int(self.now * 1000)


@asynccontextmanager
async def a_database() -> AsyncIterator[MemoryDAO]:
    async with MemoryDAO() as dao:
        yield dao


def a_record(key: str, text: str = "x", change: int = 0) -> Record:
    return Record(key, "boat", b'{"id":"%s","text":"%s"}' % (key.encode(), text.encode()), change)
