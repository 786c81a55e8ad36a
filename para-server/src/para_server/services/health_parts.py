"""The parts of the server that its health is made of; names as in the original."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from para_core.contracts.dao import Put, Record, Write
from para_core.errors import IndexMovedError, ParaError
from para_core.pager import Pager
from para_core.query.tree import All
from para_server.services.health import Part
from para_server.services.indexing import Progress

if TYPE_CHECKING:
    from para_core.contracts.cache import Cache
    from para_core.contracts.dao import DAO
    from para_core.contracts.queue import Queue
    from para_core.contracts.search import Search
    from para_server.services.indexing import Indexing
    from para_server.services.store import Store

__all__ = [
    "Following",
    "cache_part",
    "dao_part",
    "follower_part",
    "index_part",
    "queue_part",
    "room_part",
    "search_part",
]

logger = logging.getLogger(__name__)

_TTL_SEC = 10
_PROBES = "_health"  # see ``para_core.contracts.dao.is_room``
_PROBE = Record("probe", "probe", b'{"id":"probe","text":"%s"}' % (b"x" * 65_536))


def dao_part(dao: DAO, root: str) -> Part:
    """Return the part that reads the root app from the database."""

    async def check() -> str:
        found = await dao.read(root, f"app:{root}")
        return "" if found is not None else f"the root app app:{root} is not there"

    return Part("DAO", check)


def room_part(store: Store) -> Part:
    """Return the part that tells whether the last write found room in the database.

    Reads go on without, on this server as on any other. As long as there is none, something is
    stored and removed again, since nobody may write who was refused.
    """
    probe = _Probe(store)

    async def check() -> str:
        if store.fault or probe.is_left:
            await probe.look()
        return store.fault

    return Part("Storage", check, is_vital=False)


class _Probe:
    """What is stored and removed to see whether there is room."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.is_left = False
        """Whether the database may still have it, as after an answer that was lost."""

    async def look(self) -> None:
        """Store it if the last write found no room, and remove it."""
        dao, fault = self._store.dao, self._store.fault
        try:
            if fault:
                self.is_left = True
                await dao.write(_PROBES, Write("health", [Put(_PROBE)]))
            number = await dao.write(_PROBES, Write("health", deletes=[_PROBE.id]))
            self.is_left = False
            await dao.forget_changes(_PROBES, number)
        except ParaError as error:
            logger.debug("there is no room yet", extra={"reason": str(error)})
        else:
            if fault:
                self._store.fault = ""


def search_part(search: Search, root: str, index: Indexing) -> Part:
    """Return the part that asks the search engine; what it finds to be gone is made again."""

    async def check() -> str:
        try:
            await search.find(root, All(), pager=Pager(limit=0))
        except IndexMovedError:
            index.lost(root)
            raise
        return ""

    return Part("Search", check)


def cache_part(cache: Cache, root: str) -> Part:
    """Return the part that keeps something in the cache; a cache that is away keeps nothing.

    Requests go on without it, on every server that shares it.
    """

    async def check() -> str:
        name, value = f"health:{secrets.token_hex(8)}", secrets.token_hex(8)
        await cache.put_value(root, name, value, ttl_sec=_TTL_SEC)
        found = await cache.value(root, name)
        await cache.put_value(root, name, None)
        return "" if found == value else "what was put into it is not there; it is away or full"

    return Part("Cache", check, is_vital=False)


def queue_part(queue: Queue) -> Part:
    """Return the part that reaches for the queue; requests go on without it."""

    async def check() -> str:
        await queue.ping()
        return ""

    return Part("Queue", check, is_vital=False)


def index_part(
    index: Indexing, *, behind_sec: int, clock: Callable[[], float] = time.monotonic
) -> Part:
    """Return the part that notices when the index has not caught up for a long time.

    Searches wait and then answer with what the index has, so requests go on.
    """
    lag = _Lag(behind_sec, clock)

    async def check() -> str:
        found = lag.of(index.progress())
        return f"the index of {found}" if found else ""

    return Part("Index", check, is_vital=False)


class Following(Protocol):
    """Something that follows the writes of apps."""

    def waiting(self) -> dict[str, int]:
        """Return how far it is with the apps that have changes it has not taken."""


def follower_part(
    name: str,
    follower: Following,
    dao: DAO,
    *,
    behind_sec: int,
    clock: Callable[[], float] = time.monotonic,
) -> Part:
    """Return the part that notices when a follower of the change feed is far behind."""
    lag = _Lag(behind_sec, clock)

    async def check() -> str:
        progress = {
            appid: Progress(await dao.last_change(appid), position, is_ready=True)
            for appid, position in follower.waiting().items()
        }
        found = lag.of(progress, is_counted=False)  # numbers of changes have gaps
        return f"what follows the writes of {found}" if found else ""

    return Part(name, check, is_vital=False)


class _Lag:
    """Notices which apps have not reached, for a long time, where they had to be."""

    def __init__(self, behind_sec: int, clock: Callable[[], float]) -> None:
        self._behind_sec, self._clock = behind_sec, clock
        self._seen: dict[str, tuple[float, int]] = {}  # since when, and what has to be reached

    def of(self, progress: Mapping[str, Progress], *, is_counted: bool = True) -> str:
        """Return which app is how far behind, in a few words; empty when none is."""
        now, late, seen = self._clock(), dict[str, int](), self._seen
        for appid in set(seen) - set(progress):
            del seen[appid]
        for appid, one in progress.items():
            since, target = seen.get(appid, (now, one.handed))
            if one.is_current:
                seen.pop(appid, None)
            elif appid not in seen or (one.is_ready and one.applied >= target):
                seen[appid] = (now, one.handed)
            elif now - since >= self._behind_sec:
                late[appid] = int(now - since)
        return _lateness(late, progress, is_counted=is_counted)


def _lateness(
    late: Mapping[str, int], progress: Mapping[str, Progress], *, is_counted: bool
) -> str:
    if not late:
        return ""
    appid = max(late, key=lambda one: late[one])
    waiting = progress[appid].handed - progress[appid].applied
    counted = f" and {waiting} changes" if is_counted else ""
    more = f", and of {len(late) - 1} more apps" if len(late) > 1 else ""
    return f"{appid} is {late[appid]} seconds{counted} behind{more}"
