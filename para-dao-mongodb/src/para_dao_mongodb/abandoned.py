"""Transactions of which nobody knows whether the server still has them open.

What such a transaction has touched is locked until the server ends it, after a minute. A server
that is asked to kill the session ends it at once.
"""

from __future__ import annotations

import asyncio
import logging
from contextvars import Context

from pymongo.asynchronous.client_session import AsyncClientSession

from para_dao_mongodb.errors import FAILURES, is_definite
from para_dao_mongodb.limits import time_limit
from para_dao_mongodb.store import Store

__all__ = ["Abandoned"]

logger = logging.getLogger(__name__)

_LIFETIME_SEC = 60.0  # after that a server ends transactions by itself
_PAUSE_SEC, _GRACE_SEC = 0.1, 1.0


class Abandoned:
    """Has sessions killed in the background, as soon as the server answers again."""

    def __init__(self, store: Store, *, timeout_ms: int) -> None:
        """Ask the server of ``store``, and wait for no answer longer than the time limit."""
        self._store, self._timeout_ms = store, timeout_ms
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_dropped = False

    def add(self, session: AsyncClientSession) -> None:
        """Let the server end whatever goes on in a session that nobody uses any more."""
        # In a context of its own, since the time limit of whoever gave up is over.
        task = asyncio.create_task(self._kill(session), context=Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Wait for a server that answers until none is left."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_GRACE_SEC)

    def drop(self) -> None:
        """Leave the rest to the server."""
        self._is_dropped = True  # a task that is cancelled within PyMongo 4.20 may not notice
        for task in self._tasks:
            task.cancel()

    async def _kill(self, session: AsyncClientSession) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + _LIFETIME_SEC
        while loop.time() < end and not self._is_dropped:
            if await self._is_killed(session):
                return
            await asyncio.sleep(_PAUSE_SEC)

    async def _is_killed(self, session: AsyncClientSession) -> bool:
        try:
            async with time_limit(self._timeout_ms):
                await self._store.client.admin.command("killSessions", [session.session_id])
                await session.end_session()
        except FAILURES as error:
            if is_definite(error):
                logger.warning("what a failed write has locked stays so for a minute: %s", error)
            return is_definite(error)
        return True
