"""``LuceneSearch``: full-text indexes inside the process, a folder for each app."""

from __future__ import annotations

import fcntl
import os
from collections.abc import AsyncIterable, Sequence
from functools import partial
from pathlib import Path

from para_core.contracts.dao import Record
from para_core.contracts.search import Hits, Search
from para_core.errors import ConfigError, UnavailableError
from para_core.pager import Pager
from para_core.query.tree import Node
from para_search_lucene.allocator import keep_freed_memory
from para_search_lucene.appindex import AppIndex
from para_search_lucene.failures import engine_errors
from para_search_lucene.quick import is_quick
from para_search_lucene.resultcache import CacheStatistics, ResultCache
from para_search_lucene.settings import LuceneSettings
from para_search_lucene.shelf import Shelf
from para_search_lucene.snapshot import Snapshot
from para_search_lucene.threads import Threads

__all__ = ["LuceneSearch"]


class LuceneSearch(Search):
    """The embedded search engine.

    Indexes are opened when they are first used. All writing is done by one thread. Quick searches
    run where they are called, others in a few threads; results are kept until the app changes.
    """

    def __init__(self, settings: LuceneSettings) -> None:
        self._settings = settings
        self._data = Path(settings.dir) / "data"
        self._results = ResultCache(
            most_entries=settings.cache_entries, most_bytes=settings.cache_bytes
        )
        self._lock: int | None = None  # while this process may write
        self._is_shared = False  # whether other processes read what one writes
        self._shelf: Shelf | None = None

    # ---- life ---------------------------------------------------------------------------------

    async def open(self) -> None:
        """Take the folder of the indexes; each index is opened when it is first used.

        Raises:
            ConfigError: The folder cannot be written, or another process has it.
        """
        if self._shelf is not None:
            return
        if not self._is_shared:
            self._lock = _take_folder(self._data)
        keep_freed_memory()
        self._shelf = Shelf(
            self._data,
            self._settings,
            Threads(self._settings.search_threads),
            writes=not self._is_shared,
        )

    def share(self, group: str) -> None:
        """Let several processes read the indexes; the one that leads has the folder's lock."""
        del group
        self._is_shared = True

    async def lead(self) -> None:
        """Take the folder of the indexes, and forget what this process knows of them."""
        shelf = self._opened()
        if self._lock is None:
            self._lock = _take_folder(self._data)
            await shelf.close_all()
            shelf.writes = True

    async def refresh(self, appid: str) -> int | None:
        """Look at what the process that writes has committed."""
        shelf = self._opened()
        if self._lock is None:
            await shelf.renew(appid)
        return await self.position(appid)

    async def close(self) -> None:
        """Close all indexes; everything that was indexed is committed already."""
        shelf, self._shelf = self._shelf, None
        if shelf is not None:
            await shelf.close_all()
            shelf.threads.close()
            self._results.clear()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @property
    def statistics(self) -> CacheStatistics:
        """What the cache of results holds and what it saved."""
        return self._results.statistics

    # ---- searching ----------------------------------------------------------------------------

    async def find(
        self, appid: str, query: Node, *, kind: str | None = None, pager: Pager | None = None
    ) -> Hits:
        """Return one page of the documents that match; see ``Search.find``.

        A page that was asked for since the app's last commit is answered without any wait.
        """
        shelf, pager = self._opened(), pager or _FIRST_PAGE
        app = shelf.get(appid) or await shelf.opened(appid)
        if app is None:
            return _NO_HITS
        snapshot = app.snapshot
        key = self._results.key(appid, query, kind, pager)
        hits = self._results.get(key, snapshot.generation)
        if hits is not None:
            return hits
        search = partial(_search, appid, snapshot, query, kind, pager)
        if is_quick(query, pager, snapshot.size):
            hits = search()
        else:
            hits = await shelf.threads.search(search)
        if app.snapshot is snapshot:
            self._results.put(key, snapshot.generation, hits)
        return hits

    def peek(
        self, appid: str, query: Node, *, kind: str | None = None, pager: Pager | None = None
    ) -> Hits | None:
        """Return a page that was asked for since the app's last commit; else ``None``."""
        app = self._shelf.get(appid) if self._shelf is not None else None
        if app is None:
            return None
        key = self._results.key(appid, query, kind, pager or _FIRST_PAGE)
        return self._results.get(key, app.snapshot.generation)

    async def position(self, appid: str) -> int | None:
        """Return the number of the last change that the app's index holds, durably."""
        app = await self._opened().opened(appid)
        return None if app is None else app.position

    # ---- writing ------------------------------------------------------------------------------

    async def index(
        self, appid: str, puts: Sequence[Record], deletes: Sequence[str], position: int | None
    ) -> None:
        """Index records, unindex ids and remember the position; see ``Search.index``."""
        shelf = self._opened()
        async with shelf.writing(appid) as app:
            await shelf.threads.write(partial(_apply, app, puts, deletes, position))
        self._results.forget(appid)

    async def rebuild(
        self, appid: str, records: AsyncIterable[Sequence[Record]], position: int
    ) -> int:
        """Replace the app's index by these records; see ``Search.rebuild``."""
        shelf = self._opened()

        async def fill(new: AppIndex) -> int:
            taken = 0
            async for batch in records:
                taken += await shelf.threads.write(partial(new.add, batch))
            await shelf.threads.write(partial(new.commit, position))
            return taken

        taken = await shelf.replace(appid, fill)
        self._results.forget(appid)
        return taken

    async def drop(self, appid: str) -> None:
        """Remove the app's index with everything in it."""
        await self._opened().remove(appid)
        self._results.forget(appid)

    def _opened(self) -> Shelf:
        if self._shelf is None:
            raise UnavailableError("the search engine is not open")
        return self._shelf


_FIRST_PAGE = Pager()
_NO_HITS = Hits([], 0)


def _search(appid: str, snapshot: Snapshot, query: Node, kind: str | None, pager: Pager) -> Hits:
    with engine_errors(appid, "search"):
        return snapshot.find(query, kind, pager)


def _apply(
    app: AppIndex, puts: Sequence[Record], deletes: Sequence[str], position: int | None
) -> None:
    app.add(puts, deletes)
    app.commit(position)


def _take_folder(data: Path) -> int:
    """Return the lock of the folder; the system frees it when the process ends, however that is."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        lock = os.open(data / ".lucene.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise ConfigError(f"para.lucene.dir: cannot use {data}: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise ConfigError(
            f"para.lucene.dir: another process has the indexes in {data}; "
            "stop it or choose another folder"
        ) from error
    return lock
