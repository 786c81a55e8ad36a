"""``LuceneSearch``: full-text indexes inside the process, a folder for each app."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import time
from collections import OrderedDict
from collections.abc import AsyncIterable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from para_core.contracts.dao import Record
from para_core.contracts.search import Hits, Search
from para_core.errors import BackendError, ConfigError, UnavailableError
from para_core.pager import Pager
from para_core.query.tree import Node
from para_search_lucene.allocator import give_back_memory, keep_freed_memory
from para_search_lucene.appindex import AppIndex
from para_search_lucene.failures import engine_errors
from para_search_lucene.folder import IndexFolder
from para_search_lucene.quick import is_quick
from para_search_lucene.resultcache import CacheStatistics, ResultCache
from para_search_lucene.settings import LuceneSettings
from para_search_lucene.snapshot import Snapshot

__all__ = ["LuceneSearch"]

logger = logging.getLogger(__name__)

_T = TypeVar("_T")

_NICENESS = 5  # of the thread that writes, and so of the engine's threads it starts
_IDLE_CHECK_SEC = 10.0
_DOCID_SHIFT = 20  # a new index numbers its documents from the time on, far above older ones


class LuceneSearch(Search):
    """The embedded search engine.

    Indexes are opened when they are first used; the least recently used ones are closed. All
    writing is done by one thread. Searches in small indexes run where they are called, others in a
    few threads.
    """

    def __init__(self, settings: LuceneSettings) -> None:
        self._settings = settings
        self._data = Path(settings.dir) / "data"
        self._apps: OrderedDict[str, AppIndex] = OrderedDict()
        self._opening: dict[str, asyncio.Future[AppIndex | None]] = {}
        self._results = ResultCache(
            most_entries=settings.cache_entries, most_bytes=settings.cache_bytes
        )
        self._lock: int | None = None
        self._writing: ThreadPoolExecutor | None = None
        self._searching: ThreadPoolExecutor | None = None
        self._idle_check: asyncio.TimerHandle | None = None

    # ---- life ---------------------------------------------------------------------------------

    async def open(self) -> None:
        """Take the folder of the indexes; each index is opened when it is first used.

        Raises:
            ConfigError: The folder cannot be written, or another process has it.
        """
        if self._lock is not None:
            return
        self._lock = self._take_folder()
        keep_freed_memory()
        self._writing = ThreadPoolExecutor(1, "lucene-write", initializer=_be_nice)
        self._searching = ThreadPoolExecutor(self._settings.search_threads, "lucene-search")

    async def close(self) -> None:
        """Close all indexes; everything that was indexed is committed already."""
        if self._lock is None:
            return
        if self._idle_check is not None:
            self._idle_check.cancel()
            self._idle_check = None
        apps, self._apps = list(self._apps.values()), OrderedDict()
        for app in apps:
            await self._write(app.close_writer)
        for pool in (self._writing, self._searching):
            if pool is not None:
                pool.shutdown(wait=True)
        os.close(self._lock)
        self._lock = self._writing = self._searching = None

    @property
    def statistics(self) -> CacheStatistics:
        """What the cache of results holds and what it saved."""
        return self._results.statistics

    def _take_folder(self) -> int:
        try:
            self._data.mkdir(parents=True, exist_ok=True)
            lock = os.open(self._data / ".lucene.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise ConfigError(
                f"para.lucene.dir: cannot use {self._data}: {error.strerror}"
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(lock)
            raise ConfigError(
                f"para.lucene.dir: another process has the indexes in {self._data}; "
                "stop it or choose another folder"
            ) from error
        return lock

    # ---- searching ----------------------------------------------------------------------------

    async def find(
        self, appid: str, query: Node, *, kind: str | None = None, pager: Pager | None = None
    ) -> Hits:
        """Return one page of the documents that match; see ``Search.find``.

        A page that was asked for since the app's last commit is answered without any wait.
        """
        pager = pager or _FIRST_PAGE
        app = self._apps.get(appid)
        if app is None:
            app = await self._opened(appid)
            if app is None:
                return _NO_HITS
        snapshot = app.snapshot
        key = self._results.key(appid, query, kind, pager)
        hits = self._results.get(key, snapshot)
        if hits is None:
            if is_quick(query, pager, snapshot.size):
                hits = _search(appid, snapshot, query, kind, pager)
            else:
                loop = asyncio.get_running_loop()
                hits = await loop.run_in_executor(
                    self._searching, _search, appid, snapshot, query, kind, pager
                )
            if app.snapshot is snapshot:
                self._results.put(key, snapshot, hits)
        return hits

    def peek(
        self, appid: str, query: Node, *, kind: str | None = None, pager: Pager | None = None
    ) -> Hits | None:
        """Return a page that was asked for since the app's last commit; see ``Search.peek``."""
        app = self._apps.get(appid)
        if app is None:
            return None
        key = self._results.key(appid, query, kind, pager or _FIRST_PAGE)
        return self._results.get(key, app.snapshot)

    async def position(self, appid: str) -> int | None:
        """Return the number of the last change that the app's index holds, durably."""
        app = await self._opened(appid)
        return None if app is None else app.position

    # ---- writing ------------------------------------------------------------------------------

    async def index(
        self, appid: str, puts: Sequence[Record], deletes: Sequence[str], position: int | None
    ) -> None:
        """Index records, unindex ids and remember the position; see ``Search.index``."""
        app = await self._opened(appid) or await self._made(appid)

        def apply() -> None:
            app.add(puts, deletes)
            app.commit(position)

        await self._write(apply)
        self._results.forget(appid)
        self._apps.setdefault(appid, app)
        self._bound_writers(app)

    async def rebuild(
        self, appid: str, records: AsyncIterable[Sequence[Record]], position: int
    ) -> int:
        """Replace the app's index by these records; see ``Search.rebuild``."""
        folder = IndexFolder(self._data, appid)
        old = await self._opened(appid)
        first = max(_first_docid(), 0 if old is None else old.next_docid)
        path = await self._write(partial(_make_folder, appid, folder))
        new = await self._write(
            lambda: AppIndex.make(appid, path, first_docid=first, is_rebuild=True)
        )
        taken = 0
        try:
            async for batch in records:
                taken += await self._write(partial(new.add, batch))
            await self._write(lambda: new.commit(position))
            await self._write(new.close_writer)
            await self._write(partial(_publish, appid, folder, path))
        except BaseException:
            await asyncio.shield(self._write(lambda: _discard(new, folder)))
            raise
        await self._swap(appid, folder)
        return taken

    async def drop(self, appid: str) -> None:
        """Remove the app's index with everything in it."""
        await self._close_app(appid)
        await self._write(IndexFolder(self._data, appid).remove)

    # ---- open indexes -------------------------------------------------------------------------

    async def _opened(self, appid: str) -> AppIndex | None:
        """Return the app's index, opened if need be; ``None`` when there is no usable one."""
        app = self._apps.get(appid)
        if app is not None:
            self._apps.move_to_end(appid)
            return app
        if self._lock is None:
            raise UnavailableError("the search engine is not open")
        opening = self._opening.get(appid)
        if opening is None:
            folder = IndexFolder(self._data, appid)
            if not folder.exists():
                return None
            opening = asyncio.ensure_future(self._write(lambda: _open(appid, folder)))
            self._opening[appid] = opening
            opening.add_done_callback(lambda done: self._keep_opened(appid, done))
        return await asyncio.shield(opening)

    def _keep_opened(self, appid: str, done: asyncio.Future[AppIndex | None]) -> None:
        self._opening.pop(appid, None)
        if not done.cancelled() and done.exception() is None:
            app = done.result()
            if app is not None:
                self._keep(app)

    def _keep(self, app: AppIndex) -> None:
        self._apps[app.appid] = app
        while len(self._apps) > self._settings.max_readers:
            _, oldest = self._apps.popitem(last=False)
            self._results.forget(oldest.appid)
            if oldest.is_writing:
                self._submit(oldest.close_writer)

    async def _made(self, appid: str) -> AppIndex:
        """Make an empty index for an app that has none.

        Raises:
            BackendError: There is one, but it is damaged.
        """
        folder = IndexFolder(self._data, appid)
        if folder.exists():
            raise BackendError(f"the index of app {appid!r} is not usable; rebuild it")

        def make() -> AppIndex:
            path = _make_folder(appid, folder)
            try:
                app = AppIndex.make(appid, path, first_docid=_first_docid())
                app.commit(None)
                _publish(appid, folder, path)
            except BaseException:
                folder.sweep()
                raise
            return app

        app = await self._write(make)
        self._keep(app)
        return app

    async def _swap(self, appid: str, folder: IndexFolder) -> None:
        """Use the index that was just published, and remove the old one."""
        await self._close_app(appid)

        def swap() -> AppIndex | None:
            folder.sweep()
            return _open(appid, folder)

        app = await self._write(swap)
        if app is not None:
            self._keep(app)

    async def _close_app(self, appid: str) -> None:
        opening = self._opening.get(appid)
        if opening is not None:
            await asyncio.wait([opening])
        app = self._apps.pop(appid, None)
        self._results.forget(appid)
        if app is not None:
            await self._write(app.close_writer)

    def _bound_writers(self, app: AppIndex) -> None:
        """Close the writers that were not used for longest, and in a while all idle ones."""
        writing = sorted(
            (other for other in self._apps.values() if other.is_writing and other is not app),
            key=lambda other: other.used,
        )
        for other in writing[: max(0, len(writing) + 1 - self._settings.max_writers)]:
            self._submit(other.close_writer)
        if self._idle_check is None:
            loop = asyncio.get_running_loop()
            self._idle_check = loop.call_later(_IDLE_CHECK_SEC, self._close_idle)

    def _close_idle(self) -> None:
        self._idle_check = None
        oldest = time.monotonic() - self._settings.writer_idle_sec
        writing = [app for app in self._apps.values() if app.is_writing]
        idle = [app for app in writing if app.used < oldest]
        for app in idle:
            self._submit(app.close_writer)
        if idle:
            self._submit(give_back_memory)
        if writing:
            loop = asyncio.get_running_loop()
            self._idle_check = loop.call_later(_IDLE_CHECK_SEC, self._close_idle)

    # ---- the writing thread -------------------------------------------------------------------

    async def _write(self, job: Callable[[], _T]) -> _T:
        if self._writing is None:
            raise UnavailableError("the search engine is not open")
        return await asyncio.get_running_loop().run_in_executor(self._writing, job)

    def _submit(self, job: Callable[[], None]) -> None:
        if self._writing is not None:
            self._writing.submit(job)


