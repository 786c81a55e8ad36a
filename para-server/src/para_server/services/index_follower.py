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

from para_core.contracts.dao import DAO, Record
from para_core.contracts.search import Search
from para_core.errors import IndexMovedError, ParaError, StorageFullError, UnavailableError
from para_core.tasks import cancelled
from para_server.services.following import Retention
from para_server.services.index_feed import Feed, Pending
from para_server.services.index_writer import REBUILD_PAGE, IndexWriter
from para_server.services.indexing import Indexing, Progress

__all__ = ["DOUBT_SEC", "IndexFollower", "Progress"]

logger = logging.getLogger(__name__)

DOUBT_SEC = 10.0
"""How long after a write failed it may still be stored: longer than any timeout of a database."""

_LINGER_SEC = 3.0  # how long changes gather at most when nobody waits for them
_QUIET_SEC = 0.1  # without a new change for so long, the burst is over
_ENOUGH = 12_000  # changed objects that are indexed at once, however the writes go on
_MOST_WAITING = 24_000  # changed objects that may wait for the index; then writers wait as well
_USUAL_BYTES = 8192  # of one object: a larger one counts for several, which bounds the memory
_RETRY_SEC = 1.0


class IndexFollower(Indexing):
    """Keeps the search index of every app in step with the database."""

    def __init__(
        self,
        dao: DAO,
        search: Search,
        *,
        retention: Retention | None = None,
        linger_sec: float = _LINGER_SEC,
        rebuild_page: int = REBUILD_PAGE,
    ) -> None:
        """Follow a database; without ``retention`` nobody else follows it."""
        self._dao, self._search, self._linger_sec = dao, search, linger_sec
        self._writer = IndexWriter(dao, search, retention, rebuild_page=rebuild_page)
        self._feeds: dict[str, Feed] = {}
        self._dirty: dict[str, Feed] = {}
        self._waiting = 0  # changed objects in all feeds
        self._token = 0
        self._wake, self._hurry = asyncio.Event(), asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._is_closing = False
        self._is_away = False  # whether the log says that the engine is
        self._task: asyncio.Task[None] | None = None
        self._sweep: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin to follow, and look after the indexes of all apps in the background."""
        self._task = asyncio.create_task(self._run(), name="index follower")
        self._sweep = asyncio.create_task(self._check_all(), name="index check")

    async def close(self) -> None:
        """Apply what was handed over, remember how far the index is, and stop."""
        self._is_closing = True
        async with contextlib.AsyncExitStack() as stack:  # whatever fails, all of it ends
            stack.push_async_callback(self._end)
            for feed in self._feeds.values():
                stack.push_async_callback(cancelled, feed.preparing)
                if feed.retry is not None:
                    feed.retry.cancel()
            await cancelled(self._sweep)

    async def _end(self) -> None:
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
        feed.pending.append(Pending(number, puts, gone))
        self._waiting += _weight(puts, gone)
        if self._waiting >= _MOST_WAITING:
            self._leave_to_rebuilds()
        if self._waiting >= _MOST_WAITING:
            self._room.clear()
        if self._waiting >= _ENOUGH:
            self._hurry.set()
        self._mark(feed)

    def _leave_to_rebuilds(self) -> None:
        """Keep nothing for indexes that are being rebuilt: the feed tells it when that is done.

        A rebuild may take minutes, and nobody waits for so long to write.
        """
        for feed in self._feeds.values():
            if feed.is_rebuilding and feed.pending:
                feed.is_ready = feed.keeps = False
                self._let_go(feed)
                self._prepare(feed)  # it has to wait as well

    def doubt(self, appid: str, token: int) -> None:
        """Say that nobody knows whether a write was stored: the feed will tell.

        The write may even be stored later than this, so the feed is looked at again after some
        seconds; until then the write counts as under way.
        """
        feed = self._feed(appid)
        self._look_again(feed)
        asyncio.get_running_loop().call_later(DOUBT_SEC, self._settle, feed, token)

    def _settle(self, feed: Feed, token: int) -> None:
        feed.settled.append(token)
        if self._feeds.get(feed.appid) is feed:
            self._look_again(feed)

    def _look_again(self, feed: Feed) -> None:
        feed.is_doubtful, feed.is_ready = True, False
        self._mark(feed)

    def look(self, appid: str) -> None:
        """Say that another process has written: the feed tells what nobody hands over."""
        feed = self._feed(appid)
        feed.handed += 1
        self._look_again(feed)

    def position(self, appid: str) -> int:
        """Return which change of an app its index is at, as far as is known; 0 when it is not."""
        feed = self._feeds.get(appid)
        return 0 if feed is None else feed.position

    # ---- who watches --------------------------------------------------------------------------

    def progress(self) -> dict[str, Progress]:
        """Return how far the index of each app is that was used."""
        return {
            appid: Progress(feed.handed, feed.applied, feed.is_ready)
            for appid, feed in self._feeds.items()
        }

    # ---- searchers ----------------------------------------------------------------------------

    def is_current(self, appid: str) -> bool:
        """Return whether the index has everything that was stored before now."""
        feed = self._feeds.get(appid)
        return feed is not None and feed.is_ready and feed.applied == feed.handed

    def lost(self, appid: str) -> None:
        """Ask the engine how far the index is, which makes it again if it is gone."""
        self.look(appid)

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
            return await self._rebuild(feed)

    async def _rebuild(self, feed: Feed) -> int:
        feed.is_rebuilding = True
        try:
            return await self._writer.rebuild(feed)
        finally:
            feed.is_rebuilding = False

    async def index_unstored(
        self, appid: str, records: Sequence[Record], gone: Sequence[str] = ()
    ) -> None:
        """Index objects that no change of this database tells; they are found when this returns."""
        feed = self._feed(appid)
        async with self._alone(feed):
            try:
                await self._search.index(appid, records, gone, None)
            except IndexMovedError:  # somebody has removed it
                await self._rebuild(feed)
                await self._search.index(appid, records, gone, None)

    @contextlib.asynccontextmanager
    async def _alone(self, feed: Feed) -> AsyncIterator[None]:
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
        self._writer.retention.drop(appid)
        if feed is not None:
            await cancelled(feed.preparing)
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

    def _next(self) -> Feed:
        waited_for = next((feed for feed in self._dirty.values() if feed.waiters), None)
        feed = waited_for or next(iter(self._dirty.values()))
        del self._dirty[feed.appid]
        return feed

    def _mark(self, feed: Feed) -> None:
        self._dirty[feed.appid] = feed
        if feed.waiters:
            self._hurry.set()
        self._wake.set()

    async def _apply(self, feed: Feed) -> None:
        if not feed.is_ready:
            self._prepare(feed)
            return
        if feed.pending and feed.lock.locked():
            return  # whoever changes the index now marks the feed again
        batch, feed.pending = feed.pending, []
        if batch:
            try:
                async with feed.lock:
                    await self._writer.apply(feed, batch)
            except Exception as error:  # noqa: BLE001 - the indexes of other apps must follow on
                self._report("the index refused changes", feed, error)
                self._release(batch)
                self._fail(feed, error)
                return
            feed.failures = 0
            self._report_return()
            feed.applied += len(batch)
            self._release(batch)
        self._tell(feed)

    def _fail(self, feed: Feed, error: Exception) -> None:
        """Let go of what waits and begin with the app again after a while."""
        feed.is_ready = feed.keeps = False
        feed.failures += not isinstance(error, UnavailableError | StorageFullError)
        self._let_go(feed)
        if self._feeds.get(feed.appid) is feed and feed.retry is None and not self._is_closing:
            loop = asyncio.get_running_loop()
            feed.retry = loop.call_later(_RETRY_SEC, self._try_again, feed)

    def _report(self, what: str, feed: Feed, error: Exception) -> None:
        """Log an error; that the engine is away, or full, only once until it is back."""
        if not isinstance(error, UnavailableError | StorageFullError):
            logger.error(what, exc_info=error, extra={"appid": feed.appid})
        elif not self._is_away:
            self._is_away = True
            logger.error("%s: %s", what, error, extra={"appid": feed.appid})

    def _report_return(self) -> None:
        if self._is_away:
            self._is_away = False
            logger.info("the search engine takes changes again")

    def _try_again(self, feed: Feed) -> None:
        feed.retry = None
        self._prepare(feed)

    def _let_go(self, feed: Feed) -> None:
        self._release(feed.pending)
        feed.pending = []

    def _release(self, batch: Sequence[Pending]) -> None:
        self._waiting -= sum(_weight(pending.puts, pending.gone) for pending in batch)
        if self._waiting < _MOST_WAITING:
            self._room.set()

    def _tell(self, feed: Feed, *, everybody: bool = False) -> None:
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

    def _feed(self, appid: str) -> Feed:
        feed = self._feeds.get(appid)
        if feed is None:
            feed = self._feeds[appid] = Feed(appid)
            self._prepare(feed)
        return feed

    def _prepare(self, feed: Feed) -> None:
        is_busy = feed.preparing is not None and not feed.preparing.done()
        if not is_busy and feed.retry is None and not self._is_closing:
            feed.preparing = asyncio.create_task(self._make_ready(feed))

    async def _make_ready(self, feed: Feed) -> None:
        feed.keeps = False
        self._let_go(feed)
        try:
            async with feed.lock:
                await self._writer.bring_up(feed)
        except Exception as error:  # noqa: BLE001 - whatever it is: it is tried again
            self._report("an index is not ready", feed, error)
            self._fail(feed, error)
            return
        feed.failures = 0
        self._report_return()
        feed.applied = feed.handed - len(feed.pending)
        feed.is_ready = True
        self._mark(feed)

    async def _check_all(self) -> None:
        try:
            appids = await self._dao.apps()
        except ParaError as error:
            logger.warning("the indexes are looked at when they are used: %s", error)
            return
        except Exception:  # whatever it is: nothing else depends on this look
            logger.exception("the indexes are looked at when they are used")
            return
        for appid in appids:
            feed = self._feed(appid)
            if feed.preparing is not None:
                await asyncio.wait([feed.preparing])


def _weight(puts: Sequence[Record], gone: Sequence[str]) -> int:
    """Return how many usual objects a change counts for."""
    weight = len(puts) + len(gone)
    for put in puts:
        weight += len(put.data) // _USUAL_BYTES
    return weight
