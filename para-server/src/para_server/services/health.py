"""Whether the server can do its work: the root app can be read, and the index answers."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from para_core.errors import ParaError
from para_core.pager import Pager
from para_core.query.tree import All

if TYPE_CHECKING:
    from para_server.services.container import Services

__all__ = ["Health", "is_healthy"]

logger = logging.getLogger(__name__)

_FRESH_SEC = 1.0  # how long one probe serves all who ask


class Health:
    """The last probe; asking often costs the back-ends nothing."""

    def __init__(self) -> None:
        self.checked_at = float("-inf")
        self.result = False
        self.lock = asyncio.Lock()  # held by whoever probes


async def is_healthy(services: Services) -> bool:
    """Probe the back-ends, at most once a second; who asks meanwhile waits for that probe."""
    health = services.health
    async with health.lock:
        if time.monotonic() - health.checked_at >= _FRESH_SEC:
            health.result = await _probe(services)
            health.checked_at = time.monotonic()
    return health.result


async def _probe(services: Services) -> bool:
    root = services.apps.root
    try:
        if await services.store.dao.read(root, f"app:{root}") is None:
            return False
        if services.settings.search_enabled:
            await services.search.find(root, All(), pager=Pager(limit=0))
    except ParaError as error:
        logger.warning("a health probe failed: %s", error)
        return False
    return True
