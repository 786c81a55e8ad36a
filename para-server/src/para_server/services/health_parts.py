"""The parts of the server that its health is made of; names as in the original."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from para_core.pager import Pager
from para_core.query.tree import All
from para_server.services.health import Part

if TYPE_CHECKING:
    from para_core.contracts.cache import Cache
    from para_core.contracts.dao import DAO
    from para_core.contracts.queue import Queue
    from para_core.contracts.search import Search
    from para_server.services.indexing import Indexing, Progress

__all__ = ["cache_part", "dao_part", "index_part", "queue_part", "search_part"]

_TTL_SEC = 10


def dao_part(dao: DAO, root: str) -> Part:
    """Return the part that reads the root app from the database."""

    async def check() -> str:
        found = await dao.read(root, f"app:{root}")
        return "" if found is not None else f"the root app app:{root} is not there"

    return Part("DAO", check)


def search_part(search: Search, root: str) -> Part:
    """Return the part that asks the search engine."""

    async def check() -> str:
        await search.find(root, All(), pager=Pager(limit=0))
        return ""

    return Part("Search", check)


def cache_part(cache: Cache, root: str) -> Part:
    """Return the part that keeps something in the cache, a cache that is away keeps nothing."""

    async def check() -> str:
        name, value = f"health:{secrets.token_hex(8)}", secrets.token_hex(8)
        await cache.put_value(root, name, value, ttl_sec=_TTL_SEC)
        found = await cache.value(root, name)
        await cache.put_value(root, name, None)
        return "" if found == value else "what was put into it is not there"

    return Part("Cache", check)


def queue_part(queue: Queue) -> Part:
    """Return the part that asks the queue for its size; requests go on without it."""

    async def check() -> str:
        await queue.size()
        return ""

    return Part("Queue", check, is_vital=False)


def index_part(
    index: Indexing, *, behind_sec: int, clock: Callable[[], float] = time.monotonic
) -> Part:
    """Return the part that notices when the index has not caught up for a long time.

    Searches wait and then answer with what the index has, so requests go on.
    """
    seen: dict[str, tuple[float, int]] = {}  # since when, and what has to be applied by then

    async def check() -> str:
        now, late = clock(), {}
        progress = index.progress()
        for appid in set(seen) - set(progress):
            del seen[appid]
        for appid, one in progress.items():
            since, target = seen.get(appid, (now, one.handed))
            if one.is_current:
                seen.pop(appid, None)
            elif appid not in seen or (one.is_ready and one.applied >= target):
                seen[appid] = (now, one.handed)
            elif now - since >= behind_sec:
                late[appid] = int(now - since)
        return _lateness(late, progress)

    return Part("Index", check, is_vital=False)


def _lateness(late: Mapping[str, int], progress: Mapping[str, Progress]) -> str:
    if not late:
        return ""
    appid = max(late, key=lambda one: late[one])
    waiting = progress[appid].handed - progress[appid].applied
    more = f", and of {len(late) - 1} more apps" if len(late) > 1 else ""
    return f"the index of {appid} is {late[appid]} seconds and {waiting} changes behind{more}"
