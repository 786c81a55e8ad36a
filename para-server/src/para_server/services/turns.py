"""Turns: whoever changes one thing waits for those who came before, and nobody else does.

Changes are compared with what is stored and tried again when they were overtaken. When many want to
change the same thing at once, all but one would work in vain each time; so they take turns.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from typing import TypeVar

from para_core.errors import ConflictError, VersionConflictError

__all__ = ["Turns"]

_TRIES = 50  # of a change that others overtake
_Done = TypeVar("_Done")


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

    async def change(
        self,
        attempt: Callable[[], Awaitable[_Done]],
        appid: str,
        *keys: str,
        first: Callable[[], Awaitable[_Done]] | None = None,
    ) -> _Done:
        """Try a change in its turn, again each time that it was overtaken.

        Args:
            attempt: Reads, changes and stores what is there now. ``ConflictError`` tells that it
                was overtaken; not so ``VersionConflictError``, which is for the client.
            appid: The app.
            keys: The object that is changed; without one all of the app take turns.
            first: An attempt that waits for nobody, which is enough nearly always.

        Returns:
            What the attempt that succeeded returns.

        Raises:
            ConflictError: It was overtaken all the time.
        """
        if first is not None:
            with _UNLESS_OVERTAKEN:
                return await first()
        async with self.of(appid, *keys):
            for _ in range(1, _TRIES):
                with _UNLESS_OVERTAKEN:
                    return await attempt()
            try:
                return await attempt()
            except ConflictError as error:
                if isinstance(error, VersionConflictError) or not keys:
                    raise
                raise ConflictError(keys) from error

    def __len__(self) -> int:
        """How many things are being changed or waited for."""
        return len(self._queues)


class _Overtaken:
    """Ends an attempt that others overtook, without an error."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, *about: object) -> bool:
        if kind is None or issubclass(kind, VersionConflictError):
            return False
        return issubclass(kind, ConflictError)


_UNLESS_OVERTAKEN = _Overtaken()


class _Queue:
    __slots__ = ("length", "lock")

    def __init__(self) -> None:
        self.lock, self.length = asyncio.Lock(), 0
