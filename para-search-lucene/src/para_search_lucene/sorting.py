"""Pages of hits in the order of any fields, with ties in the order of last indexing."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

from tantivy import DocAddress, Query, Searcher

from para_core.query.sorting import INDEXING_ORDER, Order
from para_search_lucene.clauses import Clauses
from para_search_lucene.columns import Columns, Span
from para_search_lucene.marks import Marks
from para_search_lucene.runs import Run, Runs
from para_search_lucene.schema import CHUNKS, GREATEST, LEAST, NATIVE_SORTS, field_of

__all__ = ["Sorter"]


class Sorter:
    """Sorts what one searcher finds."""

    def __init__(self, searcher: Searcher, clauses: Clauses, marks: Marks) -> None:
        self._clauses = clauses
        self._columns = Columns(searcher, clauses)
        self._runs = Runs(clauses, marks)

    def count(self, query: Query) -> int:
        """Return how many documents match."""
        return self._columns.count(query)

    def counted_page(
        self, query: Query, keys: Sequence[Order], span: Span
    ) -> tuple[list[DocAddress], int]:
        """Return a page, and how many documents match; in one go where one column sorts them."""
        column = self._runs.only_column(keys[0].field)
        if column is None or span.limit <= 0:
            total = self.count(query)
            return self.page(query, keys, span) if total else [], total
        window, desc = _window(span), keys[0].is_descending
        rows, total = self._columns.search(query, column, window, desc=desc, count=True)
        if column == "docid":
            start = span.offset - window.offset
            return [address for _, address in rows[start : start + span.limit]], total
        return self._settled(query, keys, span, rows), total

    def newest_page(
        self, query: Query, keys: Sequence[Order], span: Span, floor: int
    ) -> tuple[list[DocAddress] | None, int]:
        """Return a page of the newest hits, and how many hits are not older than ``floor``.

        Only those are looked at, which is quick; ``None`` when the page needs older ones.
        """
        column, window = keys[0].field, _window(span)
        newer = self._clauses.all_of([query, self._clauses.column(column, floor, GREATEST)])
        rows, size = self._columns.search(newer, column, window, desc=True, count=True)
        if len(rows) < window.limit:
            return None, size
        return self._settled(query, keys, span, rows), size

    def value_at(self, column: str, rank: int) -> int | None:
        """Return the value of a column at a place in its descending order."""
        everything = self._clauses.everything
        rows, _ = self._columns.search(everything, column, Span(rank, 1), desc=True)
        return rows[0][0] if rows else None

    def page(self, query: Query, keys: Sequence[Order], span: Span) -> list[DocAddress]:
        """Return the hits of a span in the order of the keys, then of their last indexing."""
        if span.limit <= 0:
            return []
        if not keys or keys[0].field == INDEXING_ORDER:
            desc = bool(keys) and keys[0].is_descending
            return self._columns.in_order(query, "docid", span, desc=desc)
        found: list[DocAddress] = []
        offset = span.offset
        runs = self._runs.of(field_of(keys[0].field), desc=keys[0].is_descending)
        for run in runs:
            within = query if run.within is None else self._clauses.all_of([query, run.within])
            if run is not runs[-1]:
                size = self.count(within)
                if offset >= size:
                    offset -= size
                    continue
            found += self._run_page(within, run, keys, Span(offset, span.limit - len(found)))
            offset = 0
            if len(found) >= span.limit:
                break
        return found

    # ---- the pages of one run -----------------------------------------------------------------

    def _run_page(
        self, query: Query, run: Run, keys: Sequence[Order], span: Span
    ) -> list[DocAddress]:
        if not run.columns:
            return self.page(query, keys[1:], span)
        if run.columns[0] in NATIVE_SORTS:
            return self._native_page(query, keys, span)
        if len(keys) > 1:
            return self._grouped_page(query, run, keys, span)
        rows = self._columns.rows(query, run.columns, span, desc=keys[0].is_descending)
        return self._columns.addresses([row.docid for row in rows])

    def _native_page(self, query: Query, keys: Sequence[Order], span: Span) -> list[DocAddress]:
        """Return a page in the order of one column, then of the others."""
        key = keys[0]
        rows, _ = self._columns.search(query, key.field, _window(span), desc=key.is_descending)
        return self._settled(query, keys, span, rows)

    def _settled(
        self,
        query: Query,
        keys: Sequence[Order],
        span: Span,
        rows: Sequence[tuple[int, DocAddress]],
    ) -> list[DocAddress]:
        """Return a page of rows in the order of one column; equal ones need another look.

        Args:
            query: What is looked for.
            keys: The column, and what sorts documents that are equal in it.
            span: Which hits are wanted.
            rows: The values and addresses of the window around them.
        """
        key, offset = keys[0], span.offset
        start = place = _window(span).offset
        found: list[DocAddress] = []
        for value, group in groupby(rows, key=itemgetter(0)):
            same = list(group)
            first, place = place, place + len(same)
            wanted = same[max(offset - first, 0) : offset + span.limit - first]
            is_whole = (first == 0 or start < first) and place < start + len(rows)
            if len(wanted) == len(same) == 1 and is_whole:
                found.append(wanted[0][1])
            elif wanted:
                skipped = self._skipped(query, key, value, offset) if first <= offset else 0
                equal = self._clauses.all_of([query, self._clauses.column_is(key.field, value)])
                found += self.page(equal, keys[1:], Span(skipped, len(wanted)))
        return found

    def _skipped(self, query: Query, key: Order, value: int, offset: int) -> int:
        """Return how many documents of the value stand on the pages before."""
        if offset == 0:
            return 0
        low, high = (value + 1, GREATEST) if key.is_descending else (LEAST, value - 1)
        before = self._clauses.column(key.field, low, high)
        return offset - self.count(self._clauses.all_of([query, before]))

    def _grouped_page(
        self, query: Query, run: Run, keys: Sequence[Order], span: Span
    ) -> list[DocAddress]:
        """Return a page in which documents with equal values are sorted by further fields."""
        key = keys[0]
        rows = self._columns.rows(query, run.columns, span, desc=key.is_descending)
        addresses = self._columns.addresses([row.docid for row in rows])
        found: list[DocAddress] = []
        for values, group in groupby(rows, key=itemgetter(0)):
            first, size = len(found), len(list(group))
            if size == 1 and 0 < first < len(rows) - 1:
                found.append(addresses[first])
                continue
            equal = [
                self._clauses.column_is(column, value)
                for column, value in zip(run.columns, values, strict=True)
                if value is not None
            ]
            skipped = 0
            if first == 0 and span.offset:
                before = self._before(key, run, values)
                skipped = span.offset - self.count(self._clauses.all_of([query, before]))
            same = self._clauses.all_of([query, *equal])
            found += self.page(same, keys[1:], Span(skipped, size))
        return found

    def _before(self, key: Order, run: Run, values: Sequence[int | None]) -> Query:
        """Return the documents of a run that come before those with these values."""
        if len(run.columns) == CHUNKS:
            field = field_of(key.field)
            if key.is_descending:
                return self._clauses.bytes_after(field, values)
            return self._clauses.bytes_before(field, values)
        value = values[0] or 0
        low, high = (value + 1, GREATEST) if key.is_descending else (LEAST, value - 1)
        return self._clauses.column(run.columns[0], low, high)


def _window(span: Span) -> Span:
    """Return the span with one more hit at each end: they show whether equal ones go on there."""
    start = max(span.offset - 1, 0)
    return Span(start, span.limit + 1 + span.offset - start)
