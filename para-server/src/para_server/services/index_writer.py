"""What goes into the index of an app: changes as they come, what the feed tells, all there is.

Whoever calls holds the lock of the app's ``Feed``.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator, Sequence

import msgspec

from para_core.contracts.dao import DAO, Change, Record
from para_core.contracts.search import Search
from para_server.services.following import Retention, changes_after
from para_server.services.index_feed import Feed, Pending

__all__ = ["FOLLOWER", "REBUILD_PAGE", "IndexWriter", "all_records", "is_indexed", "stored"]

logger = logging.getLogger(__name__)

FOLLOWER = "index"
"""What the index is called among the followers of a feed."""

REBUILD_PAGE = 500
"""Records that a rebuild takes at a time, unless the configuration says otherwise."""

_REPLAYED = 2000  # records that are read at once when the feed is replayed


class IndexWriter:
    """Brings indexes up to the database. An error leaves an index behind, never ahead."""

    def __init__(
        self,
        dao: DAO,
        search: Search,
        retention: Retention | None = None,
        *,
        rebuild_page: int = REBUILD_PAGE,
    ) -> None:
        """Write into the indexes of a search engine; see ``IndexFollower``."""
        self._dao, self._search, self._rebuild_page = dao, search, rebuild_page
        self.retention = retention or Retention(dao, [FOLLOWER])

    async def apply(self, feed: Feed, batch: list[Pending]) -> None:
        """Index changes that were handed over, in one commit."""
        batch.sort(key=lambda pending: pending.number)
        latest: dict[str, Record | None] = {}
        late: list[str] = []
        for pending in batch:
            if pending.number <= feed.seen:  # overtaken by a later change: what is stored counts
                late += [record.id for record in pending.puts] + list(pending.gone)
                continue
            for record in pending.puts:
                latest.pop(record.id, None)
                latest[record.id] = record
            for key in pending.gone:
                latest.pop(key, None)
                latest[key] = None
        if late:
            await self._reread(feed.appid, late, latest)
        seen = max(feed.seen, batch[-1].number)
        position = feed.position_with(seen)
        puts = [record for record in latest.values() if record is not None]
        gone = [key for key, record in latest.items() if record is None]
        await self._search.index(feed.appid, puts, gone, position or None)
        feed.seen, feed.position = seen, position
        await self.retention.passed(FOLLOWER, feed.appid, feed.position)

    async def _reread(self, appid: str, keys: list[str], latest: dict[str, Record | None]) -> None:
        found = await self._dao.read_all(appid, keys)
        for key in keys:
            if key not in latest:
                record = found.get(key)
                latest[key] = record if record is not None and is_indexed(record) else None

    async def bring_up(self, feed: Feed) -> None:
        """Index what the database holds and the index lacks, or all when nothing can be told."""
        position = await self._search.position(feed.appid)
        last = await self._dao.last_change(feed.appid)
        if position is None and last == 0:
            position = 0
        if position is not None and position < await self.retention.missing(feed.appid):
            logger.warning("the index was away for too long", extra={"appid": feed.appid})
            position = None
        if is_damaged(feed.failures):
            logger.warning("the index fails again and again", extra={"appid": feed.appid})
            position = None
        if position is None or position > last:
            level = logging.INFO if position is None else logging.WARNING
            logger.log(level, "making an index from the database", extra={"appid": feed.appid})
            position = last
            await self._search.rebuild(feed.appid, self._all_records(feed.appid), position)
        await self._replay(feed, position)
        feed.highest = max(feed.highest, last)
        feed.keeps = feed.is_doubtful = True  # what was handed over until now is in the feed
        while feed.is_doubtful:
            feed.is_doubtful = False
            for token in feed.settled:
                feed.in_flight.pop(token, None)
            feed.settled.clear()
            await self._replay(feed, feed.position)

    async def rebuild(self, feed: Feed) -> int:
        """Rebuild the index from the database; return how many objects were indexed."""
        start = await self._dao.last_change(feed.appid)
        count = await self._search.rebuild(feed.appid, self._all_records(feed.appid), start)
        await self._replay(feed, start)
        return count

    async def _replay(self, feed: Feed, position: int) -> None:
        feed.position = position
        async for changes in changes_after(self._dao, feed.appid, position):
            for keys, upto in _portions(changes):
                await self._index_stored(feed.appid, keys, upto)
            feed.position = changes[-1].number
            feed.seen = max(feed.seen, feed.position)
        await self.retention.passed(FOLLOWER, feed.appid, feed.position)

    async def _index_stored(self, appid: str, keys: Sequence[str], position: int | None) -> None:
        puts, gone = await stored(self._dao, appid, keys)
        await self._search.index(appid, puts, gone, position)

    def _all_records(self, appid: str) -> AsyncIterator[Sequence[Record]]:
        return all_records(self._dao, appid, self._rebuild_page)


async def all_records(dao: DAO, appid: str, page: int) -> AsyncIterator[Sequence[Record]]:
    """Yield all records of an app that are to be indexed, so many at a time."""
    after = ""
    while found := await dao.read_page(appid, after=after, limit=page):
        after = found[-1].id
        yield [record for record in found if is_indexed(record)]


async def stored(dao: DAO, appid: str, keys: Sequence[str]) -> tuple[list[Record], list[str]]:
    """Return the records with these ids that are to be indexed, and the ids of no such record."""
    found = await dao.read_all(appid, keys)
    puts = [record for record in found.values() if is_indexed(record)]
    kept = {record.id for record in puts}
    return puts, [key for key in keys if key not in kept]


def _portions(changes: Sequence[Change]) -> Iterator[tuple[list[str], int | None]]:
    """Yield the ids of changes, in portions, each with the position that it completes, if any."""
    keys: dict[str, None] = {}
    for change in changes:
        keys.update(dict.fromkeys(change.keys))
        if len(keys) >= _REPLAYED or change is changes[-1]:
            ids = list(keys)
            for start in range(0, len(ids), _REPLAYED):
                is_last = start + _REPLAYED >= len(ids)
                yield ids[start : start + _REPLAYED], change.number if is_last else None
            keys.clear()


def is_damaged(failures: int) -> bool:
    """Return whether an index failed so often that it is time to make it anew, now and then."""
    return failures > 1 and failures & (failures - 1) == 0


def is_indexed(record: Record) -> bool:
    """Return whether an object wants to be found."""
    return b'"indexed":false' not in record.data or _says_indexed(record.data)


def _says_indexed(data: bytes) -> bool:
    return bool(msgspec.json.decode(data).get("indexed", True))
