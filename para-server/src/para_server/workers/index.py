"""The index as a worker sees it: one worker writes it, each one knows how far it can see.

Whatever a worker writes is in the feed of the database, and the one that leads follows the feeds;
the others tell it which apps have something new, so that it need not look at all of them. A search
compares the position of the index that this worker has open with the last change of the app. If
that is ahead, it asks the leader to catch up and looks again. While nothing is written, the board
says that nothing has to be asked at all.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from para_core.contracts.dao import DAO, Record
from para_core.contracts.search import Search
from para_core.errors import ParaError, UnavailableError
from para_core.tasks import cancelled
from para_server.services.feed_indexing import FeedIndexing
from para_server.services.following import Retention
from para_server.services.index_follower import IndexFollower
from para_server.services.index_writer import REBUILD_PAGE
from para_server.services.indexing import Progress
from para_server.workers.board import Board
from para_server.workers.channel import Ask, Leader, LeadershipServer
from para_server.workers.seat import Seat

__all__ = ["WorkerIndex"]

logger = logging.getLogger(__name__)

_TELL_SEC = 0.5  # how long changes gather before the leader hears of them, unless somebody searches
_PAUSE_SEC = 0.02
_LEAD_SEC = 20.0  # until the first worker leads
_AGAIN_SEC = 1.0  # before who could not lead tries again
_REBUILD_SEC = 3600.0
_PATIENCE_SEC = 15.0  # for the leader to do what a write waits for


class WorkerIndex(FeedIndexing):
    """Follows, if this worker leads, and else asks the one that does."""

    def __init__(  # noqa: PLR0913 - what it works with
        self,
        dao: DAO,
        search: Search,
        board: Board,
        folder: Path,
        *,
        is_first: bool,
        retention: Retention | None = None,
        rebuild_page: int = REBUILD_PAGE,
    ) -> None:
        """Prepare to follow.

        Args:
            dao: The database.
            search: The search engine, shared with the other workers.
            board: What all workers see.
            folder: Where the workers meet.
            is_first: Whether this worker is alone at its start, and so has to lead at once.
            retention: Told how far the index is; without it nobody else follows the database.
            rebuild_page: Records that a rebuild takes at a time.
        """
        self._dao, self._search, self._board = dao, search, board
        self._retention, self._rebuild_page = retention, rebuild_page
        self._place, self._seat = folder / "leader.sock", Seat(folder / "leader.lock")
        self._is_first, self._is_closing = is_first, False
        self._leader = Leader(self._place)
        self._follower: IndexFollower | None = None  # while this worker leads
        self._server = LeadershipServer(self._place, self._answer, self._look_at_all)
        self._current: dict[str, tuple[int, int]] = {}  # row and stamp that are known to be in
        self._news: dict[str, None] = {}  # apps that the leader has not heard of yet
        self._telling: asyncio.Task[None] | None = None
        self._leading: asyncio.Task[None] | None = None
        self._sweeps: set[asyncio.Task[None]] = set()
        self._has_seat = asyncio.Event()
        self.on_lead: list[Callable[[], None]] = []
        """Called, in the event loop, once this worker leads."""
        self.on_news: Callable[[str], None] = lambda appid: None
        """Told of apps in which other workers have written something, while this one leads."""

    @property
    def leads(self) -> bool:
        """Whether this worker writes the index."""
        return self._follower is not None

    # ---- life ---------------------------------------------------------------------------------

    async def open(self) -> None:
        """Lead, or follow whoever does."""
        self._telling = asyncio.create_task(self._tell_on(), name="news for the leader")
        self._seat.wait(self._take_lead)
        if self._is_first:
            async with asyncio.timeout(_LEAD_SEC):
                await self._has_seat.wait()
                if self._leading is not None:
                    await self._leading

    async def close(self) -> None:
        """Let the leader know everything; if that is this worker, let it finish first."""
        self._is_closing = True
        await cancelled(self._telling)
        if self._leading is not None:
            await asyncio.wait([self._leading])
        follower = self._follower
        if follower is None:
            await self._tell()
            await self._leader.close()
            return
        await self._leader.close()  # it may have begun to look for one when it became it
        await self._server.close(wait_sec=_PATIENCE_SEC)
        for sweep in set(self._sweeps):
            await cancelled(sweep)
        await self._tell()
        behind = [a for a, progress in follower.progress().items() if not progress.is_current]
        await asyncio.gather(*(follower.caught_up(appid, _PATIENCE_SEC) for appid in behind))
        await follower.close()
        self._follower = None
        self._seat.leave()

    def _take_lead(self) -> None:
        self._has_seat.set()
        if not self._is_closing:
            self._leading = asyncio.create_task(self._lead(), name="leading")

    async def _lead(self) -> None:
        follower = IndexFollower(
            self._dao, self._search, retention=self._retention, rebuild_page=self._rebuild_page
        )
        try:
            await self._search.lead()
            await follower.open()  # it looks at all apps, whatever nobody could tell
            await self._server.open()
        except BaseException as error:
            await follower.close()
            self._seat.leave()
            if self._is_first or not isinstance(error, Exception):
                raise
            logger.exception("this worker cannot lead now; another one may, or it tries again")
            asyncio.get_running_loop().call_later(_AGAIN_SEC, self._wait_again)
            return
        self._follower = follower
        self._current.clear()
        logger.info("this worker leads: it writes the index", extra={"pid": os.getpid()})
        await self._leader.close()
        for call in self.on_lead:
            call()

    def _wait_again(self) -> None:
        if not self._is_closing:
            self._seat.wait(self._take_lead)

    # ---- writers ------------------------------------------------------------------------------

    def _look(self, appid: str) -> None:
        """Remember to tell the leader that an app has something new."""
        self._news[appid] = None

    async def _tell_on(self) -> None:
        while True:
            if self._follower is None:
                await self._leader.be_heard_of()
            await self._tell()
            await asyncio.sleep(_TELL_SEC)

    async def _tell(self) -> None:
        while self._news:
            appid = next(iter(self._news))
            if self._follower is not None:
                self._follower.look(appid)
            elif not await self._leader.tell("wrote", appid):
                return  # nobody leads at the moment; whoever does next looks at all apps
            self._news.pop(appid, None)

    # ---- searchers ----------------------------------------------------------------------------

    def progress(self) -> dict[str, Progress]:
        """Return how far the indexes are; only the worker that writes them knows."""
        return {} if self._follower is None else self._follower.progress()

    def is_current(self, appid: str) -> bool:
        """Return whether this worker sees everything that was stored before now."""
        known = self._current.get(appid)
        return known is not None and self._board.app_stamp(known[0]) == known[1]

    def lost(self, appid: str) -> None:
        """Ask how far the index is before the next search; the leader makes it again."""
        self._current.pop(appid, None)
        self._look(appid)

    async def caught_up(self, appid: str, timeout_sec: float) -> bool:
        """Wait until this worker sees everything that was stored before now."""
        row = self._board.app_row_of(appid)
        stamp = self._board.app_stamp(row)  # before the database is asked
        wanted = await self._dao.last_change(appid)
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout_sec
        is_in = (await self._search.refresh(appid) or 0) >= wanted
        while not is_in:
            left = end - loop.time()
            if left <= 0:
                return False
            is_in = await self._have_caught_up(appid, left)
            if is_in:
                await self._search.refresh(appid)
            else:
                await asyncio.sleep(_PAUSE_SEC)  # another worker is about to lead
        self._current[appid] = (row, stamp)
        return True

    async def _have_caught_up(self, appid: str, timeout_sec: float) -> bool:
        follower = self._follower
        if follower is not None:
            follower.look(appid)
            return await follower.caught_up(appid, timeout_sec)
        with contextlib.suppress(TimeoutError, UnavailableError):
            return bool(await self._leader.ask("catch_up", appid, timeout_sec=timeout_sec))
        return False

    # ---- apps ---------------------------------------------------------------------------------

    async def rebuild(self, appid: str) -> int:
        """Rebuild the index of an app from the database."""
        follower = self._follower
        if follower is not None:
            count = await follower.rebuild(appid)
        else:
            count = await self._asked("rebuild", appid, _REBUILD_SEC)
        self._changed(appid)
        return count

    async def index_unstored(
        self, appid: str, records: Sequence[Record], gone: Sequence[str] = ()
    ) -> None:
        """Index objects that no change tells."""
        follower = self._follower
        if follower is not None:
            await follower.index_unstored(appid, records, gone)
        else:
            await self._asked("index_unstored", appid, _PATIENCE_SEC, records, gone)
        self._changed(appid)

    async def drop(self, appid: str) -> None:
        """Forget an app and remove its index."""
        follower = self._follower
        if follower is not None:
            await follower.drop(appid)
        else:
            await self._asked("drop", appid, _PATIENCE_SEC)
        self._news.pop(appid, None)
        self._current.pop(appid, None)
        self._changed(appid)

    async def _asked(
        self,
        what: str,
        appid: str,
        timeout_sec: float,
        records: Sequence[Record] = (),
        gone: Sequence[str] = (),
    ) -> int:
        try:
            return await self._leader.ask(
                what, appid, timeout_sec=timeout_sec, records=records, gone=gone
            )
        except TimeoutError as error:
            raise UnavailableError("no worker writes the index at the moment") from error

    def _changed(self, appid: str) -> None:
        """Let every worker look at the index again before its next search."""
        self._board.app_changed(self._board.app_row_of(appid))

    # ---- what the others ask ------------------------------------------------------------------

    async def _answer(self, ask: Ask) -> int:
        follower = self._follower
        if follower is None:
            raise UnavailableError("this worker is about to lead")
        match ask.what:
            case "wrote":
                follower.look(ask.appid)
                self.on_news(ask.appid)
            case "catch_up":
                follower.look(ask.appid)
                return int(await follower.caught_up(ask.appid, ask.timeout_sec))
            case "rebuild":
                return await follower.rebuild(ask.appid)
            case "index_unstored":
                await follower.index_unstored(ask.appid, ask.records, ask.gone)
            case "drop":
                await follower.drop(ask.appid)
        return 0

    def _look_at_all(self) -> None:
        """Look at all apps: a worker has gone, and may not have told what it wrote."""
        if self._follower is not None and not self._is_closing:
            sweep = asyncio.create_task(self._sweep_all(), name="what a worker left")
            self._sweeps.add(sweep)
            sweep.add_done_callback(self._sweeps.discard)

    async def _sweep_all(self) -> None:
        while (follower := self._follower) is not None:
            try:
                for appid in await self._dao.apps():
                    follower.look(appid)
            except ParaError as error:
                logger.warning("what a worker left is not looked for yet: %s", error)
            except Exception:  # whatever it is: the next look may be better
                logger.exception("what a worker left is not looked for yet")
            else:
                return
            await asyncio.sleep(_AGAIN_SEC)
