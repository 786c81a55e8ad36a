"""A database in memory that an engine follows, as in the server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from para_core.contracts.dao import Put, Record, Write
from para_core.memory.dao import MemoryDAO
from para_core.pager import Pager
from para_core.query.tree import All
from para_core.testing.search import a_record
from para_search_elasticsearch.search import ElasticSearch
from para_server.services.index_follower import IndexFollower

APP = "zoo"
PATIENCE_SEC = 300


class Followed:
    """Writes into the database and hands over what was written."""

    def __init__(self, engine: ElasticSearch) -> None:
        self.engine, self.dao = engine, MemoryDAO()
        self.follower = IndexFollower(self.dao, engine)

    async def put(self, *keys: str, gone: Sequence[str] = (), **fields: str) -> None:
        """Store objects and remove others, as one change."""
        token = await self.follower.begin(APP)
        records = [a_record(key, "thing", 1, **fields) for key in keys]
        await self.store(token, records, gone)

    async def store(self, token: int, records: Sequence[Record], gone: Sequence[str]) -> None:
        number = await self.dao.write(APP, Write("create", [Put(r) for r in records], gone))
        self.follower.end(APP, token, number, records, gone)

    async def stored(self) -> list[str]:
        """Return the ids that the database has."""
        return sorted(record.id for record in await self.dao.read_page(APP, limit=10_000))

    async def indexed(self) -> list[str]:
        """Return the ids that the index has."""
        pager = Pager(limit=10_000, sort="id", desc=False)
        return (await self.engine.find(APP, All(), pager=pager)).keys

    async def agrees(self) -> bool:
        """Wait until the index has everything, and return whether it is what the database has."""
        assert await self.follower.caught_up(APP, PATIENCE_SEC)
        return await self.indexed() == await self.stored()


@asynccontextmanager
async def followed(engine: ElasticSearch) -> AsyncIterator[Followed]:
    """Follow as long as the block."""
    one = Followed(engine)
    async with one.dao:
        await one.dao.create_table(APP)
        await one.follower.open()
        try:
            yield one
        finally:
            await one.follower.close()


async def until(is_so: Callable[[], bool]) -> None:
    """Wait until a function says so."""
    async with asyncio.timeout(PATIENCE_SEC):
        while True:
            if is_so():
                return
            await asyncio.sleep(0.01)
