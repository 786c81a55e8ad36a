"""Who may use an app at the moment: many who read, or one who changes it in several steps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from para_dao_mongodb.intents import Intent

__all__ = ["Turns"]


@dataclass(slots=True)
class Turns:
    """Whose turn it is at one app. Whoever changes it has ``turn`` from the first look on."""

    users: int = 0  # who are there, or wait to be
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    unfinished: tuple[int, Intent] | None = None  # carried out by halves, and its journal number
    _gate: asyncio.Lock = field(default_factory=asyncio.Lock)
    _left: asyncio.Event = field(default_factory=asyncio.Event)  # set when nobody reads
    _readers: int = 0

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
