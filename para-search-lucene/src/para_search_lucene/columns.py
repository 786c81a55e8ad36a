"""Reads hits in the order of columns, from the first or from far down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import tantivy
from tantivy import DocAddress, Query, Searcher

from para_search_lucene.clauses import Clauses
from para_search_lucene.schema import GREATEST, LEAST

__all__ = ["Columns", "Row", "Span"]

_FAR = 5_000  # hits; the engine keeps all that come before a page, with their values


class Span(NamedTuple):
    """Which of the hits are wanted."""

    offset: int
    limit: int


class Row(NamedTuple):
    """The values of columns and the number of one document."""

    values: tuple[int | None, ...]
    docid: int


class Columns:
    """The columns of what one searcher sees."""

    def __init__(self, searcher: Searcher, clauses: Clauses) -> None:
        self._searcher, self._clauses = searcher, clauses

    def count(self, query: Query) -> int:
        """Return how many documents match."""
        return self.search(query, "docid", Span(0, 1), desc=False, count=True)[1]

    def search(
        self, query: Query, column: str, span: Span, *, desc: bool, count: bool = False
    ) -> tuple[list[tuple[int, DocAddress]], int]:
        """Return values and addresses in the order of a column, and the total if it is wanted."""
        found: Any = self._searcher.search(
            query,
            limit=span.limit,
            count=count,
            order_by_field=column,
            offset=span.offset,
            order=tantivy.Order.Desc if desc else tantivy.Order.Asc,
        )
        return found.hits, found.count or 0

    def in_order(self, query: Query, column: str, span: Span, *, desc: bool) -> list[DocAddress]:
        """Return addresses in the order of a column; equal ones come as they come."""
        return [address for _, address in self.search(query, column, span, desc=desc)[0]]

    def rows(self, query: Query, columns: Sequence[str], span: Span, *, desc: bool) -> list[Row]:
        """Return a page in the order of several columns, then of indexing."""
        if span.offset and span.offset >= self.count(query):
            return []  # the engine panics when a page begins behind the last hit
        if span.offset > _FAR:
            return self._far_rows(query, columns, span, desc=desc)
        order = "desc" if desc else "asc"
        top = {
            "size": span.limit,
            "from": span.offset,
            "sort": [*({column: order} for column in columns), {"docid": "asc"}],
            "docvalue_fields": ["docid"],
        }
        hits: Any = self._searcher.aggregate(query, {"top": {"top_hits": top}})["top"]["hits"]
        return [
            Row(
                tuple(None if bits is None else bits + LEAST for bits in hit["sort"][:-1]),
                hit["docvalue_fields"]["docid"][0],
            )
            for hit in hits
        ]

    def addresses(self, docids: Sequence[int]) -> list[DocAddress]:
        """Return the addresses of documents, in the order of their numbers as given."""
        if not docids:
            return []
        span = Span(0, len(docids))
        places = dict(self.search(self._clauses.docids(docids), "docid", span, desc=False)[0])
        return [places[docid] for docid in docids]

    # ---- far down -----------------------------------------------------------------------------

    def _far_rows(
        self, query: Query, columns: Sequence[str], span: Span, *, desc: bool
    ) -> list[Row]:
        """Return a page far down: find the value it begins with, and begin there.

        Documents that are equal in the first column are sorted by the others alone.
        """
        first = columns[0] if columns else None
        ends = None if first is None else self._ends(query, first)
        if first is None or ends is None:
            hits = self.search(query, "docid", span, desc=False)[0]
            return [Row((None,) * len(columns), docid) for docid, _ in hits]
        value = self._value_at(query, first, span.offset, ends, desc=desc)
        before = self.count(self._within(query, first, value, desc=desc, is_closed=False))
        equal = self._clauses.all_of([query, self._clauses.column_is(first, value)])
        offset = span.offset - before
        rows = [
            Row((value, *row.values), row.docid)
            for row in self._equal_rows(equal, columns[1:], Span(offset, span.limit), desc=desc)
        ]
        if len(rows) < span.limit:
            low, high = (LEAST, value - 1) if desc else (value + 1, GREATEST)
            after = self._clauses.all_of([query, self._clauses.column(first, low, high)])
            rows += self.rows(after, columns, Span(0, span.limit - len(rows)), desc=desc)
        return rows

    def _equal_rows(
        self, query: Query, columns: Sequence[str], span: Span, *, desc: bool
    ) -> list[Row]:
        if columns and self._ends(query, columns[0]) is not None:
            return self.rows(query, columns, span, desc=desc)
        hits = self.search(query, "docid", span, desc=False)[0]
        return [Row((None,) * len(columns), docid) for docid, _ in hits]

    def _ends(self, query: Query, column: str) -> tuple[int, int] | None:
        """Return the smallest and the greatest value of a column; ``None`` where it has none."""
        valued = self._clauses.all_of([query, self._clauses.column(column, LEAST, GREATEST)])
        ends = [self.rows(valued, [column], Span(0, 1), desc=desc) for desc in (False, True)]
        values = [row.values[0] for end in ends for row in end]
        return (values[0], values[1]) if len(values) == 2 else None  # type: ignore[return-value]  # noqa: PLR2004

    def _value_at(
        self, query: Query, column: str, rank: int, ends: tuple[int, int], *, desc: bool
    ) -> int:
        """Return the value of the document at a place in the order of a column."""
        low, high = ends
        while low < high:
            middle = (low + high + desc) // 2
            is_reached = (
                self.count(self._within(query, column, middle, desc=desc, is_closed=True)) > rank
            )
            if desc:
                low, high = (middle, high) if is_reached else (low, middle - 1)
            else:
                low, high = (low, middle) if is_reached else (middle + 1, high)
        return low

    def _within(
        self, query: Query, column: str, value: int, *, desc: bool, is_closed: bool
    ) -> Query:
        """Return the documents up to a value in the order of a column."""
        low, high = (value + 1 - is_closed, GREATEST) if desc else (LEAST, value - 1 + is_closed)
        return self._clauses.all_of([query, self._clauses.column(column, low, high)])
