"""The open indexes of a process: opened when they are used, closed when others are used more."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from para_core.errors import BackendError
from para_core.opening import until_open
from para_search_lucene.allocator import give_back_memory
from para_search_lucene.appindex import AppIndex
from para_search_lucene.failures import engine_errors
from para_search_lucene.folder import IndexFolder
from para_search_lucene.settings import LuceneSettings
from para_search_lucene.threads import Threads

__all__ = ["Shelf"]

logger = logging.getLogger(__name__)

_T = TypeVar("_T")

_IDLE_CHECK_SEC = 10.0
_TRIES, _TRY_SEC = 5, 0.02  # to open what another process writes
_DOCID_SHIFT = 20  # a new index numbers its documents from the time on, far above older ones


class Shelf:
    """Open indexes by app; the least recently used ones are closed.

    All methods run on the event loop, what takes time in the threads. An index whose files cannot
    be used is not tried again until it was replaced.

    With ``writes`` off another process changes the files; nothing is swept away then.
    """

    def __init__(
        self, data: Path, settings: LuceneSettings, threads: Threads, *, writes: bool = True
    ) -> None:
        self._data, self._settings, self.threads = data, settings, threads
        self.writes = writes
        self._open: OrderedDict[str, AppIndex] = OrderedDict()
        self._opening: dict[str, asyncio.Future[AppIndex | None]] = {}
        self._swept: set[str] = set()
        self._unusable: set[str] = set()
        self._idle_check: asyncio.TimerHandle | None = None

    def get(self, appid: str) -> AppIndex | None:
        """Return the index of an app if it is open, and count it as used just now."""
        app = self._open.get(appid)
        if app is not None:
            self._open.move_to_end(appid)
        return app

    async def opened(self, appid: str) -> AppIndex | None:
        """Return the index of an app, opened if need be; ``None`` when there is no usable one."""
        app = self.get(appid)
        if app is not None:
            return app
        opening = self._opening.get(appid)
        if opening is None:
            folder = IndexFolder(self._data, appid)
            if appid in self._unusable or not folder.exists():
                return None
            # later there may be the folder of a rebuild
            is_first = self.writes and appid not in self._swept
            self._swept.add(appid)
            tries = 1 if self.writes else _TRIES
            job = partial(_open, appid, folder, sweep=is_first, tries=tries)
            opening = asyncio.ensure_future(self.threads.search(job))
            self._opening[appid] = opening
            opening.add_done_callback(partial(self._was_opened, appid))
        return await asyncio.shield(opening)

    def _was_opened(self, appid: str, done: asyncio.Future[AppIndex | None]) -> None:
        self._opening.pop(appid, None)
        if done.cancelled() or done.exception() is not None:
            return
        app = done.result()
        if app is None:
            self._unusable.add(appid)
        elif appid not in self._open:
            self._keep(app)

    @asynccontextmanager
    async def writing(self, appid: str) -> AsyncIterator[AppIndex]:
        """Lend the index of an app to be written to; made if there is none, not closed meanwhile.

        Raises:
            BackendError: There is one, but it is not usable.
        """
        folder = IndexFolder(self._data, appid)
        known = await self.opened(appid)
        app = known or await self._made(appid, folder)
        self._keep(app)
        app.pins += 1
        try:
            yield app
            if known is None:
                await self.threads.write(partial(_publish, app, folder))
        except BaseException:
            if known is None:
                self._open.pop(appid, None)
                await asyncio.shield(self.threads.write(partial(_discard, app)))
            raise
        finally:
            app.pins -= 1
            if app.is_worn:
                self.threads.submit(app.reopen)
            self._bound_writers(app)

    async def replace(self, appid: str, fill: Callable[[AppIndex], Awaitable[_T]]) -> _T:
        """Build a new index in a folder of its own, then use it instead of the old one.

        Args:
            appid: The app.
            fill: Adds everything to the new index and commits it.

        Returns:
            What ``fill`` returns.
        """
        old = await self.opened(appid)
        first = max(_first_docid(), 0 if old is None else old.next_docid)
        self._swept.add(appid)
        folder = IndexFolder(self._data, appid)
        new = await self._new(appid, folder, first, is_rebuild=True)
        try:
            result = await fill(new)
            await self.threads.write(partial(_finish, new, folder))
        except BaseException:
            await asyncio.shield(self.threads.write(partial(_discard, new)))
            raise
        await self.close(appid)
        await self.threads.write(folder.sweep)
        self._unusable.discard(appid)
        await self.opened(appid)
        return result

    async def renew(self, appid: str) -> None:
        """See what another process has committed since the index was opened or renewed."""
        self._unusable.discard(appid)
        opening = self._opening.get(appid)
        if opening is not None:
            await asyncio.wait([opening])
        app = self._open.get(appid)
        if app is None:
            return
        folder = IndexFolder(self._data, appid)
        if not await self.threads.search(partial(_renew, app, folder)):
            await self.close(appid)

    async def close(self, appid: str) -> None:
        """Close the index of an app, if it is open."""
        opening = self._opening.get(appid)
        if opening is not None:
            await asyncio.wait([opening])
        app = self._open.pop(appid, None)
        if app is not None:
            await self.threads.write(app.close_writer)

    async def remove(self, appid: str) -> None:
        """Close the index of an app and remove its files."""
        await self.close(appid)
        await self.threads.write(IndexFolder(self._data, appid).remove)
        self._unusable.discard(appid)

    async def close_all(self) -> None:
        """Close all indexes."""
        if self._idle_check is not None:
            self._idle_check.cancel()
            self._idle_check = None
        for appid in list(self._open):
            await self.close(appid)
        self._swept.clear()
        self._unusable.clear()

    # ---- bounds -------------------------------------------------------------------------------

    def _keep(self, app: AppIndex) -> None:
        self._open[app.appid] = app
        self._open.move_to_end(app.appid)
        surplus = len(self._open) - self._settings.max_readers
        for other in [other for other in self._open.values() if not other.pins][: max(surplus, 0)]:
            if other is not app:
                del self._open[other.appid]
                self._close_writer(other)

    def _bound_writers(self, app: AppIndex) -> None:
        """Close the writers that were not used for longest, and in a while all idle ones."""
        others = [other for other in self._writing() if other is not app]
        others.sort(key=lambda other: other.used)
        for other in others[: max(0, len(others) + 1 - self._settings.max_writers)]:
            self._close_writer(other)
        if self._idle_check is None:
            self._check_later()

    def _check_later(self) -> None:
        loop = asyncio.get_running_loop()
        self._idle_check = loop.call_later(_IDLE_CHECK_SEC, self._close_idle)

    def _close_idle(self) -> None:
        self._idle_check = None
        oldest = time.monotonic() - self._settings.writer_idle_sec
        idle = [app for app in self._writing() if app.used < oldest and not app.pins]
        for app in idle:
            self._close_writer(app)
        if idle:
            self.threads.submit(give_back_memory)
        if self._writing():
            self._check_later()

    def _writing(self) -> list[AppIndex]:
        return [app for app in self._open.values() if app.is_writing]

    def _close_writer(self, app: AppIndex) -> None:
        if app.is_writing and not app.pins:
            self.threads.submit(app.close_writer)

    async def _made(self, appid: str, folder: IndexFolder) -> AppIndex:
        """Make an index that is published with its first commit."""
        if folder.exists():
            raise BackendError(f"the index of app {appid!r} is not usable; rebuild it")
        self._swept.add(appid)
        return await self._new(appid, folder, _first_docid(), is_rebuild=False)

    async def _new(
        self, appid: str, folder: IndexFolder, first: int, *, is_rebuild: bool
    ) -> AppIndex:
        """Make an index in a folder of its own; when nobody waits any more, it goes again."""
        job = partial(_make, appid, folder, first, is_rebuild=is_rebuild)
        return await until_open(
            self.threads.write(job), lambda new: self.threads.submit(partial(_discard, new))
        )


def _open(appid: str, folder: IndexFolder, *, sweep: bool, tries: int) -> AppIndex | None:
    if sweep:
        folder.sweep()
    reason = ""
    for at in range(tries):  # the process that writes may replace it meanwhile
        if at:
            time.sleep(_TRY_SEC)
        path, reason = folder.current(), ""
        if path is None:
            continue
        try:
            return AppIndex.open(appid, path)
        except (BackendError, ValueError) as error:
            reason = str(error)[:200]
    if reason:
        logger.warning("an index is damaged", extra={"appid": appid, "reason": reason})
    else:
        logger.warning("an index has another format", extra={"appid": appid})
    return None


def _renew(app: AppIndex, folder: IndexFolder) -> bool:
    """Bring an index that another process writes up to date; false when it was replaced."""
    if folder.current() != app.path:
        return False
    try:
        app.reload()
    except (BackendError, ValueError):  # replaced or removed just now
        return False
    return True


def _make(appid: str, folder: IndexFolder, first_docid: int, *, is_rebuild: bool) -> AppIndex:
    with engine_errors(appid, "make a folder for"):
        path = folder.make()
    return AppIndex.make(appid, path, first_docid=first_docid, is_rebuild=is_rebuild)


def _finish(app: AppIndex, folder: IndexFolder) -> None:
    app.close_writer()
    _publish(app, folder)


def _publish(app: AppIndex, folder: IndexFolder) -> None:
    with engine_errors(app.appid, "publish"):
        folder.publish(app.path)


def _discard(app: AppIndex) -> None:
    app.close_writer()
    app.remove_files()


def _first_docid() -> int:
    return time.time_ns() // 1_000_000 << _DOCID_SHIFT
