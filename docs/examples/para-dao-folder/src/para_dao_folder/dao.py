"""Objects in a folder: one file for each app, in which records are read where they lie."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import logging
import os
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from msgspec.structs import replace

from para_core.contracts.dao import DAO, Change, Record, Write, is_room, touched_keys
from para_core.contracts.snapshot import Snapshot
from para_core.errors import ConfigError, ConflictError, UnavailableError
from para_dao_folder.failures import reported
from para_dao_folder.log import DamagedError, Entry, Log, Stored, flush_folder
from para_dao_folder.snapshot import FrozenFolder
from para_dao_folder.table import Place, Table

logger = logging.getLogger(__name__)

_SMALLEST_WASTE = 1024 * 1024  # bytes that are not worth a new file
_AT_ONCE = 500  # records in one entry of a new file


class FolderDAO(DAO):
    """Keeps in memory where records lie, and the feeds; the records stay on the disk."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; nothing is opened yet."""
        self._folder = folder
        self._lock: int | None = None
        self._is_open = False
        self._tables: dict[str, Table] = {}
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._commits: set[asyncio.Task[int]] = set()

    # ---- life -----------------------------------------------------------------------------------

    @property
    def place(self) -> str:
        """The folder, whatever links lead to it."""
        return str(self._folder.resolve())

    async def open(self) -> None:
        """Take the folder for this process, and read what its files come to."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            await self.close()
            raise ConfigError(
                f"para.folder.dir {self._folder} is used by another process; stop that one, or "
                "name another folder"
            ) from error
        except OSError as error:
            await self.close()
            raise ConfigError(f"para.folder.dir {self._folder} cannot be used: {error}") from error
        await self._load(writes=True)

    async def open_beside(self) -> None:
        """Read what the files come to, beside the process that writes them."""
        if not self._folder.is_dir():
            raise ConfigError(f"para.folder.dir {self._folder} is not there")
        await self._load(writes=False)

    async def close(self) -> None:
        """Finish writes that were begun, then let go of all files."""
        self._is_open = False
        while self._commits:
            await asyncio.wait(self._commits)
        for table in self._tables.values():
            if table.log is not None:
                table.log.release()
        self._tables = {}
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)

    async def _load(self, *, writes: bool) -> None:
        try:
            for file in sorted(self._folder.glob("*.log")):
                table = await asyncio.to_thread(_read, file, writes=writes)
                if table is not None:
                    self._tables[table.appid] = table
        except (OSError, DamagedError, msgspec.DecodeError) as error:
            await self.close()
            raise ConfigError(f"para.folder.dir {self._folder} cannot be used: {error}") from error
        self._is_open = True

    # ---- reading --------------------------------------------------------------------------------

    async def read_all(self, appid: str, keys: Sequence[str]) -> dict[str, Record]:
        """Return the records with these ids, in the order of ``keys``."""
        with reported(self._folder):
            return self._table(appid).read_all(keys)

    async def read_page(
        self, appid: str, *, after: str = "", limit: int = 100, kind: str | None = None
    ) -> list[Record]:
        """Return the next records in ascending order of id."""
        with reported(self._folder):
            return self._table(appid).read_page(after, limit, kind=kind)

    async def changes(self, appid: str, after: int, limit: int = 1000) -> list[Change]:
        """Return the entries of the feed with numbers above ``after``."""
        return self._table(appid).changes(after, limit)

    async def last_change(self, appid: str) -> int:
        """Return the number of the app's last change."""
        return self._table(appid).last_change

    async def apps(self) -> list[str]:
        """Return the ids of all apps."""
        self._require_open()
        return [t.appid for t in self._tables.values() if t.exists and not is_room(t.appid)]

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Snapshot]:
        """Show all apps as they are now: a file only grows, or is replaced by a new one."""
        self._require_open()
        frozen = [table.frozen() for table in self._tables.values() if table.exists]
        try:
            yield FrozenFolder(self._folder, frozen)
        finally:
            for table in frozen:
                if table.log is not None:
                    table.log.release()

    # ---- writing --------------------------------------------------------------------------------

    async def write(self, appid: str, write: Write) -> int:
        """Store a write and its entry in the feed: one frame of the app's file."""
        keys = touched_keys(write)

        async def commit(table: Table) -> int:
            stale = [
                put.record.id
                for put in write.puts
                if put.expect is not None and put.expect != table.change_of(put.record.id)
            ]
            if stale:
                raise ConflictError(stale)
            if not keys:
                return 0
            number = table.number + 1
            change = Change(number, write.event, keys, write.note)
            records = [put.record for put in write.puts]
            puts = [Stored(r.id, r.type, number, len(r.data)) for r in records]
            entry = Entry(puts=puts, deletes=list(write.deletes), changes=[change])
            await self._store(table, entry, [record.data for record in records])
            return number

        return await self._in_turn(appid, commit)

    async def create_table(self, appid: str, *, shared: bool = False) -> None:
        """Make room for an app: a file."""

        async def commit(table: Table) -> int:
            if not table.exists:
                await self._store(table, Entry(shared=shared))
            return 0

        await self._in_turn(appid, commit)

    async def delete_table(self, appid: str) -> None:
        """Remove an app; its file stays, for the last number."""

        async def commit(table: Table) -> int:
            if table.exists:
                await self._store(table, Entry(removed=True, last=table.number))
                await self._renew(table)
            return 0

        await self._in_turn(appid, commit)

    async def forget_changes(self, appid: str, upto: int) -> None:
        """Drop entries of the feed with numbers up to this one."""

        async def commit(table: Table) -> int:
            if table.feed and table.feed[0].number <= upto:
                await self._store(table, Entry(forget=upto))
            return 0

        await self._in_turn(appid, commit)

    async def _in_turn(self, appid: str, commit: Callable[[Table], Awaitable[int]]) -> int:
        """Let the writes of an app take turns. One that began goes on when nobody waits for it."""
        self._require_open()

        async def run() -> int:
            async with self._turns[appid]:
                return await commit(self._tables.setdefault(appid, Table(appid)))

        task = asyncio.create_task(run())
        self._commits.add(task)
        task.add_done_callback(self._commits.discard)
        return await asyncio.shield(task)

    async def _store(self, table: Table, entry: Entry, records: Sequence[bytes] = ()) -> None:
        """Make an entry durable in a thread, then true here."""
        with reported(self._folder):
            if table.log is None:
                entry = replace(entry, appid=table.appid)
                table.log = await asyncio.to_thread(self._begin, table.appid)
            offset = await asyncio.to_thread(table.log.append, entry, records)
        table.apply(entry, offset)
        if table.log.end > 2 * table.live + _SMALLEST_WASTE:
            await self._renew(table)

    def _begin(self, appid: str) -> Log:
        log = Log(self._folder / f"{_name(appid)}.log", writes=True)
        flush_folder(self._folder)
        return log

    async def _renew(self, table: Table) -> None:
        """Replace the file of an app by one without what is not there any more.

        What was stored is stored, so nobody hears of it when that cannot be done.
        """
        try:
            log, places = await asyncio.to_thread(self._copy, table)
        except OSError as error:
            logger.warning("a file stays larger than it has to be: %s", error)
            return
        if table.log is not None:
            table.log.release()
        table.log, table.places = log, places

    def _copy(self, table: Table) -> tuple[Log, dict[str, Place]]:
        file = self._folder / f"{_name(table.appid)}.log"
        new = file.with_suffix(".new")
        new.unlink(missing_ok=True)
        log, renewed = Log(new, writes=True), Table(table.appid)
        try:
            for entry, records in table.copied(_AT_ONCE):
                renewed.apply(entry, log.append(entry, records))
            new.replace(file)
            flush_folder(self._folder)
        except OSError:
            log.release()
            raise
        return log, renewed.places

    def _require_open(self) -> None:
        if not self._is_open:
            raise UnavailableError(f"the folder {self._folder} is not open")

    def _table(self, appid: str) -> Table:
        self._require_open()
        return self._tables.get(appid) or Table(appid)


def _read(file: Path, *, writes: bool) -> Table | None:
    """Return what a file comes to; ``None`` when it does not even say of which app."""
    log = Log(file, writes=writes)
    try:
        table: Table | None = None
        for entry, offset in log.entries():
            if table is None:
                table = Table(entry.appid, log)
            table.apply(entry, offset)
        if writes:
            log.cut()
    except BaseException:
        log.release()
        raise
    if table is None:
        log.release()
    return table


def _name(appid: str) -> str:
    """Return the name of an app's file: whatever its id is, it is short and has no other's name."""
    return hashlib.sha256(appid.encode()).hexdigest()[:40]
