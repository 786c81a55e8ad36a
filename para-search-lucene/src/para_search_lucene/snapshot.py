"""One committed state of an index, and how it is searched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tantivy import DocAddress, Index, Query

from para_core.contracts.search import Hits
from para_core.pager import Pager
from para_core.query import tree
from para_core.query.sorting import DEFAULT_SORT, INDEXING_ORDER, Order, orders_of
from para_search_lucene.clauses import Clauses
from para_search_lucene.columns import Span
from para_search_lucene.marks import Marks
from para_search_lucene.schema import GREATEST, LEAST, STATE_ID
from para_search_lucene.sorting import Sorter
from para_search_lucene.translate import Translator

__all__ = ["Recent", "Snapshot", "state_of"]

_CURSOR_DIGITS = 20  # and more are no cursor
_NEWEST_FIRST = Order(DEFAULT_SORT, True)  # noqa: FBT003 - a tuple
_RECENT = 10_000  # documents that count as the newest
_MOST_KINDS = 1000  # types whose number of objects is remembered


class Recent:
    """From which time on the newest documents of an index are, roughly; any value is right."""

    def __init__(self) -> None:
        self.floor: int | None = None


class Snapshot:
    """What a searcher sees; nothing that is written later changes it."""

    def __init__(self, index: Index, clauses: Clauses, marks: Marks, recent: Recent) -> None:
        self.generation = object()
        """What results of this state are remembered by; it does not keep the index open."""
        self._recent = recent
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
        after = _cursor(pager.last_key or "") if pager.is_cursor else None
        if pager.is_cursor and after is None:
            return Hits([], 0)
        query = self._query(node, kind)
        if after is not None:
            total = self._total(node, kind, query)
            return self._hits(self._after(query, after, pager), total)
        orders, span = orders_of(pager), Span(pager.offset, pager.limit)
        if not isinstance(node, tree.All):
            addresses, total = self._sorter.counted_page(query, orders, span)
        else:
            total = self._total(node, kind, query)
            addresses = self._listing(query, orders, span, total) if total else []
        return self._hits(addresses, total)

    def _listing(
        self, query: Query, orders: Sequence[Order], span: Span, total: int
    ) -> list[DocAddress]:
        """Return a page of all objects, or all of a type; the newest of many are found quickly."""
        is_recent = orders[0] == _NEWEST_FIRST and span.offset + span.limit < _RECENT // 2
        if is_recent and total > _RECENT * 3:
            floor = self._recent.floor
            if floor is None:
                floor = self._recent.floor = self._sorter.value_at(_NEWEST_FIRST.field, _RECENT)
            if floor is not None:
                found, size = self._sorter.newest_page(query, orders, span, floor)
                if size > _RECENT * 3:  # much was added since
                    self._recent.floor = None
                if found is not None:
                    return found
        return self._sorter.page(query, orders, span)

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

    def _after(self, query: Query, docid: int, pager: Pager) -> list[DocAddress]:
        """Return the page that follows a document in the order of last indexing."""
        low, high = (LEAST, docid - 1) if pager.desc else (docid + 1, GREATEST)
        beyond = self._clauses.all_of([query, self._clauses.column("docid", low, high)])
        order = Order(INDEXING_ORDER, pager.desc)
        return self._sorter.page(beyond, [order], Span(0, pager.limit))

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


def _cursor(text: str) -> int | None:
    """Return the number that a cursor stands for; ``None`` when it is none of ours."""
    if not (text.isascii() and text.isdecimal() and len(text) < _CURSOR_DIGITS):
        return None
    return min(int(text), GREATEST - 1)


def state_of(index: Index) -> str | None:
    """Return what the last commit says about itself."""
    searcher = index.searcher()
    query = Query.term_query(index.schema, "id", STATE_ID)
    hits: Any = searcher.search(query, limit=1, count=False).hits
    if not hits:
        return None
    state = searcher.doc(hits[0][1]).get_first("state")
    return None if state is None else str(state)
