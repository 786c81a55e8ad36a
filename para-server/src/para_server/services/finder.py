"""The one read path of searches: the index tells ids, the cache and the database the objects."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from para_core.contracts.dao import Record
from para_core.contracts.search import Hits, Search
from para_core.errors import IndexMovedError
from para_core.pager import Pager
from para_core.query.tree import Node

if TYPE_CHECKING:
    from para_core.listeners import SearchListener
    from para_core.objects import App
    from para_server.services.indexing import Indexing
    from para_server.services.orphans import Orphans
    from para_server.services.store import Store

__all__ = ["Finder", "Found", "each_of"]

logger = logging.getLogger(__name__)

_PAGE = 250  # objects that are looked up at once where all are wanted


@dataclass(frozen=True, slots=True)
class Found:
    """One page of objects. ``total`` counts all matches, exactly."""

    records: list[Record]
    total: int
    last_key: str | None = None


class Finder:
    """Searches the objects of an app; what was stored before is found.

    A search waits until the index has caught up with the app's writes, at most ``wait_ms``
    (milliseconds); then it answers with what the index has, and says so in the log.
    """

    def __init__(  # noqa: PLR0913 - what it works with
        self,
        search: Search,
        index: Indexing,
        store: Store,
        *,
        wait_ms: int = 10_000,
        listeners: Sequence[SearchListener] = (),
        orphans: Orphans | None = None,
    ) -> None:
        """Take the parts; without ``orphans`` entries without objects stay in the index."""
        self._search, self._index, self._store = search, index, store
        self._orphans = orphans
        self._listeners = tuple(listeners)
        self._wait_sec = wait_ms / 1000

    async def find(
        self, app: App, query: Node, *, kind: str | None = None, pager: Pager | None = None
    ) -> Found:
        """Return one page of the objects that match."""
        hits = await self.hits(app, query, kind=kind, pager=pager)
        if not hits.keys:
            return Found([], hits.total)
        found = await self._store.read_all(app.identifier, hits.keys)
        if len(found) == len(hits.keys):
            return Found(list(found.values()), hits.total, hits.last_key)
        records = self._with_sources(hits, found)
        if len(records) < len(hits.keys):
            await self._tell_gone(app.identifier, hits, records)
        return Found(records, hits.total, hits.last_key)

    def each(
        self, app: App, query: Node, *, kind: str | None = None, size: int = _PAGE
    ) -> AsyncIterator[Record]:
        """Yield all objects that match, whatever their number; see ``each_of``."""
        return each_of(lambda pager: self.find(app, query, kind=kind, pager=pager), size)

    def peek(
        self, app: App, query: Node, *, kind: str | None = None, pager: Pager | None = None
    ) -> Found | None:
        """Return what ``find`` would, if all of it lies in memory; ``None`` says nothing."""
        appid = app.identifier
        if self._listeners or not self._index.is_current(appid):
            return None
        hits = self._search.peek(appid, query, kind=kind, pager=pager)
        if hits is None:
            return None
        records = self._store.peek_all(appid, hits.keys)
        return None if records is None else Found(records, hits.total, hits.last_key)

    async def count(self, app: App, query: Node, *, kind: str | None = None) -> int:
        """Return how many objects match, exactly."""
        return (await self.hits(app, query, kind=kind, pager=Pager(limit=0))).total

    async def hits(
        self, app: App, query: Node, *, kind: str | None = None, pager: Pager | None = None
    ) -> Hits:
        """Return the ids of one page of the objects that match."""
        appid = app.identifier
        if not self._index.is_current(appid):
            in_time = await self._index.caught_up(appid, self._wait_sec)
            if not in_time:
                logger.warning("the index is behind; searching what it has", extra={"appid": appid})
        if self._listeners:
            return await self._told(appid, query, kind, pager)
        return await self._find(appid, query, kind, pager)

    async def _find(self, appid: str, query: Node, kind: str | None, pager: Pager | None) -> Hits:
        """Search, and wait if the index is made again because somebody has removed it."""
        try:
            return await self._search.find(appid, query, kind=kind, pager=pager)
        except IndexMovedError:
            self._index.lost(appid)
            if not await self._index.caught_up(appid, self._wait_sec):
                raise
            return await self._search.find(appid, query, kind=kind, pager=pager)

    async def _told(self, appid: str, query: Node, kind: str | None, pager: Pager | None) -> Hits:
        """Search between ``before_search`` and ``after_search`` of the listeners."""
        for listener in self._listeners:
            await listener.before_search(appid, query, kind, pager)
        hits = await self._find(appid, query, kind, pager)
        for listener in self._listeners:
            try:
                await listener.after_search(appid, query, kind, hits)
            except Exception:
                name = type(listener).__qualname__
                extra = {"listener": name, "method": "after_search", "appid": appid}
                logger.exception("a listener failed", extra=extra)
        return hits

    async def _tell_gone(self, appid: str, hits: Hits, records: Sequence[Record]) -> None:
        logger.info("the index knows objects that are gone", extra={"appid": appid})
        if self._orphans is not None:
            there = {record.id for record in records}
            await self._orphans.remove(appid, [key for key in hits.keys if key not in there])

    @staticmethod
    def _with_sources(hits: Hits, found: dict[str, Record]) -> list[Record]:
        """Add the objects that live in the index only; what is nowhere was deleted meanwhile."""
        records = []
        for key in hits.keys:
            record = found.get(key)
            if record is None and key in hits.sources:
                record = _unstored(key, hits.sources[key])
            if record is not None:
                records.append(record)
        return records


async def each_of(
    fetch: Callable[[Pager], Awaitable[Found]], size: int = _PAGE
) -> AsyncIterator[Record]:
    """Yield the objects of all pages, in an order that changes in between do not disturb.

    Args:
        fetch: Returns a page.
        size: Of a page.
    """
    last: str | None = None
    while True:
        found = await fetch(Pager(limit=size, sort="_docid", desc=False, last_key=last))
        for record in found.records:
            yield record
        last = found.last_key
        if last is None:
            return


def _unstored(key: str, data: bytes) -> Record:
    import msgspec

    return Record(key, str(msgspec.json.decode(data).get("type", "sysprop")), data)
