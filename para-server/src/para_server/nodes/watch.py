"""Hears what other nodes have written, and knows until when that is all there is.

Some times a second the database is asked for the number of the last change of every app, and the
feeds of those that have changed are read. What was committed before the question has then been
heard of, so whatever this node remembers is true as of the moment when it began to ask. It stays
*fresh* for ``stale_sec`` from that moment and no longer: when the database does not answer, or this
process was stopped for a while, nothing that is remembered is used until the next look.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from para_core.contracts.component import Component
from para_core.contracts.dao import DAO, Change
from para_core.errors import ParaError
from para_core.tasks import cancelled
from para_server.nodes.clock import elapsed_sec
from para_server.services.following import changes_after

__all__ = ["Watch"]

logger = logging.getLogger(__name__)

_LOOKS = 5  # in the time for which what is remembered stays fresh
_RETRY_SEC = 1.0


class Watch(Component):
    """Looks at the feeds of all apps as long as it is open."""

    def __init__(
        self,
        dao: DAO,
        *,
        stale_sec: float,
        feed_sec: float,
        clock: Callable[[], float] = elapsed_sec,
    ) -> None:
        """Watch a database.

        Args:
            dao: The database.
            stale_sec: How long what is remembered stays fresh.
            feed_sec: How long changes are kept at least.
            clock: Tells seconds, and goes on while the process is stopped.
        """
        self._dao, self._stale_sec, self._feed_sec = dao, stale_sec, feed_sec
        self._clock = clock
        self._seen: dict[str, int] = {}
        self._looked = self._fresh_until = float("-inf")
        self._task: asyncio.Task[None] | None = None
        self.on_changes: list[Callable[[str, Sequence[Change]], Awaitable[None]]] = []
        """Told ``(appid, changes)`` of all nodes, this one too; after each, the app is current."""
        self.on_gone: list[Callable[[str], Awaitable[None]]] = []
        """Told of apps that are there no more."""
        self.on_missed: list[Callable[[str], Awaitable[None]]] = []
        """Told of apps of which changes may have been missed."""

    def is_fresh(self) -> bool:
        """Return whether what this node remembers may be used."""
        return self._clock() < self._fresh_until

    def silent_sec(self) -> float:
        """Return how long ago this node began to look when it heard of the others last."""
        return self._clock() - self._looked

    def heads(self) -> dict[str, int]:
        """Return up to which change each app was heard of."""
        return self._seen

    async def open(self) -> None:
        """Begin to watch. Nothing may be remembered of what was read before."""
        began = self._clock()
        self._seen = await self._dao.heads()
        self._be_fresh(began)
        self._task = asyncio.create_task(self._run(), name="nodes: watch")

    async def close(self) -> None:
        """Stop; nothing is fresh any more."""
        task, self._task = self._task, None
        self._fresh_until = float("-inf")
        await cancelled(task)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._stale_sec / _LOOKS)
            try:
                await self.look()
            except ParaError as error:
                logger.warning("the cache is not used: what others write is not heard: %s", error)
                await asyncio.sleep(_RETRY_SEC)
            except Exception:  # whatever it is: it must go on, and nothing is fresh until it does
                logger.exception("the cache is not used: what others write is not heard")
                await asyncio.sleep(_RETRY_SEC)

    async def look(self) -> None:
        """Hear of everything that was written before now."""
        began = self._clock()
        if began - self._looked > self._feed_sec / 2:
            await self._begin_again(began)
            return
        heads = await self._dao.heads()
        for appid in self._seen.keys() - heads.keys():
            for tell in self.on_gone:
                await tell(appid)
            del self._seen[appid]
        for appid, head in heads.items():
            if head > self._seen.get(appid, 0):
                await self._catch_up(appid, head)
        self._be_fresh(began)

    async def _catch_up(self, appid: str, head: int) -> None:
        async for changes in changes_after(self._dao, appid, self._seen.get(appid, 0)):
            for tell in self.on_changes:
                await tell(appid, changes)
            self._seen[appid] = changes[-1].number
        self._seen[appid] = max(head, self._seen.get(appid, 0))

    async def _begin_again(self, began: float) -> None:
        """Forget everything: changes may have been missed. The look after this one is fresh.

        Until then nothing is kept of what is read, so no reader from before brings anything back.
        """
        logger.warning("this node was out of touch for long, and forgets what it remembers")
        heads = await self._dao.heads()
        for appid in heads.keys() | self._seen.keys():
            for tell in self.on_missed:
                await tell(appid)
        self._seen, self._looked = heads, began

    def _be_fresh(self, began: float) -> None:
        self._looked, self._fresh_until = began, began + self._stale_sec
