"""The index that all nodes have in common: one node at a time writes an app's, all of them search.

Whoever has the share of an app writes its index (``index_share.py``). The others ask the engine how
far it is when somebody searches, until it is where it has to be: at what this node has written, and
at what others had written when they were heard last.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from functools import partial

from para_core.contracts.dao import DAO, Change, Record
from para_core.contracts.search import Search
from para_core.errors import IndexMovedError, ParaError, StorageFullError, UnavailableError
from para_core.tasks import cancelled
from para_server.nodes.index_share import IndexMaker, IndexShare
from para_server.nodes.leases import Leases
from para_server.nodes.share import NodeShare, share_number
from para_server.nodes.waiting import Waiting
from para_server.nodes.watch import Watch
from para_server.services.feed_indexing import FeedIndexing
from para_server.services.following import Retention
from para_server.services.index_writer import REBUILD_PAGE, stored
from para_server.services.indexing import Progress

__all__ = ["SharedIndex"]

logger = logging.getLogger(__name__)


class SharedIndex(FeedIndexing):
    """Writes the indexes of the shares that this node has, and waits for those of others."""

    def __init__(  # noqa: PLR0913 - what it works with
        self,
        dao: DAO,
        search: Search,
        watch: Watch,
        leases: Leases,
        retention: Retention,
        *,
        rebuild_page: int = REBUILD_PAGE,
    ) -> None:
        """Look at what the watch hears and this node writes."""
        self._dao, self._search, self._watch = dao, search, watch
        self._retention = retention
        self._maker = IndexMaker(dao, search, retention, rebuild_page=rebuild_page)
        self._shares: dict[int, IndexShare] = {}
        self._own: dict[str, int] = {}  # the last change of each app that this node wrote
        self._waiting = Waiting(search.refresh, self._writes)
        self._tasks: set[asyncio.Task[None]] = set()
        self._lost: dict[str, asyncio.Task[None]] = {}  # by app: looks for its index, or makes it
        self._is_away = False  # whether the log says that the engine is
        self._is_open = False
        leases.on_take.append(self._take_share)
        leases.on_leave.append(self._leave_share)

    async def open(self) -> None:
        """Begin; indexes are written once this node has shares."""
        self._is_open = True

    async def close(self) -> None:
        """Stop; the shares were given back before."""
        self._is_open = False
        for share in list(self._shares.values()):
            await share.close()
        self._shares.clear()
        await self._waiting.close()
        for task in list(self._tasks):
            await cancelled(task)

    async def _take_share(self, share: NodeShare) -> None:
        one = IndexShare(
            self._dao,
            self._search,
            share,
            self._maker,
            self._retention,
            told=self._waiting.reach,
            report=self._report,
        )
        self._shares[share.number] = one
        await one.open()

    async def _leave_share(self, share: NodeShare) -> None:
        if (one := self._shares.pop(share.number, None)) is not None:
            await one.close()

    def _report(self, appid: str, error: Exception | None) -> None:
        """Log what fails; that the engine is away, or full, only once until it is back."""
        if error is None:
            if self._is_away:
                self._is_away = False
                logger.info("the search engine takes changes again")
        elif isinstance(error, IndexMovedError):
            logger.info("looking where the index is: %s", error, extra={"appid": appid})
        elif not isinstance(error, UnavailableError | StorageFullError):
            logger.error("the index refused changes", exc_info=error, extra={"appid": appid})
        elif not self._is_away:
            self._is_away = True
            logger.error("the index takes no changes: %s", error, extra={"appid": appid})

    # ---- what was written ---------------------------------------------------------------------

    def _wrote(self, appid: str, number: int) -> None:
        """Remember what this node has to find."""
        self._own[appid] = max(self._own.get(appid, 0), number)
        self._look(appid)

    async def heard(self, appid: str, changes: Sequence[Change]) -> None:
        """Look at the feed, which has something new."""
        del changes
        self._look(appid)

    async def missed(self, appid: str) -> None:
        """Look at an app of which changes may have been missed."""
        self._look(appid)

    def _look(self, appid: str) -> None:
        if (share := self._share_of(appid)) is not None:
            share.follower.wake(appid)

    def _share_of(self, appid: str) -> IndexShare | None:
        return self._shares.get(share_number(appid))

    def _writes(self, appid: str) -> bool:
        return self._share_of(appid) is not None

    # ---- searchers ----------------------------------------------------------------------------

    def progress(self) -> dict[str, Progress]:
        """Return how far the indexes are that this node writes and that lack something."""
        return {
            appid: Progress(max(self._wanted(appid), position), position, is_ready=True)
            for share in self._shares.values()
            for appid, position in share.follower.waiting().items()
        }

    def _wanted(self, appid: str) -> int:
        return max(self._own.get(appid, 0), self._watch.heads().get(appid, 0))

    def is_current(self, appid: str) -> bool:
        """Return whether the index has all that this node knows of, and may rely on that."""
        return self._watch.is_fresh() and self._waiting.position(appid) >= self._wanted(appid)

    async def caught_up(self, appid: str, timeout_sec: float) -> bool:
        """Wait until the index has all that was stored before now, or was heard of."""
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout_sec
        if (looking := self._lost.get(appid)) is not None:
            await asyncio.wait([looking], timeout=timeout_sec)
        wanted = self._wanted(appid)
        if not self._watch.is_fresh():
            wanted = max(wanted, await self._dao.last_change(appid))
        if self._waiting.position(appid) >= wanted:
            return True
        self._look(appid)
        return await self._waiting.until(appid, wanted, max(end - loop.time(), 0))

    def lost(self, appid: str) -> None:
        """Make an index again that somebody has removed, whoever has the share of its app."""
        self._waiting.forget(appid)
        if self._is_open and appid not in self._lost:
            self._lost[appid] = self._start(self._make_again(appid), "an index that is gone")
            self._lost[appid].add_done_callback(lambda _: self._lost.pop(appid, None))

    async def _make_again(self, appid: str) -> None:
        try:
            is_gone = await self._search.refresh(appid) is None
            if is_gone and await self._dao.last_change(appid):
                logger.warning("making an index that is gone", extra={"appid": appid})
                await self._maker.make_once(appid)
            self._waiting.reach(appid, await self._search.refresh(appid) or 0)
        except ParaError as error:
            logger.warning("an index is gone: %s", error, extra={"appid": appid})
        self._look(appid)

    # ---- apps ---------------------------------------------------------------------------------

    async def rebuild(self, appid: str) -> int:
        """Make the index of an app anew from the database, for all nodes."""
        return await self._maker.make(appid)

    async def index_unstored(
        self, appid: str, records: Sequence[Record], gone: Sequence[str] = ()
    ) -> None:
        """Index objects that no change tells; all nodes find them when this returns.

        Those that are stored are read again, so that nothing older replaces what others write.
        """
        keys = [record.id for record in records if record.change]
        fleeting = [record for record in records if not record.change]
        left = await self._index_now(appid, keys, fleeting, gone)
        while left:  # what is deleted meanwhile may have been so before it was indexed
            _, away = await stored(self._dao, appid, left)
            left = await self._index_now(appid, away, [], []) if away else []

    async def _index_now(
        self, appid: str, keys: Sequence[str], more: Sequence[Record], gone: Sequence[str]
    ) -> list[str]:
        """Index these objects as they are stored; return the ids of those that are."""
        as_of = await self._dao.last_change(appid)
        puts, away = await stored(self._dao, appid, keys) if keys else ([], [])
        found = [record.id for record in puts]
        write = partial(
            self._search.index_as_of, appid, [*puts, *more], [*gone, *away], None, as_of
        )
        try:
            await write()
        except IndexMovedError:  # there is no index yet
            await self._maker.make_once(appid)
            await write()
        return found

    async def drop(self, appid: str) -> None:
        """Forget an app and remove its index."""
        self._forget(appid)
        await self._search.drop(appid)

    def _forget(self, appid: str) -> None:
        self._own.pop(appid, None)
        self._waiting.forget(appid)
        self._retention.drop(appid)
        if (share := self._share_of(appid)) is not None:
            share.forget(appid)

    async def gone(self, appid: str) -> None:
        """Forget an app that another node has removed; it may be there again."""
        if self._is_open:
            self._forget(appid)
            if self._share_of(appid) is not None:
                _ = self._start(self._clear(appid), "what is left of an app")

    async def begin_app(self, appid: str) -> None:
        """Remove an index that was left of another app of this name."""
        self._forget(appid)
        await self._clear(appid)

    async def _clear(self, appid: str) -> None:
        """Remove the index of an app that has nothing, if there is one.

        When something was written meanwhile, through whichever node, the index that was removed may
        have had it already. What is written from then on comes into another one.
        """
        try:
            is_left = await self._search.refresh(appid) is not None
            if is_left and await self._dao.last_change(appid) == 0:
                await self._search.drop(appid)
                if await self._dao.last_change(appid):
                    await self._maker.make(appid)
        except ParaError as error:
            logger.warning(
                "what an app finds may be that of a removed one of its name, until "
                "POST /v1/_reindex: %s",
                error,
                extra={"appid": appid},
            )
        self._look(appid)

    def _start(self, work: Coroutine[None, None, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=f"nodes: {name}")
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:  # nobody waits for it
            extra = {"task": task.get_name()}
            logger.error("what was begun for an index is left", exc_info=error, extra=extra)
