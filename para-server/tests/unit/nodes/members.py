"""Nodes as far as the index goes, and the engine and the database that they have in common."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from para_core.contracts.dao import Put, Record, Write
from para_core.contracts.search import Later
from para_core.errors import IndexMovedError, StorageFullError, UnavailableError
from para_core.memory.dao import MemoryDAO
from para_core.memory.search import MemorySearch
from para_core.query.tree import All
from para_server.nodes.leases import Leases
from para_server.nodes.shared_index import SharedIndex
from para_server.nodes.watch import Watch
from para_server.services.following import Retention

from .fakes import Clock, a_record

__all__ = ["APP", "ONE", "PATIENCE_SEC", "TWO", "Engine", "Member", "Setting"]

APP = "app"
PATIENCE_SEC = 60.0
ONE, TWO = "0000000000000001", "0000000000000002"


class Engine(MemorySearch):
    """An engine of all nodes that a test can trouble."""

    is_shared = True

    def __init__(self) -> None:
        super().__init__()
        self.is_away = self.is_full = False
        self.moves = self.rebuilds = self.refused = 0
        self.before_write: Callable[[], Awaitable[None]] | None = None
        self.before_drop: Callable[[], Awaitable[None]] | None = None
        self.before_rebuild: Callable[[], Awaitable[None]] | None = None

    async def position(self, appid: str) -> int | None:
        if self.is_away:
            raise UnavailableError("the cluster is away")
        return await super().position(appid)

    async def index_as_of(
        self,
        appid: str,
        puts: Sequence[Record],
        deletes: Sequence[str],
        position: int | None,
        as_of: int,
    ) -> None:
        if self.before_write is not None:
            await self.before_write()
        if self.is_away:
            raise UnavailableError("the cluster is away")
        if self.moves:
            self.moves -= 1
            raise IndexMovedError(appid)
        if self.refused:
            self.refused -= 1
            raise RuntimeError("a fault of the engine")
        await super().index_as_of(appid, puts, deletes, position, as_of)

    async def drop(self, appid: str) -> None:
        if self.before_drop is not None:
            await self.before_drop()
        await super().drop(appid)

    async def rebuild_as_of(
        self, appid: str, records: AsyncIterable[Sequence[Record]], position: int, later: Later
    ) -> int:
        self.rebuilds += 1
        if self.before_rebuild is not None:
            await self.before_rebuild()
        if self.is_full:
            raise StorageFullError("the disk of the cluster is full")
        return await super().rebuild_as_of(appid, records, position, later)


@dataclass
class Member:
    """One node, as far as the index goes."""

    dao: MemoryDAO
    watch: Watch
    leases: Leases
    index: SharedIndex

    async def put(self, key: str, text: str = "x") -> int:
        """Store an object through this node."""
        token = await self.index.begin(APP)
        number = await self.dao.write(APP, Write("create", [Put(a_record(key, text))]))
        self.index.end(APP, token, number, [a_record(key, text, number)], [])
        return number

    async def take_all(self) -> None:
        """Take the shares that nobody has."""
        await self.leases.look()
        await self.leases.settle()


@dataclass
class Setting:
    """What the nodes of a test have in common."""

    dao: MemoryDAO
    engine: Engine
    clock: Clock

    @asynccontextmanager
    async def a_node(self, session: str) -> AsyncIterator[Member]:
        watch = Watch(self.dao, stale_sec=100, feed_sec=1e9, clock=self.clock)
        leases = Leases(self.dao, session, lease_sec=1000, clock=self.clock)
        index = SharedIndex(self.dao, self.engine, watch, leases, Retention(self.dao, ["index"]))
        member = Member(self.dao, watch, leases, index)
        watch.on_changes.append(index.heard)
        async with watch, index:
            try:
                yield member
            finally:
                await leases.settle()

    async def found(self) -> list[str]:
        return sorted((await self.engine.find(APP, All())).keys)
