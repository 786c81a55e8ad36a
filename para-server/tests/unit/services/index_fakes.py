"""An index that remembers what it was told, and a database whose writes can be held up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Sequence
from dataclasses import dataclass, field

from para_core.contracts.dao import DAO, Put, Record, Write
from para_core.contracts.search import Hits, Search
from para_core.errors import BackendError
from para_core.memory.dao import MemoryDAO
from para_core.pager import Pager
from para_core.query.tree import Node
from para_server.services.index_follower import IndexFollower


@dataclass
class Commit:
    """One call of ``Search.index``."""

    appid: str
    puts: list[str]
    gone: list[str]
    position: int | None


@dataclass
class Documents:
    """The index of one app."""

    records: dict[str, Record] = field(default_factory=dict)
    position: int | None = None


class RecordingSearch(Search):
    """Keeps documents and the calls that brought them; finds nothing.

    ``gate`` holds back commits while it is clear. ``failures`` are raised, one per commit.
    ``busy`` tells when a commit of an app has begun.
    """

    def __init__(self) -> None:
        self.apps: dict[str, Documents] = {}
        self.commits: list[Commit] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.rebuilding = asyncio.Event()
        self.rebuild_gate = asyncio.Event()
        self.rebuild_gate.set()
        self.busy = asyncio.Event()
        self.failures: list[Exception] = []
        self.writers: dict[str, int] = {}

    async def open(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def position(self, appid: str) -> int | None:
        found = self.apps.get(appid)
        return None if found is None else found.position

    async def index(
        self, appid: str, puts: Sequence[Record], deletes: Sequence[str], position: int | None
    ) -> None:
        self._enter(appid)
        try:
            self.busy.set()
            await self.gate.wait()
            if self.failures:
                raise self.failures.pop(0)
            known = self.apps.setdefault(appid, Documents())
            known.records.update({record.id: record for record in puts})
            for key in deletes:
                known.records.pop(key, None)
            known.position = known.position if position is None else position
            told = [record.id for record in puts]
            self.commits.append(Commit(appid, told, list(deletes), position))
        finally:
            self.writers[appid] -= 1

    async def rebuild(
        self, appid: str, records: AsyncIterable[Sequence[Record]], position: int
    ) -> int:
        self._enter(appid)
        try:
            made = {record.id: record async for page in records for record in page}
            self.rebuilding.set()
            await self.rebuild_gate.wait()
            self.apps[appid] = Documents(made, position)
            return len(made)
        finally:
            self.writers[appid] -= 1

    def _enter(self, appid: str) -> None:
        assert self.writers.get(appid, 0) == 0, "two writers of one app at a time"
        self.writers[appid] = 1

    async def drop(self, appid: str) -> None:
        self.apps.pop(appid, None)

    async def find(
        self, appid: str, query: Node, *, kind: str | None = None, pager: Pager | None = None
    ) -> Hits:
        del query, kind, pager
        return Hits([], len(self.ids(appid)))

    def ids(self, appid: str = "app") -> set[str]:
        return set(self.apps[appid].records) if appid in self.apps else set()


class LateDAO(MemoryDAO):
    """Stores at once, but lets writers know later when told so; or tells them that it failed."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: dict[str, asyncio.Event] = {}
        self.lost: set[str] = set()
        self.broken = False
        self.reading = asyncio.Event()
        self.read_gate = asyncio.Event()
        self.read_gate.set()

    def hold(self, key: str) -> asyncio.Event:
        """Store the write of this id, and answer it only when the event is set."""
        event = self.answers[key] = asyncio.Event()
        return event

    async def write(self, appid: str, write: Write) -> int:
        number = await super().write(appid, write)
        key = write.keys()[0] if write.keys() else ""
        if key in self.answers:
            await self.answers[key].wait()
        if key in self.lost:
            raise BackendError("the answer was lost")
        return number

    async def read_all(self, appid: str, keys: Sequence[str]) -> dict[str, Record]:
        self.reading.set()
        await self.read_gate.wait()
        self._refuse_if_broken()
        return await super().read_all(appid, keys)

    async def read_page(
        self, appid: str, *, after: str = "", limit: int = 100, kind: str | None = None
    ) -> list[Record]:
        self._refuse_if_broken()
        return await super().read_page(appid, after=after, limit=limit, kind=kind)

    def _refuse_if_broken(self) -> None:
        if self.broken:
            raise BackendError("the database does not answer")


def record(key: str, text: str = "") -> Record:
    return Record(
        key, "cat", b'{"id":"%b","type":"cat","name":"%b"}' % (key.encode(), text.encode())
    )


async def write(
    follower: IndexFollower,
    dao: DAO,
    *keys: str,
    gone: Sequence[str] = (),
    appid: str = "app",
    text: str = "",
) -> int:
    """Write as the store does it, and return the number of the change."""
    token = await follower.begin(appid)
    records = [record(key, text) for key in keys]
    try:
        number = await dao.write(appid, Write("create", [Put(r) for r in records], gone))
    except BaseException:
        follower.doubt(appid, token)
        raise
    puts = [Record(r.id, r.type, r.data, number) for r in records]
    follower.end(appid, token, number, puts, gone)
    return number


async def settle() -> None:
    """Let everything run that can run without time passing."""
    for _ in range(50):
        await asyncio.sleep(0)
