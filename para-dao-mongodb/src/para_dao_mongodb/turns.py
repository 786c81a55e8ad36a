"""Who may use an app at the moment: many who read, or one who changes it in several steps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from para_dao_mongodb.intents import Intent

__all__ = ["Turns", "TurnsByApp"]


@dataclass(slots=True)
class Turns:
    """Whose turn it is at one app. Whoever changes it has ``turn`` from the first look on."""

    users: int = 0  # who are there, or wait to be
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    adding: tuple[asyncio.Future[int], Intent] | None = None  # on its way into the journal
    unfinished: tuple[int, Intent] | None = None  # carried out by halves, and its journal number
    _gate: asyncio.Lock = field(default_factory=asyncio.Lock)
    _left: asyncio.Event = field(default_factory=asyncio.Event)  # set when nobody reads
    _readers: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether everything that is in the journal is carried out."""
        return self.unfinished is None and (self.adding is None or not self.adding[0].done())

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        """Read beside others; wait while somebody changes the app, or waits to do so."""
        async with self._gate:
            self._readers += 1
            self._left.clear()
        try:
            yield
        finally:
            self._readers -= 1
            if not self._readers:
                self._left.set()

    @asynccontextmanager
    async def changing(self) -> AsyncIterator[None]:
        """Change the app while nobody reads it."""
        async with self._gate:
            if self._readers:
                await self._left.wait()
            yield


class TurnsByApp:
    """Where all who are at an app meet; nothing is kept of one where nobody is."""

    def __init__(self) -> None:
        self._turns: dict[str, Turns] = {}

    def __len__(self) -> int:
        """How many apps are in use, or not whole."""
        return len(self._turns)

    def appids(self) -> list[str]:
        """Return these apps."""
        return list(self._turns)

    @contextmanager
    def at(self, appid: str) -> Iterator[Turns]:
        """Be at an app, beside others."""
        turns = self._turns.setdefault(appid, Turns())
        turns.users += 1
        try:
            yield turns
        finally:
            turns.users -= 1
            if not turns.users and turns.adding is None and turns.unfinished is None:
                del self._turns[appid]

    @asynccontextmanager
    async def turn_at(self, appid: str) -> AsyncIterator[Turns]:
        """Wait for the turn at an app, and have it."""
        with self.at(appid) as turns:
            async with turns.turn:
                yield turns