_FIRST_PAGE = Pager()
_NO_HITS = Hits([], 0)


def _search(appid: str, snapshot: Snapshot, query: Node, kind: str | None, pager: Pager) -> Hits:
    with engine_errors(appid, "search"):
        return snapshot.find(query, kind, pager)


def _open(appid: str, folder: IndexFolder) -> AppIndex | None:
    folder.sweep()
    path = folder.current()
    if path is None:
        logger.warning("an index has another format", extra={"appid": appid})
        return None
    try:
        return AppIndex.open(appid, path)
    except (BackendError, ValueError) as error:
        logger.warning("an index is damaged", extra={"appid": appid, "reason": str(error)[:200]})
        return None


def _make_folder(appid: str, folder: IndexFolder) -> Path:
    with engine_errors(appid, "make a folder for"):
        return folder.make()


def _publish(appid: str, folder: IndexFolder, path: Path) -> None:
    with engine_errors(appid, "publish"):
        folder.publish(path)


def _discard(index: AppIndex, folder: IndexFolder) -> None:
    index.close_writer()
    folder.sweep()


def _first_docid() -> int:
    return time.time_ns() // 1_000_000 << _DOCID_SHIFT


def _be_nice() -> None:
    """Let the threads that serve requests go first; on Linux niceness belongs to a thread."""
    os.setpriority(os.PRIO_PROCESS, 0, _NICENESS)
