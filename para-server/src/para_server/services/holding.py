"""Keeps messages from other workers for as long as they are worked on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from para_core.contracts.component import Component
from para_core.contracts.queue import Message, Queue
from para_core.errors import ParaError

__all__ = ["Hold"]

logger = logging.getLogger(__name__)

_BEATS = 3  # in one visibility timeout, so that one that fails has a second chance


class Hold(Component):
    """Extends pulled messages again and again, each until it is let go.

    An extension may give a message another receipt, so ``let_go`` waits for one under way and
    returns the message as it is then.
    """

    def __init__(self, queue: Queue, messages: Iterable[Message]) -> None:
        """Hold these; nothing is extended before it is opened."""
        self._queue = queue
        self._held = {message.receipt: message for message in messages}  # by their first receipt
        self._extending = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin to extend."""
        self._task = asyncio.create_task(self._run(), name="river: hold")

    async def close(self) -> None:
        """Let all go."""
        task, self._task = self._task, None
        self._held.clear()
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def let_go(self, message: Message) -> Message:
        """Stop extending a message, and return it with the receipt that counts."""
        async with self._extending:
            return self._held.pop(message.receipt, message)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._queue.visibility_timeout_sec / _BEATS)
            for first in list(self._held):
                async with self._extending:
                    await self._extend(first)

    async def _extend(self, first: str) -> None:
        message = self._held.get(first)
        if message is None:
            return
        try:
            extended = await self._queue.extend(message)
        except ParaError as error:
            logger.warning("a message may be done by another worker too: %s", error)
            return
        except Exception:  # whatever it is: the others must be held
            logger.exception("a message may be done by another worker too")
            return
        if extended is None:
            logger.warning("a message took so long that another worker got it too")
            self._held.pop(first, None)
        elif first in self._held:
            self._held[first] = extended
