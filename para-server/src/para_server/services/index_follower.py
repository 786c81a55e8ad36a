"""The index follows the database: it applies what the change feed tells, in few commits.

Writers do not wait for the index. They hand over what they stored and go on; a search first waits
until everything that was handed over before it is in the index. Commits are costly and adding is
cheap, so the follower lets changes gather for a moment, unless somebody waits.

The position kept in the index is never ahead of what was applied: a write that is under way holds
it back until it was handed over. After a crash the feed is replayed from that position; applying a
change again is harmless. The same replay helps when a write failed and nobody knows whether it was
stored, and when the index refused changes: then those that wait are let go, so that writers go on.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import msgspec

from para_core.contracts.dao import DAO, Record
from para_core.contracts.search import Search
from para_core.errors import ParaError

__all__ = ["DOUBT_SEC", "IndexFollower"]

logger = logging.getLogger(__name__)

DOUBT_SEC = 10.0
"""How long after a write failed it may still be stored: longer than any timeout of a database."""

_LINGER_SEC = 3.0  # how long changes gather at most when nobody waits for them
_QUIET_SEC = 0.1  # without a new change for so long, the burst is over
_ENOUGH = 12_000  # changed objects that are indexed at once, however the writes go on
_MOST_WAITING = 24_000  # changed objects that may wait for the index; then writers wait as well
_RETRY_SEC = 1.0
_REBUILD_PAGE = 500  # records
_FORGET_EVERY_SEC = 5.0


@dataclass(slots=True)
class _Pending:
    number: int
    puts: Sequence[Record]
    gone: Sequence[str]


@dataclass(slots=True)
class _Feed:
    """Where the index of one app stands."""

    appid: str
    pending: list[_Pending] = field(default_factory=list)
    in_flight: dict[int, int] = field(default_factory=dict)  # token: highest number at its start
    settled: list[int] = field(default_factory=list)  # tokens of failed writes, no longer in doubt
    handed: int = 0  # how many changes were handed over
    applied: int = 0  # how many of these are in the index
    highest: int = 0  # the highest change number handed over
    seen: int = 0  # the highest change number applied
    position: int = 0  # what the index knows itself to hold
    forgotten: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)  # held by whoever changes the index
    is_ready: bool = False
    keeps: bool = False  # what is handed over is kept; else the database's feed will tell it
    is_doubtful: bool = False  # the feed has to be looked at once more
    waiters: list[tuple[int, asyncio.Future[None]]] = field(default_factory=list)
    preparing: asyncio.Task[None] | None = None
    retry: asyncio.TimerHandle | None = None


class IndexFollower:
    """Keeps the search index of every app in step with the database."""

    def __init__(self, dao: DAO, search: Search, *, linger_sec: float = _LINGER_SEC) -> None:
        self._dao, self._search, self._linger_sec = dao, search, linger_sec
        self._feeds: dict[str, _Feed] = {}
        self._dirty: dict[str, _Feed] = {}
        self._waiting = 0  # changed objects in all feeds
        self._token = 0
        self._wake, self._hurry = asyncio.Event(), asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._is_closing = False
        self._task: asyncio.Task[None] | None = None
        self._sweep: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin to follow, and look after the indexes of all apps in the background."""
        self._task = asyncio.create_task(self._run(), name="index follower")
        self._sweep = asyncio.create_task(self._check_all(), name="index check")

    async def close(self) -> None:
        """Apply what was handed over, remember how far the index is, and stop."""
        self._is_closing = True
        if self._sweep is not None:
            await _cancelled(self._sweep)
        for feed in list(self._feeds.values()):
            if feed.preparing is not None:
                await _cancelled(feed.preparing)
            if feed.retry is not None:
                feed.retry.cancel()
        if self._task is not None:
            self._wake.set()
            self._hurry.set()
            await self._task

    # ---- writers ------------------------------------------------------------------------------

    async def begin(self, appid: str) -> int:
        """Say that a write begins; waits while too much is waiting for the index."""
        if not self._room.is_set():
            self._hurry.set()
            await self._room.wait()
        feed = self._feed(appid)
        self._token += 1
        feed.in_flight[self._token] = feed.highest
        return self._token

    def end(
        self, appid: str, token: int, number: int, puts: Sequence[Record], gone: Sequence[str]
    ) -> None:
        """Hand over what a write stored; ``number`` 0 when it stored nothing."""
        feed = self._feed(appid)
        feed.in_flight.pop(token, None)
        if not number:
            return
        feed.highest = max(feed.highest, number)
        feed.handed += 1
        if not feed.keeps:
            return
        feed.pending.append(_Pending(number, puts, gone))
        self._waiting += len(puts) + len(gone)
        if self._waiting >= _MOST_WAITING:
            self._room.clear()
        if self._waiting >= _ENOUGH:
            self._hurry.set()
        self._mark(feed)

    def doubt(self, appid: str, token: int) -> None:
        """Say that nobody knows whether a write was stored: the feed will tell.

        The write may even be stored later than this, so the feed is looked at again after some
        seconds; until then the write counts as under way.
        """
        feed = self._feed(appid)
        self._look_again(feed)
        asyncio.get_running_loop().call_later(DOUBT_SEC, self._settle, feed, token)

    def _settle(self, feed: _Feed, token: int) -> None:
        feed.settled.append(token)
        if self._feeds.get(feed.appid) is feed:
            self._look_again(feed)

    def _look_again(self, feed: _Feed) -> None:
        feed.is_doubtful, feed.is_ready = True, False
        self._mark(feed)

    # ---- searchers ----------------------------------------------------------------------------

    def is_current(self, appid: str) -> bool:
        """Return whether the index has everything that was stored before now."""
        feed = self._feeds.get(appid)
        return feed is not None and feed.is_ready and feed.applied == feed.handed

    async def caught_up(self, appid: str, timeout_sec: float) -> bool:
        """Wait until the index has everything that was stored before now.

        Returns:
            ``False`` when that took longer than ``timeout_sec``.
        """
        if self.is_current(appid):
            return True
        feed = self._feed(appid)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        feed.waiters.append((feed.handed, done))
        self._mark(feed)
        try:
            async with asyncio.timeout(timeout_sec):
                await done
        except TimeoutError:
            return False
        return True

    # ---- apps ---------------------------------------------------------------------------------

    async def rebuild(self, appid: str) -> int:
        """Rebuild the index of an app from the database; the old one answers meanwhile.

        Returns:
            How many objects were indexed.
        """
        feed = self._feed(appid)
        async with self._alone(feed):
            start = await self._dao.last_change(appid)
            count = await self._search.rebuild(appid, self._all_records(appid), start)
            await self._replay(feed, start)
        return count

    async def index_unstored(self, appid: str, records: Sequence[Record]) -> None:
        """Index objects that no database holds; they are found when this returns."""
        feed = self._feed(appid)
        async with self._alone(feed):
            await self._search.index(appid, records, [], None)

    @contextlib.asynccontextmanager
    async def _alone(self, feed: _Feed) -> AsyncIterator[None]:
        """Change the index of an app that is ready, or failed to be, as nobody else does."""
        if feed.preparing is not None:
            await asyncio.wait([feed.preparing])
        try:
            async with feed.lock:
                yield
        finally:
            if self._feeds.get(feed.appid) is feed:
                self._mark(feed)  # its changes had to wait

    async def drop(self, appid: str) -> None:
        """Forget an app and remove its index."""
        feed = self._feeds.pop(appid, None)
        self._dirty.pop(appid, None)
        if feed is not None:
            if feed.preparing is not None:
                await _cancelled(feed.preparing)
            if feed.retry is not None:
                feed.retry.cancel()
            self._let_go(feed)
            self._tell(feed, everybody=True)
            async with feed.lock:
                await self._search.drop(appid)
        else:
            await self._search.drop(appid)

    # ---- the loop -----------------------------------------------------------------------------

    async def _run(self) -> None:
        while not self._is_closing:
            await self._wake.wait()
            self._wake.clear()
            await self._linger()
            self._hurry.clear()
            for _ in range(len(self._dirty)):  # what comes meanwhile gathers for the next round
                if self._dirty:
                    await self._apply(self._next())
                    await asyncio.sleep(0)
        while self._dirty:
            await self._apply(self._next())

    async def _linger(self) -> None:
        """Let changes gather while a burst of writes goes on and nobody waits for the index.

        A large commit costs little more than a small one, and what is written several times is
        indexed once.
        """
        deadline = asyncio.get_running_loop().time() + self._linger_sec
        while self._waiting < _ENOUGH and not self._hurry.is_set():
            rest = deadline - asyncio.get_running_loop().time()
            if rest <= 0:
                return
            before = self._waiting
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(rest, _QUIET_SEC)):
                    await self._hurry.wait()
            if self._waiting == before and rest > _QUIET_SEC:
                return

    def _next(self) -> _Feed:
        waited_for = next((feed for feed in self._dirty.values() if feed.waiters), None)
        feed = waited_for or next(iter(self._dirty.values()))
        del self._dirty[feed.appid]
        return feed

    def _mark(self, feed: _Feed) -> None:
        self._dirty[feed.appid] = feed
        if feed.waiters:
            self._hurry.set()
        self._wake.set()

    async def _apply(self, feed: _Feed) -> None:
        if not feed.is_ready:
            self._prepare(feed)
            return
        if feed.pending and feed.lock.locked():
            return  # whoever changes the index now marks the feed again
        batch, feed.pending = feed.pending, []
        if batch:
            try:
                async with feed.lock:
                    await self._index(feed, batch)
            except Exception:  # whatever it is: the other apps' indexes must follow on
                logger.exception("the index refused changes", extra={"appid": feed.appid})
                self._release(batch)
                self._fail(feed)
                return
            feed.applied += len(batch)
            self._release(batch)
        self._tell(feed)

    async def _index(self, feed: _Feed, batch: list[_Pending]) -> None:
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
        position = _position(feed, seen)
        puts = [record for record in latest.values() if record is not None]
        gone = [key for key, record in latest.items() if record is None]
        await self._search.index(feed.appid, puts, gone, position or None)
        feed.seen, feed.position = seen, position
        await self._forget(feed)

    async def _reread(self, appid: str, keys: list[str], latest: dict[str, Record | None]) -> None:
        found = await self._dao.read_all(appid, keys)
        for key in keys:
            if key not in latest:
                record = found.get(key)
                latest[key] = record if record is not None and is_indexed(record) else None

    async def _forget(self, feed: _Feed) -> None:
        now = asyncio.get_running_loop().time()
        if feed.position > 0 and now - feed.forgotten >= _FORGET_EVERY_SEC:
            feed.forgotten = now
            try:
                await self._dao.forget_changes(feed.appid, feed.position)
            except ParaError as error:
                logger.warning("old changes stay: %s", error, extra={"appid": feed.appid})

    def _fail(self, feed: _Feed) -> None:
        """Let go of what waits and begin with the app again after a while."""
        feed.is_ready = feed.keeps = False
        self._let_go(feed)
        if self._feeds.get(feed.appid) is feed and feed.retry is None and not self._is_closing:
            loop = asyncio.get_running_loop()
            feed.retry = loop.call_later(_RETRY_SEC, self._try_again, feed)

    def _try_again(self, feed: _Feed) -> None:
        feed.retry = None
        self._prepare(feed)

    def _let_go(self, feed: _Feed) -> None:
        self._release(feed.pending)
        feed.pending = []

    def _release(self, batch: Sequence[_Pending]) -> None:
        self._waiting -= sum(len(pending.puts) + len(pending.gone) for pending in batch)
        if self._waiting < _MOST_WAITING:
            self._room.set()

    def _tell(self, feed: _Feed, *, everybody: bool = False) -> None:
        staying = []
        for upto, done in feed.waiters:
            if everybody or upto <= feed.applied:
                if not done.done():
                    done.set_result(None)
            elif not done.done():
                staying.append((upto, done))
        feed.waiters = staying
        if staying:
            self._mark(feed)

    # ---- beginning with an app ----------------------------------------------------------------

    def _feed(self, appid: str) -> _Feed:
        feed = self._feeds.get(appid)
        if feed is None:
            feed = self._feeds[appid] = _Feed(appid)
            self._prepare(feed)
        return feed

    def _prepare(self, feed: _Feed) -> None:
        is_busy = feed.preparing is not None and not feed.preparing.done()
        if not is_busy and feed.retry is None and not self._is_closing:
            feed.preparing = asyncio.create_task(self._make_ready(feed))

    async def _make_ready(self, feed: _Feed) -> None:
        feed.keeps = False
        self._let_go(feed)
        try:
            async with feed.lock:
                await self._bring_up(feed)
        except Exception:  # whatever it is: it is tried again
            logger.exception("an index is not ready", extra={"appid": feed.appid})
            self._fail(feed)
            return
        feed.applied = feed.handed - len(feed.pending)
        feed.is_ready = True
        self._mark(feed)

    async def _bring_up(self, feed: _Feed) -> None:
        position = await self._search.position(feed.appid)
        last = await self._dao.last_change(feed.appid)
        if position is None and last == 0:
            position = 0
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

    async def _replay(self, feed: _Feed, position: int) -> None:
        while True:
            feed.position = position
            changes = await self._dao.changes(feed.appid, position)
            if not changes:
                return
            keys = list(dict.fromkeys(key for change in changes for key in change.keys))
            found = await self._dao.read_all(feed.appid, keys)
            puts = [record for record in found.values() if is_indexed(record)]
            kept = {record.id for record in puts}
            position = changes[-1].number
            gone = [key for key in keys if key not in kept]
            await self._search.index(feed.appid, puts, gone, position)
            feed.seen = max(feed.seen, position)

    async def _all_records(self, appid: str) -> AsyncIterator[Sequence[Record]]:
        after = ""
        while page := await self._dao.read_page(appid, after=after, limit=_REBUILD_PAGE):
            after = page[-1].id
            yield [record for record in page if is_indexed(record)]

    async def _check_all(self) -> None:
        try:
            appids = await self._dao.apps()
        except ParaError as error:
            logger.warning("the indexes are looked at when they are used: %s", error)
            return
        for appid in appids:
            feed = self._feed(appid)
            if feed.preparing is not None:
                await asyncio.wait([feed.preparing])


def _position(feed: _Feed, seen: int) -> int:
    """Return how far the index is when changes up to ``seen`` are in it: nothing is missing."""
    behind = [*feed.in_flight.values(), *(pending.number - 1 for pending in feed.pending)]
    return max(feed.position, min(behind, default=seen))


def is_indexed(record: Record) -> bool:
    """Return whether an object wants to be found."""
    return b'"indexed":false' not in record.data or _says_indexed(record.data)


def _says_indexed(data: bytes) -> bool:
    return bool(msgspec.json.decode(data).get("indexed", True))


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
