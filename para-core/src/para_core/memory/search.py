"""Search in the memory of the process: complete, exact, and as slow as looking at everything."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterable, Iterable, Sequence

import msgspec

from para_core.contracts.dao import Record
from para_core.contracts.search import Hits, Later, Search
from para_core.errors import IndexMovedError, UnavailableError
from para_core.memory.entries import Entry
from para_core.memory.matching import predicate_of
from para_core.pager import Pager
from para_core.query.fields import document_of, sort_key
from para_core.query.sorting import INDEXING_ORDER, Order, orders_of
from para_core.query.tree import Node

__all__ = ["MemorySearch"]

logger = logging.getLogger(__name__)

_MOST_DIGITS = 19  # of a cursor


class _Index:
    """What is known of one app; its entries are in the order of last indexing."""

    def __init__(self, position: int | None = None, first_docid: int = 1) -> None:
        self.position = position
        self.entries: dict[str, Entry] = {}
        self.next_docid = first_docid  # of its own, so that no app can count what others do
        self.changes: dict[str, int] = {}  # what each id is at, where several servers write

    def put(self, record: Record) -> bool:
        docid, self.next_docid = self.next_docid, self.next_docid + 1
        self.entries.pop(record.id, None)
        try:
            document = document_of(record)
        except (msgspec.DecodeError, RecursionError, ValueError):
            logger.exception("an object cannot be indexed", extra={"key": record.id})
            return False
        source = record.data if record.change == 0 else None
        self.entries[record.id] = Entry(document, docid, source)
        return True

    def apply_as_of(self, puts: Iterable[Record], deletes: Iterable[str], as_of: int) -> int:
        """Put and remove what is not newer here; return how many records were put."""
        indexed = 0
        for record in puts:
            if self._moves(record.id, max(record.change, as_of)):
                indexed += self.put(record)
        for key in deletes:
            if self._moves(key, as_of):
                self.entries.pop(key, None)
        return indexed

    def _moves(self, key: str, change: int) -> bool:
        if change < self.changes.get(key, 0):
            return False
        self.changes[key] = change
        return True


class MemorySearch(Search):
    """Evaluates queries over all documents of an app: the measure of the other engines.

    For tests, and for trying things out with some thousands of objects. Nothing survives closing.
    No method waits, so each is one step for all others.
    """

    is_ordered = True

    def __init__(self) -> None:
        self._open = False
        self._indexes: dict[str, _Index] = {}

    async def open(self) -> None:
        """Start empty."""
        self._open = True

    async def close(self) -> None:
        """Forget everything."""
        self._open = False
        self._indexes.clear()

    async def position(self, appid: str) -> int | None:
        """Return the number of the last change the index holds; ``None`` when there is none."""
        index = self._index(appid)
        return index.position if index else None

    async def index(
        self, appid: str, puts: Sequence[Record], deletes: Sequence[str], position: int | None
    ) -> None:
        """Index records, unindex ids, and remember the position."""
        index = self._index(appid) or self._indexes.setdefault(appid, _Index())
        for record in puts:
            index.put(record)
        for key in deletes:
            index.entries.pop(key, None)
        if position is not None:
            index.position = position

    async def rebuild(
        self, appid: str, records: AsyncIterable[Sequence[Record]], position: int
    ) -> int:
        """Replace the app's index by these records, in one step at the end."""
        before = self._index(appid)
        index, indexed = _Index(position, before.next_docid if before else 1), 0
        async for batch in records:
            indexed += sum(index.put(record) for record in batch)
        self._indexes[appid] = index
        return indexed

    async def index_as_of(
        self,
        appid: str,
        puts: Sequence[Record],
        deletes: Sequence[str],
        position: int | None,
        as_of: int,
    ) -> None:
        """Index and unindex what is not newer in the index."""
        index = self._index(appid)
        if index is None:
            raise IndexMovedError(appid)
        index.apply_as_of(puts, deletes, as_of)
        if position is not None:
            index.position = max(index.position or 0, position)

    async def rebuild_as_of(
        self, appid: str, records: AsyncIterable[Sequence[Record]], position: int, later: Later
    ) -> int:
        """Replace the app's index, in one step when all that changed meanwhile is in."""
        before = self._index(appid)
        index, indexed = _Index(position, before.next_docid if before else 1), 0
        async for batch in records:
            indexed += index.apply_as_of(batch, [], 0)
        async for delta in later(position):
            index.apply_as_of(delta.puts, delta.deletes, delta.position)
            index.position = delta.position
        if self._index(appid) is not before:
            raise IndexMovedError(appid)
        self._indexes[appid] = index
        return indexed

    async def drop(self, appid: str) -> None:
        """Remove the app's index."""
        self._index(appid)
        self._indexes.pop(appid, None)

    async def find(
        self, appid: str, query: Node, *, kind: str | None = None, pager: Pager | None = None
    ) -> Hits:
        """Return one page of the documents that match."""
        index, pager = self._index(appid), pager or Pager()
        entries = list(index.entries.values()) if index else []
        matches = predicate_of(query, entries)
        found = [e for e in entries if (kind is None or e.document.kind == kind) and matches(e)]
        if pager.is_cursor:
            after = _cursor(pager.last_key or "")
            if after is None:
                return Hits([], 0)
            page = _after(found, after, is_descending=pager.desc)[: pager.limit]
        else:
            page = _sorted(found, orders_of(pager))[pager.offset :][: pager.limit]
        return Hits(
            keys=[entry.document.id for entry in page],
            total=len(found),
            last_key=str(page[-1].docid) if page else None,
            sources={e.document.id: e.source for e in page if e.source is not None},
        )

    def _index(self, appid: str) -> _Index | None:
        if not self._open:
            raise UnavailableError("the search in memory is not open")
        return self._indexes.get(appid)


def _cursor(text: str) -> int | None:
    """Return the number a cursor stands for; ``None`` when it is none of ours."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS
    return int(text) if is_number else None


def _after(found: list[Entry], docid: int, *, is_descending: bool) -> list[Entry]:
    if is_descending:
        return [entry for entry in reversed(found) if entry.docid < docid]
    return [entry for entry in found if entry.docid > docid]


def _sorted(found: Iterable[Entry], orders: Sequence[Order]) -> list[Entry]:
    """Return the entries in order; equal ones stay in the order of last indexing."""
    page = list(found)
    for field, is_descending in reversed(orders):
        if field == INDEXING_ORDER:
            page.sort(key=lambda entry: entry.docid, reverse=is_descending)
        else:
            page.sort(
                key=lambda entry, field=field: sort_key(entry.document, field),  # type: ignore[misc]
                reverse=is_descending,
            )
    return page
