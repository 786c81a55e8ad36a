"""The one write path, and reads through the cache.

A write is one transaction of the DAO: objects and their entry in the change feed. When it is
durable the cache learns of it, the client gets its answer, and the index follows on its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Sequence
from typing import TYPE_CHECKING, NamedTuple

from para_core.contracts.cache import Cache
from para_core.contracts.dao import DAO, Put, Record, Write
from para_core.errors import ConflictError, InvalidObjectError, StorageFullError
from para_core.objects import ParaObject
from para_core.objects.codec import record_of
from para_server.services.index_follower import DOUBT_SEC
from para_server.services.indexing import Indexing
from para_server.services.turns import Turns

if TYPE_CHECKING:
    from para_server.webhooks.notes import Notes

__all__ = ["Save", "Store", "Watcher"]

Watcher = Callable[[str, Sequence[Record], Sequence[str]], None]
"""Hears ``(appid, records, deleted ids)`` of each durable write, at once and in this process."""

_ADDED = 4096  # bytes that an object may have besides what a request may send: added by the server
_NOT_STORED = (ConflictError, InvalidObjectError, StorageFullError)  # all other errors leave doubt


class Save(NamedTuple):
    """One object to be stored, and the change its stored record must have."""

    obj: ParaObject
    expect: int | None = None  # see Put.expect
    record: Record | None = None  # the object, where it is encoded already


class Store:
    """Reads and writes the objects of all apps.

    Without a cache every read goes to the database; without a search engine nothing is indexed
    (``para.cache_enabled``, ``para.search_enabled``).
    """

    def __init__(
        self,
        dao: DAO,
        *,
        cache: Cache | None,
        index: Indexing | None,
        most_bytes: int = 1_048_576,
    ) -> None:
        self.dao, self._cache, self._index = dao, cache, index
        self._most_bytes = most_bytes  # of one object, as clients may send it
        self._watchers: list[Watcher] = []
        self.fault = ""  # why the last write found no room; blank after one that did
        self.notes: Notes | None = None  # where somebody wants to hear of events
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closed = False
        dao.on_late(self._hear_late)
        self.turns = Turns()  # of those whose changes were overtaken

    def watch(self, watcher: Watcher) -> None:
        """Tell this function of every write from now on."""
        self._watchers.append(watcher)

    def heard(self, appid: str, keys: Sequence[str]) -> None:
        """Say that these objects may have been written, by whomever."""
        for watcher in self._watchers:
            watcher(appid, [], keys)

    # ---- reads --------------------------------------------------------------------------------

    async def read(self, appid: str, key: str) -> Record | None:
        """Return an object's record, from the cache or else from the database."""
        cache = self._cache
        if cache is None:
            return await self.dao.read(appid, key)
        found = cache.peek(appid, key) or await cache.get(appid, key)
        if found is None:
            found = await self.dao.read(appid, key)
            if found is not None and _is_cached(found):
                await cache.fill_all(appid, [found])
        return found

    def peek(self, appid: str, key: str) -> Record | None:
        """Return an object's record if the cache has it at hand; ``None`` says nothing."""
        return self._cache.peek(appid, key) if self._cache is not None else None

    def peek_all(self, appid: str, keys: Sequence[str]) -> list[Record] | None:
        """Return all of these records if the cache has them at hand; else ``None``."""
        return self._cache.peek_all(appid, keys) if self._cache is not None else None

    async def read_all(self, appid: str, keys: Sequence[str]) -> dict[str, Record]:
        """Return the records with these ids in the order of ``keys``; absent ones are left out."""
        cache = self._cache
        if not keys:
            return {}
        if cache is None:
            return await self.dao.read_all(appid, keys)
        found = await cache.get_all(appid, keys)
        missing = [key for key in keys if key not in found]
        if not missing:
            return found
        stored = await self.dao.read_all(appid, missing)
        if stored:
            await cache.fill_all(appid, [r for r in stored.values() if _is_cached(r)])
        found = {**found, **stored}
        return {key: found[key] for key in keys if key in found}

    # ---- writes -------------------------------------------------------------------------------

    def changed(self, obj: ParaObject, before: Record) -> Save:
        """Return what stores an object that was changed in the place of what it was.

        Raises:
            InvalidObjectError: It has grown larger than an object may be.
        """
        record = record_of(obj)
        if len(record.data) > max(self._most_bytes + _ADDED, len(before.data)):
            limit = self._most_bytes // 1024
            message = f"The {obj.type} would be too large - the maximum is {limit} KB."
            raise InvalidObjectError([message])
        return Save(obj, before.change, record)

    async def save(
        self, appid: str, event: str, saves: Sequence[Save], *, deletes: Sequence[str] = ()
    ) -> list[Record]:
        """Store objects, all or none; those with ``stored`` false go to index and cache only.

        Args:
            appid: The app.
            event: What listeners hear.
            saves: The objects.
            deletes: Ids of objects that go in the same write; absent ones are no error.

        Returns:
            Their records, in order; those of the database with the number of the change.

        Raises:
            ConflictError: An object changed since it was read; nothing is stored.
        """
        records: list[Record] = []
        puts: list[Put] = []
        unstored: list[ParaObject] = []
        unindexed, uncached = set[str](), set[str]()
        for obj, expect, known in saves:
            record = known or record_of(obj)
            records.append(record)
            if obj.stored:
                puts.append(Put(record, expect))
            else:
                unstored.append(obj)
            if not obj.indexed:
                unindexed.add(obj.id)
            if not obj.cached:
                uncached.add(obj.id)
        if puts or deletes:
            write = Write(event, puts, deletes)
            stored = await self._write(appid, write, unindexed=unindexed, uncached=uncached)
            if unstored:
                by_id = {record.id: record for record in stored}
                records = [by_id.get(record.id, record) for record in records]
            else:
                records = stored
        if unstored:
            await self._keep_elsewhere(appid, unstored)
        return records

    async def delete(self, appid: str, event: str, keys: Sequence[str]) -> None:
        """Delete objects from the database, the index and the cache; absent ones are no error."""
        if keys:
            await self._write(appid, Write(event, deletes=keys))

    async def _write(
        self,
        appid: str,
        write: Write,
        *,
        unindexed: Collection[str] = (),
        uncached: Collection[str] = (),
    ) -> list[Record]:
        """Store a write, and tell everybody; return its records with the number of the change."""
        if self.notes is not None:
            write = await self._noted(self.notes, appid, write)
        number, records = await self._write_and_hand_over(appid, write, unindexed)
        if self._cache is not None:
            kept = [r for r in records if r.id not in uncached] if uncached else records
            await self._cache.put_all(appid, kept)
            away = [*uncached, *write.deletes]
            if away:
                await self._cache.remove_all(appid, away, change=number)
        for watcher in self._watchers:
            watcher(appid, records, write.deletes)
        if self.notes is not None:
            self.notes.wrote(appid, number, records, write.deletes)
        return records

    async def _noted(self, notes: Notes, appid: str, write: Write) -> Write:
        """Return a write with what its event shows: new objects, or else those that go."""
        if not notes.are_asked_for(appid, write.event):
            return write
        records = [put.record for put in write.puts]
        if not records:
            records = list((await self.read_all(appid, write.deletes)).values())
        return Write(write.event, write.puts, write.deletes, notes.note(records))

    async def _write_and_hand_over(
        self, appid: str, write: Write, unindexed: Collection[str]
    ) -> tuple[int, list[Record]]:
        index = self._index
        token = await index.begin(appid) if index is not None else 0
        try:
            number = await self.dao.write(appid, write)
        except _NOT_STORED as error:
            if isinstance(error, StorageFullError):
                self.fault = str(error)
            if index is not None:
                index.end(appid, token, 0, [], [])
            raise
        except BaseException:
            if index is not None:
                index.doubt(appid, token)
            self._begin(self._forget_twice(appid, write.keys()))
            if self.notes is not None:
                self.notes.doubt(appid)
            raise
        self.fault = ""
        records = [_at(put.record, number) for put in write.puts]
        if index is not None:
            puts = [r for r in records if r.id not in unindexed] if unindexed else records
            gone = [r.id for r in records if r.id in unindexed] if unindexed else []
            index.end(appid, token, number, puts, [*gone, *write.deletes])
        return number, records

    async def _forget_twice(self, appid: str, keys: Sequence[str]) -> None:
        """Let nobody remember what may have been stored, now and when it must have been."""
        await self._forget_records(appid, keys)
        await asyncio.sleep(DOUBT_SEC)
        await self._forget_records(appid, keys)

    async def _forget_records(self, appid: str, keys: Sequence[str], change: int = 0) -> None:
        if self._cache is not None:
            await self._cache.remove_all(appid, keys, change=change)
        self.heard(appid, keys)

    def _hear_late(self, appid: str, number: int, keys: Sequence[str]) -> None:
        """Let nobody miss a write that had failed, and is stored."""
        if self._is_closed:  # nobody remembers anything
            return
        self._begin(self._forget_records(appid, keys, number))
        if self.notes is not None:
            self.notes.doubt(appid)
            self.notes.on_write(appid)
        if self._index is not None:
            self._begin(self._look_again(self._index, appid))

    async def _look_again(self, index: Indexing, appid: str) -> None:
        index.doubt(appid, await index.begin(appid))

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        if self._is_closed:
            work.close()
            return
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stop what goes on in the background."""
        self._is_closed = True
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _keep_elsewhere(self, appid: str, objects: Sequence[ParaObject]) -> None:
        records = [record_of(obj) for obj in objects if obj.indexed]
        if self._index is not None and records:
            await self._index.index_unstored(appid, records)
        if self._cache is not None:
            await self._cache.put_all(appid, [record_of(obj) for obj in objects if obj.cached])

    async def begin(self, appid: str, *, shared: bool = False) -> None:
        """Make room for a new app; what is left of another one of that name is not its."""
        await self.dao.create_table(appid, shared=shared)
        if self._index is not None:
            await self._index.begin_app(appid)
        if self._cache is not None:
            await self._cache.clear(appid)

    async def forget(self, appid: str) -> None:
        """Remove everything of an app: its objects, its index, what the cache knows."""
        await self.dao.delete_table(appid)
        if self._index is not None:
            await self._index.drop(appid)
        if self._cache is not None:
            await self._cache.clear(appid)


def _at(record: Record, number: int) -> Record:
    return Record(record.id, record.type, record.data, number)


def _is_cached(record: Record) -> bool:
    return b'"cached":false' not in record.data
