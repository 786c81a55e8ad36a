"""Object storage in the memory of the process."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import islice

from msgspec.structs import replace

from para_core.contracts.dao import DAO, Change, Record, Write, is_room, touched_keys
from para_core.contracts.snapshot import Snapshot, Table
from para_core.errors import ConflictError, UnavailableError

__all__ = ["MemoryDAO"]


@dataclass(slots=True)
class _Table:
    """What is known of one app."""

    records: dict[str, Record] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)  # the ids, ascending
    feed: list[Change] = field(default_factory=list)
    last_change: int = 0
    shared: bool = False  # which makes no difference but to who asks

    def copy(self) -> _Table:
        """Return the same with records and entries that are never altered in place."""
        return _Table(
            dict(self.records), list(self.order), list(self.feed), self.last_change, self.shared
        )

    def page(self, after: str, limit: int, kind: str | None, changed_after: int) -> list[Record]:
        """Return the next records in the order of their ids."""
        keys = islice(self.order, bisect_right(self.order, after), None)
        found = (self.records[key] for key in keys)
        wanted = (r for r in found if r.change > changed_after and (kind is None or r.type == kind))
        return list(islice(wanted, limit))

    def changes(self, after: int, limit: int) -> list[Change]:
        """Return the next entries of the feed."""
        first = bisect_right(self.feed, after, key=_number_of)
        return self.feed[first : first + limit]


class MemoryDAO(DAO):
    """Keeps everything in dictionaries: complete, quick, and gone when it is closed.

    For tests, and for trying things out. No method waits, so each is one step for all others.
    """

    def __init__(self) -> None:
        self._open = False
        self._tables: dict[str, _Table] = {}
        self._number = 0

    async def open(self) -> None:
        """Start empty."""
        self._open = True

    async def close(self) -> None:
        """Forget everything."""
        self._open = False
        self._tables.clear()

    async def create_table(self, appid: str, *, shared: bool = False) -> None:
        """Make room for an app; sharing makes no difference here."""
        if appid not in self._tables:
            self._own(appid).shared = shared

    async def delete_table(self, appid: str) -> None:
        """Remove all objects of an app and its feed."""
        self._check_open()
        self._tables.pop(appid, None)

    async def read_all(self, appid: str, keys: Sequence[str]) -> dict[str, Record]:
        """Return the records with these ids, in the order of ``keys``."""
        records = self._seen(appid).records
        return {key: records[key] for key in keys if key in records}

    async def read_page(
        self, appid: str, *, after: str = "", limit: int = 100, kind: str | None = None
    ) -> list[Record]:
        """Return the next records in ascending order of id."""
        return self._seen(appid).page(after, limit, kind, -1)

    async def write(self, appid: str, write: Write) -> int:
        """Store a write and its entry in the feed in one step."""
        keys = touched_keys(write)
        stored = self._seen(appid).records
        if not keys:
            return 0
        if stale := [
            put.record.id
            for put in write.puts
            if put.expect is not None and put.expect != _change_of(stored.get(put.record.id))
        ]:
            raise ConflictError(stale)
        table = self._own(appid)
        self._number = table.last_change = number = self._number + 1
        for put in write.puts:
            _put(table, replace(put.record, change=number))
        for key in write.deletes:
            _delete(table, key)
        table.feed.append(Change(number, write.event, keys, write.note))
        return number

    async def changes(self, appid: str, after: int, limit: int = 1000) -> list[Change]:
        """Return the entries of the feed with numbers above ``after``."""
        return self._seen(appid).changes(after, limit)

    async def last_change(self, appid: str) -> int:
        """Return the number of the app's last change."""
        return self._seen(appid).last_change

    async def forget_changes(self, appid: str, upto: int) -> None:
        """Drop entries of the feed with numbers up to this one."""
        feed = self._seen(appid).feed
        del feed[: bisect_right(feed, upto, key=_number_of)]

    async def apps(self) -> list[str]:
        """Return the ids of all apps."""
        self._check_open()
        return [appid for appid in self._tables if not is_room(appid)]

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Snapshot]:
        """Return all apps as they are at the moment of entering."""
        self._check_open()
        yield _MemorySnapshot({appid: table.copy() for appid, table in self._tables.items()})

    def _seen(self, appid: str) -> _Table:
        self._check_open()
        return self._tables.get(appid) or _Table()

    def _own(self, appid: str) -> _Table:
        self._check_open()
        return self._tables.setdefault(appid, _Table())

    def _check_open(self) -> None:
        if not self._open:
            raise UnavailableError("MemoryDAO is not open")


class _MemorySnapshot(Snapshot):
    """Copies of the tables; records are never altered, so they need no copies."""

    def __init__(self, tables: dict[str, _Table]) -> None:
        self._tables = tables

    async def tables(self) -> list[Table]:
        """Return all apps."""
        return [
            Table(appid, table.shared)
            for appid, table in self._tables.items()
            if not is_room(appid)
        ]

    async def last_change(self, appid: str) -> int:
        """Return the number of the app's last change."""
        return self._table(appid).last_change

    async def read_page(
        self, appid: str, *, after: str = "", limit: int = 100, changed_after: int = 0
    ) -> list[Record]:
        """Return the next records."""
        return self._table(appid).page(after, limit, None, changed_after)

    async def read_all(self, appid: str, keys: Sequence[str]) -> dict[str, Record]:
        """Return the records with these ids."""
        records = self._table(appid).records
        return {key: records[key] for key in keys if key in records}

    async def changes(self, appid: str, after: int, limit: int = 1000) -> list[Change]:
        """Return entries of the feed."""
        return self._table(appid).changes(after, limit)

    def _table(self, appid: str) -> _Table:
        return self._tables.get(appid) or _Table()


def _put(table: _Table, record: Record) -> None:
    if record.id not in table.records:
        insort(table.order, record.id)
    table.records[record.id] = record


def _delete(table: _Table, key: str) -> None:
    if table.records.pop(key, None) is not None:
        del table.order[bisect_left(table.order, key)]


def _change_of(record: Record | None) -> int:
    return 0 if record is None else record.change


def _number_of(change: Change) -> int:
    return change.number
