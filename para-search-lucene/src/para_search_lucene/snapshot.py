"""One committed state of an index, and how it is searched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tantivy import DocAddress, Index, Order, Query

from para_core.contracts.search import Hits
from para_core.pager import Pager
from para_core.query import tree
from para_search_lucene.clauses import Clauses
from para_search_lucene.marks import Marks
from para_search_lucene.schema import GREATEST, LEAST
from para_search_lucene.sorting import Key, Sorter, Span
from para_search_lucene.translate import Translator

__all__ = ["Snapshot", "sort_keys", "state_of"]

_MOST_KINDS = 1000  # types whose number of objects is remembered
_DEFAULT_SORT = "timestamp"


class Snapshot:
    """What a searcher sees; nothing that is written later changes it."""

    def __init__(self, index: Index, clauses: Clauses, marks: Marks) -> None:
        self._searcher = index.searcher()
        self._clauses = clauses
        self._sorter = Sorter(self._searcher, clauses, marks)
        self._translator = Translator(self._searcher, clauses, marks)
        self._kinds: dict[str | None, int] = {}

    @property
    def size(self) -> int:
        """How many documents there are."""
        return self._searcher.num_docs

    def find(self, node: tree.Node, kind: str | None, pager: Pager) -> Hits:
        """Return one page of the documents that match; see ``Search.find``."""
        query = self._query(node, kind)
        total = self._total(node, kind, query)
        if pager.limit <= 0 or not total:
            return Hits([], total)
        if pager.is_cursor:
            addresses = self._after(query, pager)
        else:
            addresses = self._sorter.page(query, sort_keys(pager), Span(pager.offset, pager.limit))
        return self._hits(addresses, total)

    def _query(self, node: tree.Node, kind: str | None) -> Query:
        if kind is None:
            return self._clauses.all_of([self._translator.query(node)], [self._clauses.state])
        of_kind = self._clauses.kind(kind)
        if isinstance(node, tree.All):
            return of_kind
        return self._clauses.all_of([self._translator.query(node), of_kind])

    def _total(self, node: tree.Node, kind: str | None, query: Query) -> int:
        if not isinstance(node, tree.All):
            return self._sorter.count(query)
        total = self._kinds.get(kind)
        if total is None:
            if len(self._kinds) >= _MOST_KINDS:
                self._kinds.clear()
            total = self._kinds[kind] = self._sorter.count(query)
        return total

    def _after(self, query: Query, pager: Pager) -> list[DocAddress]:
        """Return the page that follows the cursor in the order of ``_docid``."""
        try:
            last = int(pager.last_key or "")
        except ValueError:
            return []
        if pager.desc:
            beyond = self._clauses.native("docid", LEAST, min(last, GREATEST) - 1)
        else:
            beyond = self._clauses.native("docid", max(last, LEAST) + 1, GREATEST)
        query = self._clauses.all_of([query, beyond])
        return self._sorter.page(query, [Key("_docid", pager.desc)], Span(0, pager.limit))

    def _hits(self, addresses: Sequence[DocAddress], total: int) -> Hits:
        keys: list[str] = []
        sources: dict[str, bytes] = {}
        for address in addresses:
            document = self._searcher.doc(address)
            key = str(document.get_first("id"))
            keys.append(key)
            source = document.get_first("source")
            if source is not None:
                sources[key] = bytes(source)
        if not keys:
            return Hits(keys, total)
        last = self._searcher.fast_field_values("docid", [addresses[-1]])[0]
        return Hits(keys, total, str(last), sources)


def sort_keys(pager: Pager) -> list[Key]:
    """Return the fields that a pager sorts by."""
    parts = [part for part in (part.strip() for part in pager.sort.split(",")) if part]
    if not parts:
        return [Key(_DEFAULT_SORT, pager.desc)]
    usual = pager.desc if len(parts) == 1 else True
    return [_key(part, desc=usual) for part in parts]


def _key(part: str, *, desc: bool) -> Key:
    path, colon, direction = part.rpartition(":")
    if colon and direction in ("asc", "desc"):
        return Key(path, direction == "desc")
    return Key(part, desc)


def state_of(index: Index, clauses: Clauses) -> str | None:
    """Return what the last commit says about itself."""
    searcher = index.searcher()
    hits: Any = searcher.search(clauses.state, limit=1, count=False, order=Order.Asc).hits
    if not hits:
        return None
    state = searcher.doc(hits[0][1]).get_first("state")
    return None if state is None else str(state)
