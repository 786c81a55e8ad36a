"""The DAO on one SQLite file."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple, TypeVar

from para_core.answers import answer_in_time
from para_core.contracts.dao import (
    DAO,
    Change,
    Record,
    Write,
    is_room,
    is_storable,
    touched_keys,
)
from para_core.contracts.snapshot import Snapshot
from para_core.errors import BackendError, UnavailableError
from para_core.opening import until_open
from para_dao_sql.formats import change_of
from para_dao_sql.settings import TIME_LIMIT
from para_dao_sql.sqlite import file as files
from para_dao_sql.sqlite import queries
from para_dao_sql.sqlite.catalog import Catalog, Place
from para_dao_sql.sqlite.errors import as_config_error, as_para_error, is_busy
from para_dao_sql.sqlite.peers import Peers
from para_dao_sql.sqlite.reader import Reader
from para_dao_sql.sqlite.snapshot import open_snapshot
from para_dao_sql.sqlite.transaction import Transaction
from para_dao_sql.sqlite.writer import Step, Writer

__all__ = ["SqliteDAO"]

logger = logging.getLogger(__name__)

T = TypeVar("T")

_FEW = 64  # ids or entries that are read at once on the event loop: some 100 microseconds


class _Parts(NamedTuple):
    """What a thread has prepared for ``open``."""

    holder: IO[str]
    writing: sqlite3.Connection
    near: sqlite3.Connection
    reading: sqlite3.Connection
    catalog: Catalog
    peers: Peers | None
    undo: Callable[[], None]

    def close(self) -> None:
        """Let go of all of it: nobody waits any more."""
        self.undo()


@dataclass(frozen=True, slots=True)
class _Opened:
    """What is there between ``open`` and ``close``."""

    holder: IO[str]
    catalog: Catalog
    near: sqlite3.Connection  # used on the event loop only, for reads of some microseconds
    reader: Reader
    writer: Writer
    peers: Peers | None  # when other processes have the file too


class SqliteDAO(DAO):
    """Keeps all apps in one file, which one server may use at a time.

    Writes are durable (WAL, ``synchronous=FULL``) and share commits. Reads by id run at once on
    the event loop, since a hop to another thread costs more than they do.
    """

    def __init__(self, file: Path, *, timeout_ms: int = 5000) -> None:
        self._file, self._timeout_ms = file.absolute(), timeout_ms
        self._opened: _Opened | None = None
        self._is_beside = False  # open for snapshots only
        self._group = ""  # of the processes that have the file open together; blank: this one only
        self._clearing: asyncio.Task[None] | None = None

    @property
    def place(self) -> str:
        """The file, whatever links lead to it."""
        return str(self._file.resolve())

    def share(self, group: str) -> None:
        """Let the processes of a group have the file open together; they take turns to write."""
        self._group = group

    async def open(self) -> None:
        """Lock and open the file; make it if it is not there."""
        if self._opened is None:
            parts = await until_open(asyncio.to_thread(self._prepare), _Parts.close)
            self._opened = _Opened(
                parts.holder,
                parts.catalog,
                parts.near,
                Reader(parts.reading),
                Writer(parts.writing, parts.catalog, self._file, parts.peers),
                parts.peers,
            )
            self._clear_leftovers()

    async def close(self) -> None:
        """Finish the writes that wait, and unlock the file."""
        opened, self._opened = self._opened, None
        self._is_beside = False
        if self._clearing is not None:
            self._clearing.cancel()
        if opened is not None:
            await asyncio.to_thread(_shut, opened)

    async def create_table(self, appid: str, *, shared: bool = False) -> None:
        """Make room for an app, in a table of its own or in the one that shared apps use."""
        await self._run(lambda transaction: transaction.create_table(appid, shared=shared))

    async def delete_table(self, appid: str) -> None:
        """Remove all objects of an app and its feed."""
        await self._run(lambda transaction: transaction.delete_table(appid))
        self._clear_leftovers()

    async def read(self, appid: str, key: str) -> Record | None:
        """Return one record, or ``None`` when the app has none with this id."""
        opened = self._look()
        place = opened.catalog.places.get(appid)
        if place is None or not is_storable(key):
            return None
        try:
            return queries.read_one(opened.near, place, key)
        except sqlite3.Error as error:
            return await self._again(
                error, appid, place, lambda db: queries.read_one(db, place, key), None
            )

    async def read_all(self, appid: str, keys: Sequence[str]) -> dict[str, Record]:
        """Return the records with these ids, in the order of ``keys``."""
        place = self._place(appid)
        wanted = [key for key in dict.fromkeys(keys) if is_storable(key)]
        if place is None or not wanted:
            return {}
        return await self._read(
            appid,
            place,
            lambda db: queries.read_many(db, place, wanted),
            {},
            near=len(wanted) <= _FEW,
        )

    async def read_page(
        self, appid: str, *, after: str = "", limit: int = 100, kind: str | None = None
    ) -> list[Record]:
        """Return the next records in ascending order of id (by UTF-8 bytes)."""
        place = self._place(appid)
        if place is None:
            return []
        return await self._read(
            appid, place, lambda db: queries.read_page(db, place, after, limit, kind), []
        )

    async def write(self, appid: str, write: Write) -> int:
        """Store a write and its entry in the feed, in one transaction."""
        keys = touched_keys(write)
        if not keys:
            return 0
        return await self._run(lambda transaction: transaction.write(appid, write, keys))

    async def changes(self, appid: str, after: int, limit: int = 1000) -> list[Change]:
        """Return the entries of the feed with numbers above ``after``."""
        place = self._place(appid)
        ahead = await self.last_change(appid) - after  # at least as many as entries
        if place is None or ahead <= 0:
            return []
        return await self._read(
            appid,
            place,
            lambda db: queries.read_changes(db, place, after, limit),
            [],
            near=min(ahead, limit) <= _FEW,
        )

    async def last_change(self, appid: str) -> int:
        """Return the number of the app's last change."""
        opened = self._look()
        if opened.peers is None:
            return opened.catalog.last_changes.get(appid, 0)
        place = opened.catalog.places.get(appid)
        if place is None:
            return 0
        return await self._read(
            appid, place, lambda db: queries.read_last_change(db, place), 0, near=True
        )

    async def forget_changes(self, appid: str, upto: int) -> None:
        """Drop entries of the feed with numbers up to this one."""
        await self._run(lambda transaction: transaction.forget_changes(appid, upto))

    async def apps(self) -> list[str]:
        """Return the ids of all apps."""
        return [appid for appid in self._look().catalog.places if not is_room(appid)]

    async def what_opening_changes(self) -> str:
        """Look whether the file is there, and of the format of this version."""
        found = await asyncio.to_thread(files.found_format, self._file, timeout_ms=self._timeout_ms)
        return change_of(found, files.FORMAT)

    async def open_beside(self) -> None:
        """Check that the file can be read; the process that has it is not disturbed."""
        await asyncio.to_thread(files.check_readable, self._file, timeout_ms=self._timeout_ms)
        self._is_beside = True

    def snapshot(self) -> AbstractAsyncContextManager[Snapshot]:
        """Return all apps as they are at the moment of entering."""
        if not self._is_beside:
            self._state()
        return open_snapshot(self._file, timeout_ms=self._timeout_ms)

    # ---- how the file is asked ---------------------------------------------------------------

    def _place(self, appid: str) -> Place | None:
        """Return where an app is now, whichever process has put it there."""
        return self._look().catalog.places.get(appid)

    def _look(self) -> _Opened:
        """Take in the apps that other processes have made or removed, if there are any."""
        opened = self._state()
        if opened.peers is not None:
            try:
                opened.peers.look(opened.near, opened.catalog)
            except sqlite3.Error as error:
                raise as_para_error(error, self._file) from error
        return opened

    async def _run(self, step: Step) -> int:
        answer = self._state().writer.submit(step)
        return await answer_in_time(answer, self._file, self._timeout_ms, setting=TIME_LIMIT)

    def _clear_leftovers(self) -> None:
        if self._clearing is None or self._clearing.done():
            self._clearing = asyncio.create_task(self._clear_all_leftovers())

    async def _clear_all_leftovers(self) -> None:
        try:
            while await self._run(Transaction.clear_leftovers):
                pass
        except BackendError as error:  # the next opening goes on with it
            logger.warning("cannot clear a removed app", extra={"error": str(error)})

    async def _read(
        self,
        appid: str,
        place: Place,
        ask: Callable[[sqlite3.Connection], T],
        nothing: T,
        *,
        near: bool = False,
    ) -> T:
        try:
            if near:
                return ask(self._state().near)
            return await self._far(ask)
        except sqlite3.Error as error:
            return await self._again(error, appid, place, ask, nothing)

    async def _again(
        self,
        error: sqlite3.Error,
        appid: str,
        place: Place,
        ask: Callable[[sqlite3.Connection], T],
        nothing: T,
    ) -> T:
        """Answer a read that failed: the table may have gone meanwhile, or the file be locked."""
        if self._place(appid) is not place:
            return nothing
        if not is_busy(error):
            raise as_para_error(error, self._file) from error
        try:
            return await self._far(ask)  # it waits for the lock, which the event loop must not
        except sqlite3.Error as again:
            raise as_para_error(again, self._file) from again

    async def _far(self, ask: Callable[[sqlite3.Connection], T]) -> T:
        answer = self._state().reader.submit(ask)
        return await answer_in_time(answer, self._file, self._timeout_ms, setting=TIME_LIMIT)

    def _state(self) -> _Opened:
        if self._opened is None:
            raise UnavailableError(f"{self._file} is not open")
        return self._opened

    def _prepare(self) -> _Parts:
        half_ms = self._timeout_ms // 2  # who asked shall hear of the lock before giving up
        with ExitStack() as stack:
            holder = files.lock(self._file, self._group)
            stack.callback(files.unlock, holder)
            writing = stack.enter_context(closing(files.prepare(self._file, timeout_ms=half_ms)))
            try:
                peers = stack.enter_context(closing(Peers(self._file))) if self._group else None
                if peers is not None:
                    peers.join(writing)
                catalog = Catalog.load(writing)
                near = stack.enter_context(closing(files.connect(self._file, timeout_ms=0)))
                reading = files.connect(self._file, timeout_ms=half_ms)
            except sqlite3.Error as error:
                raise as_config_error(error, self._file) from error
            stack.callback(reading.close)
            return _Parts(holder, writing, near, reading, catalog, peers, stack.pop_all().close)


def _shut(opened: _Opened) -> None:
    opened.writer.stop()
    opened.reader.stop()
    opened.near.close()
    if opened.peers is not None:
        opened.peers.close()
    files.unlock(opened.holder)
