"""How far the indexes of apps are that all nodes have in common, and the searches that wait."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from para_core.errors import ParaError
from para_core.tasks import cancelled

__all__ = ["Waiting"]

logger = logging.getLogger(__name__)

_PAUSES_SEC = (0.01, 0.02, 0.04, 0.08)  # between two questions how far an index is; the last stays
_AWAY_SEC = 0.5  # before an engine that does not answer is asked again

_Waiters = list[tuple[int, asyncio.Future[None]]]


class Waiting:
    """Asks how far an index is, as long as somebody waits and nobody here writes it."""

    def __init__(
        self, ask: Callable[[str], Awaitable[int | None]], is_told: Callable[[str], bool]
    ) -> None:
        """Wait for indexes.

        Args:
            ask: Returns the position of an app's index.
            is_told: Says whether this process is told of it, so that there is nothing to ask.
        """
        self._ask, self._is_told = ask, is_told
        self._reached: dict[str, int] = {}  # a change that each index is at, or beyond
        self._waiters: dict[str, _Waiters] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def position(self, appid: str) -> int:
        """Return a change that an index is known to have, with all before it."""
        return self._reached.get(appid, 0)

    def reach(self, appid: str, position: int) -> None:
        """Say that an index is at a change."""
        if position > self._reached.get(appid, 0):
            self._reached[appid] = position
        for upto, done in self._waiters.get(appid, ()):
            if upto <= position and not done.done():
                done.set_result(None)

    def forget(self, appid: str) -> None:
        """Forget an app that was removed."""
        self._reached.pop(appid, None)

    async def until(self, appid: str, position: int, timeout_sec: float) -> bool:
        """Wait until an index is at a change; ``False`` when that takes too long."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiters = self._waiters.setdefault(appid, [])
        waiters.append((position, done))
        if len(waiters) == 1:
            task = asyncio.create_task(self._ask_on(appid, waiters), name="nodes: how far it is")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            async with asyncio.timeout(timeout_sec):
                await done
        except TimeoutError:
            return False
        return True

    async def _ask_on(self, appid: str, waiters: _Waiters) -> None:
        count = 0
        while waiters:
            pause = _PAUSES_SEC[min(count, len(_PAUSES_SEC) - 1)]
            if not self._is_told(appid):
                try:
                    self.reach(appid, await self._ask(appid) or 0)
                except ParaError:  # the search that waits will say so
                    pause = _AWAY_SEC
                except Exception:  # whoever comes later waits for this task too
                    logger.exception("an index cannot be asked", extra={"appid": appid})
                    pause = _AWAY_SEC
            waiters[:] = [(upto, done) for upto, done in waiters if not done.done()]
            count += 1
            if waiters:
                await asyncio.sleep(pause)
        if self._waiters.get(appid) is waiters:
            del self._waiters[appid]

    async def close(self) -> None:
        """Ask no more."""
        for task in list(self._tasks):
            await cancelled(task)
