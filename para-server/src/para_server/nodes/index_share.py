"""Writes the indexes of one share of the apps, where all nodes search in one engine.

The node that has the share follows the feeds of its apps. If it was stopped and replaced, the
engine refuses what it sends: see ``Search.index_as_of``. Then it looks where the index is, and goes
on from there as long as it has the share.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence

from para_core.contracts.component import Component
from para_core.contracts.dao import DAO, Change
from para_core.contracts.search import Delta, Later, Search
from para_core.errors import IndexMovedError, StorageFullError, UnavailableError
from para_core.tasks import cancelled
from para_server.services.following import Follower, Retention, changes_after
from para_server.services.index_writer import FOLLOWER, all_records, is_damaged, stored
from para_server.services.turns import Turns
from para_server.webhooks.share import Share

__all__ = ["IndexMaker", "IndexShare"]

logger = logging.getLogger(__name__)

_PART = 2000  # records that are read at once
_AGAIN_SEC = (
    1.0,
    2.0,
    4.0,
)  # before an index is looked for that moved: whoever moves it needs time
_TRIES = 3  # to make an index while others make it too


class NotReadyError(UnavailableError):
    """The changes of an app have to wait, for nothing that went wrong."""


class IndexMaker:
    """Makes indexes from the database, on any node, while they are written and searched.

    A node makes an index once at a time: of two at once the engine would take one.
    """

    def __init__(
        self, dao: DAO, search: Search, retention: Retention, *, rebuild_page: int
    ) -> None:
        self._dao, self._search, self._retention = dao, search, retention
        self._page = rebuild_page
        self._turns, self._numbers = Turns(), itertools.count()
        self._missed: set[tuple[str, int]] = set()  # apps whose index is missing, by who says so

    async def make(self, appid: str) -> int:
        """Make the index of an app anew; return how many objects were indexed.

        Raises:
            IndexMovedError: Another node has made it meanwhile, again and again.
        """
        async with self._turns.of(appid):
            return await self._make(appid)

    async def make_once(self, appid: str) -> None:
        """Make the index of an app that is missing, unless this node is at it: then wait for that.

        Raises:
            IndexMovedError: As of ``make``.
        """
        missed = (appid, next(self._numbers))
        self._missed.add(missed)
        try:
            async with self._turns.of(appid):
                if missed in self._missed:
                    await self._make(appid)
        finally:
            self._missed.discard(missed)

    async def _make(self, appid: str) -> int:
        for tried in range(1, _TRIES + 1):
            start = await self._dao.last_change(appid)
            records = all_records(self._dao, appid, self._page)
            try:
                count = await self._search.rebuild_as_of(appid, records, start, self._later(appid))
            except IndexMovedError:
                if tried == _TRIES:
                    raise
            else:
                self._missed = {missed for missed in self._missed if missed[0] != appid}
                return count
        raise AssertionError  # not reached

    def _later(self, appid: str) -> Later:
        async def later(after: int) -> AsyncIterator[Delta]:
            head = await self._dao.last_change(appid)  # while others write there is no end
            async for changes in changes_after(self._dao, appid, after):
                if after < await self._retention.missing(appid):
                    raise UnavailableError(
                        f"making the index of {appid} took longer than changes are kept; set "
                        "para.nodes.feed_sec to more"
                    )
                after = changes[-1].number
                for part in parts_of(changes):
                    puts, gone = await stored(self._dao, appid, part)
                    yield Delta(puts, gone, after)
                if after >= head:
                    return

        return later


class IndexShare(Component):
    """Follows the apps of a share as long as it is open."""

    def __init__(  # noqa: PLR0913 - what it works with
        self,
        dao: DAO,
        search: Search,
        share: Share,
        maker: IndexMaker,
        retention: Retention,
        *,
        told: Callable[[str, int], None],
        report: Callable[[str, Exception | None], None],
    ) -> None:
        """Write for a share.

        Args:
            dao: The database.
            search: The engine that all nodes search in.
            share: The apps.
            maker: Makes indexes anew.
            retention: Told how far each index is.
            told: Hears which change of an app its index is at.
            report: Hears of an error that is tried again, and with ``None`` that one has passed.
        """
        self._dao, self._search, self._share, self._maker = dao, search, share, maker
        self._retention, self._told, self._report = retention, told, report
        self._at: dict[str, int] = {}
        self._absent: set[str] = set()  # apps without an index, which have nothing to be found
        self._failures: dict[str, int] = {}
        self._making: dict[str, asyncio.Task[None]] = {}
        self._moving: set[str] = set()  # apps whose index another node may just be replacing
        self._moves: dict[str, int] = {}  # how often that was so, one after the other
        self.follower = Follower(dao, self, name=FOLLOWER, owns=share.owns, report=self._fail)

    async def open(self) -> None:
        """Begin to follow."""
        await self.follower.open()

    async def close(self) -> None:
        """Stop after what is under way; indexes that are being made are left to the next node."""
        await self.follower.close()
        for task in list(self._making.values()):
            await cancelled(task)

    def forget(self, appid: str) -> None:
        """Forget an app that was removed; it may be there again."""
        self.follower.drop(appid)
        self._at.pop(appid, None)
        self._absent.discard(appid)
        self._failures.pop(appid, None)
        self._moves.pop(appid, None)

    # ---- what it follows ----------------------------------------------------------------------

    async def position(self, appid: str) -> int:
        """Return which change an index is at.

        Raises:
            NotReadyError: There is none that can be used, and it is made in the background; or
                another node may have the share, and would have to begin anew.
        """
        if not self._share.is_held():
            raise NotReadyError(f"another node may look after {appid}")
        if appid in self._making or appid in self._moving:
            raise NotReadyError(f"the index of {appid} is being made")
        position = await self._search.position(appid)
        last = await self._dao.last_change(appid)
        self._absent.discard(appid)
        if position is None and last == 0:
            self._absent.add(appid)
            position = 0
        elif position is None or await self._is_useless(appid, position, last):
            level = logging.INFO if position is None else logging.WARNING
            logger.log(level, "making an index from the database", extra={"appid": appid})
            self._making[appid] = asyncio.create_task(self._make(appid), name="making an index")
            raise NotReadyError(f"the index of {appid} is being made")
        await self._pass(appid, position)
        return position

    async def _is_useless(self, appid: str, position: int, last: int) -> bool:
        if is_damaged(self._failures.get(appid, 0)):
            return True
        return position > last or position < await self._retention.missing(appid)

    async def _make(self, appid: str) -> None:
        try:
            await self._maker.make_once(appid)
            self._failures.pop(appid, None)
        except Exception as error:  # noqa: BLE001 - whatever it is: it is tried again
            self._fail(appid, error)
        else:
            self.follower.resume(appid)
        finally:
            del self._making[appid]

    async def take(self, appid: str, changes: Sequence[Change]) -> None:
        """Index what is stored now of the objects that have changed."""
        if appid in self._absent:
            await self._maker.make_once(appid)
            position = await self._search.position(appid)
            if position is None or position < changes[-1].number:
                raise IndexMovedError(appid)
            self._absent.discard(appid)
        else:
            await self._index(appid, changes)
            position = changes[-1].number
        self._failures.pop(appid, None)
        self._moves.pop(appid, None)
        await self._pass(appid, position)

    async def _index(self, appid: str, changes: Sequence[Change]) -> None:
        as_of, parts = changes[-1].number, list(parts_of(changes))
        for part in parts:
            puts, gone = await stored(self._dao, appid, part)
            position = as_of if part is parts[-1] else self._at.get(appid, 0)
            await self._search.index_as_of(appid, puts, gone, position, as_of)

    async def _pass(self, appid: str, position: int) -> None:
        self._at[appid] = position
        self._report(appid, None)
        self._told(appid, position)
        await self._retention.passed(FOLLOWER, appid, position)

    def _fail(self, appid: str, error: Exception) -> None:
        if isinstance(error, IndexMovedError) and appid not in self._moving:
            self._moving.add(appid)
            moves = self._moves[appid] = self._moves.get(appid, 0) + 1
            pause = _AGAIN_SEC[min(moves, len(_AGAIN_SEC)) - 1]
            asyncio.get_running_loop().call_later(pause, self._look_again, appid)
        if not isinstance(error, UnavailableError | StorageFullError):
            self._failures[appid] = self._failures.get(appid, 0) + 1
        if not isinstance(error, NotReadyError):
            self._report(appid, error)

    def _look_again(self, appid: str) -> None:
        self._moving.discard(appid)
        self.follower.resume(appid)


def parts_of(changes: Sequence[Change]) -> Iterator[list[str]]:
    """Yield the ids of changes, each once, so many at a time; at least one part."""
    keys = list(dict.fromkeys(key for change in changes for key in change.keys))
    for start in range(0, max(len(keys), 1), _PART):
        yield keys[start : start + _PART]
