"""Servers that share one database and nothing else, as several processes do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from para_core.memory.cache import CaffeineSettings, MemoryCache
from para_core.memory.dao import MemoryDAO
from para_core.memory.search import MemorySearch
from para_server.para import Backends, Para

from ..client import ROOT_SECRET, Client  # noqa: TID252 - tests have no absolute names

if TYPE_CHECKING:
    from para_core.contracts.dao import DAO, Record
    from para_server.config import ApiSettings

    from .people import Clock


class FarDAO(MemoryDAO):
    """A database that others can write to between a read and the write that follows from it."""

    async def read(self, appid: str, key: str) -> Record | None:
        found = await super().read(appid, key)
        await asyncio.sleep(0)
        return found


@asynccontextmanager
async def a_process(settings: ApiSettings, dao: DAO, clock: Clock) -> AsyncIterator[Client]:
    """Start a server with a cache and an index of its own; return a client of it."""
    cache = MemoryCache(CaffeineSettings(), clock=time.monotonic)
    made = Backends(dao, MemorySearch(), cache)
    async with Para(settings, made, clock=clock) as para:
        yield Client(para)


async def the_app(nobody: Client) -> Client:
    """Make an app, once."""
    root = Client(nobody.para, "app:para", ROOT_SECRET)
    return Client(nobody.para, "app:myapp", (await root.get("/v1/_setup/myapp")).json["secretKey"])
