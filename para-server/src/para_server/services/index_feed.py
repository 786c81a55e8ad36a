"""How far the index of an app is, and what waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from para_core.contracts.dao import Record

__all__ = ["Feed", "Pending"]


@dataclass(slots=True)
class Pending:
    """A change that was handed over and is not in the index yet."""

    number: int
    puts: Sequence[Record]
    gone: Sequence[str]


@dataclass(slots=True)
class Feed:
    """Where the index of one app stands."""

    appid: str
    pending: list[Pending] = field(default_factory=list)
    in_flight: dict[int, int] = field(default_factory=dict)  # token: highest number at its start
    settled: list[int] = field(default_factory=list)  # tokens of failed writes, no longer in doubt
    handed: int = 0  # how many changes were handed over
    applied: int = 0  # how many of these are in the index
    highest: int = 0  # the highest change number handed over
    seen: int = 0  # the highest change number applied
    position: int = 0  # what the index knows itself to hold
    failures: int = 0  # of the index itself, one after the other
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)  # held by whoever changes the index
    is_ready: bool = False
    keeps: bool = False  # what is handed over is kept; else the database's feed will tell it
    is_rebuilding: bool = False  # somebody asked for a new index; that may take minutes
    is_doubtful: bool = False  # the feed has to be looked at once more
    waiters: list[tuple[int, asyncio.Future[None]]] = field(default_factory=list)
    preparing: asyncio.Task[None] | None = None
    retry: asyncio.TimerHandle | None = None

    def position_with(self, seen: int) -> int:
        """Return how far the index is when changes up to ``seen`` are in it: nothing is missing."""
        behind = [*self.in_flight.values(), *(pending.number - 1 for pending in self.pending)]
        return max(self.position, min(behind, default=seen))
