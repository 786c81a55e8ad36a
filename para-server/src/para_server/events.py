"""What follows the writes of a server and works on its queue, put together.

One process of a server has its ``Followers`` open, the one that leads; in all of them webhooks
learn of writes through the store. The index has a follower of its own, ``services.index``.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from para_core.contracts.component import Component
from para_core.errors import ParaError
from para_server.outbound import open_outbound
from para_server.services.following import Retention
from para_server.services.index_writer import FOLLOWER as INDEX
from para_server.services.river import River
from para_server.webhooks.sender import FOLLOWER as WEBHOOKS
from para_server.webhooks.service import Webhooks
from para_server.workers.index import WorkerIndex

if TYPE_CHECKING:
    from para_core.config import Config
    from para_core.contracts.dao import DAO
    from para_core.contracts.queue import Queue
    from para_server.nodes.leases import Leases
    from para_server.services.container import Services
    from para_server.services.indexing import Indexing

__all__ = ["Followers", "retention_of"]

logger = logging.getLogger(__name__)

_RETRY_SEC = 1.0
_CONNECTIONS = 512  # more than deliveries that are under way at once


def retention_of(config: Config, dao: DAO, *, search_enabled: bool) -> Retention:
    """Return who has to pass a change before it is forgotten."""
    followers = [INDEX] if search_enabled else []
    if config.flag("para.webhooks_enabled"):
        followers.append(WEBHOOKS)
    return Retention(dao, followers or [INDEX])


class Followers(Component):
    """The webhooks and the river of one server; can be opened again after it was closed."""

    def __init__(  # noqa: PLR0913 - its collaborators
        self,
        config: Config,
        dao: DAO,
        queue: Queue,
        services: Services,
        retention: Retention,
        *,
        index: Indexing | None = None,
        leases: Leases | None = None,
        has_others: bool = False,
    ) -> None:
        """Put them together; nothing is opened yet.

        Args:
            config: Says what is enabled.
            dao: The database, without listeners.
            queue: Where messages come from, and custom events wait.
            services: Of the server.
            retention: Told how far each follower is.
            index: Knows whether this process leads; ``None`` where there is no other.
            leases: Share the apps out among nodes; ``None`` where one process has all.
            has_others: Whether other processes write into the same database.
        """
        self._index = index if isinstance(index, WorkerIndex) else None
        self._leases = leases
        has_others = has_others or self._index is not None or leases is not None
        self._sends = config.flag("para.webhooks_enabled")
        takes_messages = self._sends or config.flag("para.queue_link_enabled")
        self._outbound = open_outbound(config, most_connections=_CONNECTIONS, is_repeatable=True)
        self.webhooks = Webhooks(
            dao,
            queue,
            self._outbound,
            apps=services.apps,
            objects=services.objects,
            retention=retention,
            clock=services.clock,
            most_failures=config.number("para.max_failed_webhook_attempts"),
            context_path=services.settings.context_path,
            has_others=has_others,
            share_of=None if leases is None else leases.share_of,
        )
        river = River(
            queue,
            services,
            deliver=self.webhooks.deliver if self._sends else None,
            wait_sec=config.number("para.queue.polling_interval_seconds"),
            index_tries=config.number("para.river.max_indexing_retries"),
        )
        self._river = river if takes_messages else None
        self.webhooks.is_enabled = self._sends
        if self._sends:
            services.store.notes = self.webhooks.notes
            services.objects.on_trigger = self.webhooks.trigger
            services.apps.listeners = (*services.apps.listeners, self.webhooks)
        if self._index is not None:
            self._index.on_lead.append(self._lead)
            self._index.on_news = self.webhooks.wake
        if leases is not None and self._sends:
            leases.on_take.append(self.webhooks.take_share)
            leases.on_leave.append(self.webhooks.leave_share)
        self._may_lead = False
        self._leading: asyncio.Task[None] | None = None
        self._stack = AsyncExitStack()

    async def begin(self) -> None:
        """Open it if this process leads, and else as soon as it does."""
        self._may_lead = True
        if self._index is None or self._index.leads:
            await self.open()

    def _lead(self) -> None:
        if self._may_lead and self._leading is None:
            self._leading = asyncio.create_task(self._open_late(), name="followers")

    async def _open_late(self) -> None:
        while True:
            try:
                await self.open()
            except ParaError as error:
                logger.warning("webhooks and queue wait: %s", error)
                await asyncio.sleep(_RETRY_SEC)
            except Exception:  # whatever it is: nobody else leads
                logger.exception("webhooks and queue wait")
                await asyncio.sleep(_RETRY_SEC)
            else:
                return

    async def open(self) -> None:
        """Begin to follow: in one process of a server at a time."""
        async with AsyncExitStack() as stack:
            if self._sends:
                await stack.enter_async_context(self._outbound)
                await stack.enter_async_context(self.webhooks)
            else:
                await self.webhooks.leave_off()
            if self._river is not None:
                await stack.enter_async_context(self._river)
            if self._leases is not None:
                await stack.enter_async_context(self._leases)
            self._stack = stack.pop_all()

    async def close(self) -> None:
        """Stop where nothing gets lost; the next opening, here or elsewhere, goes on from there."""
        await self._stack.aclose()

    async def end(self) -> None:
        """Let go of what each process has, whether it leads or not."""
        self._may_lead = False
        if self._leading is not None:
            self._leading.cancel()
            await asyncio.wait([self._leading])
        await self.close()
        await self.webhooks.book.close()
