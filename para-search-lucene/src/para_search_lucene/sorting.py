"""Pages of hits in the order of any field, with ties in the order of last indexing.

The engine sorts by one column and leaves ties as they come, or collects the top of several columns
and puts documents without a value first in both directions. Here a missing number counts as 0 and a
missing text as the empty text, so the hits of a query are cut into *runs*: smaller numbers, those
equal to nothing (with their texts in order), greater numbers. Within a run every document has a
value, or none has.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import tantivy
from tantivy import DocAddress, Query, Searcher

from para_core.query.sorting import INDEXING_ORDER, Order
from para_search_lucene.clauses import Clauses
from para_search_lucene.marks import Marks
from para_search_lucene.schema import (
    CHUNKS,
    GREATEST,
    LEAST,
    NATIVE_SORTS,
    Field,
    field_of,
    text_chunks,
)

__all__ = ["Sorter", "Span"]


class Span(NamedTuple):
    """Which of the hits are wanted."""

    offset: int
    limit: int


@dataclass(frozen=True, slots=True)
class _Run:
    """Documents that follow each other: those of ``within``, in the order of ``columns``."""

    within: Query | None
    columns: tuple[str, ...] = ()


_Row = tuple[tuple[int | None, ...], int]
"""The values of the columns and the number of one document."""


def _window(span: Span) -> Span:
    """Return the span with one more hit at each end: they show whether equal ones go on there."""
    start = max(span.offset - 1, 0)
    return Span(start, span.limit + 1 + span.offset - start)


class Sorter:
    """Sorts what one searcher finds."""

    def __init__(self, searcher: Searcher, clauses: Clauses, marks: Marks) -> None:
        self._searcher, self._clauses, self._marks = searcher, clauses, marks

    def count(self, query: Query) -> int:
        """Return how many documents match."""
        return self._search(query, "docid", Span(0, 1), desc=False, count=True)[1]

    def counted_page(
        self, query: Query, keys: Sequence[Order], span: Span
    ) -> tuple[list[DocAddress], int]:
        """Return a page, and how many documents match; in one go where one column sorts them."""
        column = self._only_column(keys[0].field)
        if column is None or span.limit <= 0:
            total = self.count(query)
            return self.page(query, keys, span) if total else [], total
        window = _window(span)
        rows, total = self._search(query, column, window, desc=keys[0].is_descending, count=True)
        if column == "docid":
            return [address for _, address in rows[span.offset - window.offset :]][
                : span.limit
            ], total
        return self._settled(query, keys, span, rows), total

    def newest_page(
        self, query: Query, keys: Sequence[Order], span: Span, floor: int
    ) -> tuple[list[DocAddress] | None, int]:
        """Return a page of the newest hits, and how many hits are not older than ``floor``.

        Only those are looked at, which is quick; ``None`` when the page needs older ones.
        """
        column, window = keys[0].field, _window(span)
        newer = self._clauses.all_of([query, self._clauses.native(column, floor, GREATEST)])
        rows, size = self._search(newer, column, window, desc=True, count=True)
        if len(rows) < window.limit:
            return None, size
        return self._settled(query, keys, span, rows), size

    def value_at(self, column: str, rank: int) -> int | None:
        """Return the value of a column at a place in its descending order."""
        rows = self._hits(self._clauses.everything, column, Span(rank, 1), desc=True)
        return int(rows[0][0]) if rows else None

    def page(self, query: Query, keys: Sequence[Order], span: Span) -> list[DocAddress]:
        """Return the hits of a span in the order of the keys, then of their last indexing."""
        if span.limit <= 0:
            return []
        if not keys:
            return self._column_page(query, "docid", span, desc=False)
        if keys[0].field == INDEXING_ORDER:
            return self._column_page(query, "docid", span, desc=keys[0].is_descending)
        runs = list(self._runs(field_of(keys[0].field), desc=keys[0].is_descending))
        if len(runs) == 1:
            return self._run_page(query, runs[0], keys, span)
        return self._runs_page(query, runs, keys, span)

    def _runs_page(
        self, query: Query, runs: Sequence[_Run], keys: Sequence[Order], span: Span
    ) -> list[DocAddress]:
        found: list[DocAddress] = []
        offset = span.offset
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

    # ---- runs ---------------------------------------------------------------------------------

    def _only_column(self, path: str) -> str | None:
        """Return the column of its own that a field has, if nothing else counts in its order."""
        if path == INDEXING_ORDER:
            return "docid"
        return path if path in NATIVE_SORTS and not self._has_text(field_of(path)) else None

    def _runs(self, field: Field, *, desc: bool) -> Iterator[_Run]:
        """Yield the runs of a field in its direction."""
        if self._only_column(field.path) is not None:
            return iter([_Run(None, (field.path,))])
        runs = list(self._text_runs(field))
        if self._marks.has(field.is_number):
            column = (field.path if field.path in NATIVE_SORTS else f"sorts.{field.number}",)
            less = self._clauses.sort_numbers(field, LEAST, -1)
            more = self._clauses.sort_numbers(field, 1, GREATEST)
            runs = [
                _Run(less, column),
                *(
                    _Run(
                        self._clauses.all_of([run.within] if run.within else [], [less, more]),
                        run.columns,
                    )
                    for run in runs
                ),
                _Run(more, column),
            ]
        return iter(reversed(runs) if desc else runs)

    def _has_text(self, field: Field) -> bool:
        return self._marks.has(field.is_text) or self._marks.has(field.is_flag)

    def _text_runs(self, field: Field) -> Iterator[_Run]:
        """Yield the runs of a field's texts, ascending; documents without a text come first."""
        clauses, marks = self._clauses, self._marks
        if not self._has_text(field):
            yield _Run(None)
            return
        yield _Run(clauses.all_of([], [clauses.marked(field.is_text, field.is_flag)]))
        columns = tuple(f"sorts.{name}" for name in field.texts)
        if not marks.has(field.is_flag):
            yield _Run(clauses.marked(field.is_text), columns)
            return
        low, high = text_chunks("false"), text_chunks("true")
        if marks.has(field.is_text):
            yield _Run(clauses.bytes_before(field, low), columns)
        yield _Run(self._flag(field, "false"))
        if marks.has(field.is_text):
            after, before = clauses.bytes_after(field, low), clauses.bytes_before(field, high)
            yield _Run(clauses.all_of([after, before]), columns)
        yield _Run(self._flag(field, "true"))
        if marks.has(field.is_text):
            yield _Run(clauses.bytes_after(field, high), columns)

    def _flag(self, field: Field, text: str) -> Query:
        flag = self._clauses.all_of(
            [self._clauses.marked(field.is_flag), self._clauses.word(field, text)]
        )
        if not self._marks.has(field.is_text):
            return flag
        return self._clauses.any_of([flag, self._clauses.bytes_are(field, text)])

    # ---- the pages of one run -----------------------------------------------------------------

    def _run_page(
        self, query: Query, run: _Run, keys: Sequence[Order], span: Span
    ) -> list[DocAddress]:
        if not run.columns:
            return self.page(query, keys[1:], span)
        if run.columns[0] in NATIVE_SORTS:
            return self._native_page(query, keys, span)
        if len(keys) > 1:
            return self._grouped_page(query, run, keys, span)
        rows = self._rows(query, run.columns, span, desc=keys[0].is_descending)
        return self._addresses([docid for _, docid in rows])

    def _column_page(
        self, query: Query, column: str, span: Span, *, desc: bool
    ) -> list[DocAddress]:
        return [address for _, address in self._hits(query, column, span, desc=desc)]

    def _hits(
        self, query: Query, column: str, span: Span, *, desc: bool
    ) -> list[tuple[Any, DocAddress]]:
        return self._search(query, column, span, desc=desc, count=False)[0]

    def _search(
        self, query: Query, column: str, span: Span, *, desc: bool, count: bool
    ) -> tuple[list[tuple[Any, DocAddress]], int]:
        found: Any = self._searcher.search(
            query,
            limit=span.limit,
            count=count,
            order_by_field=column,
            offset=span.offset,
            order=tantivy.Order.Desc if desc else tantivy.Order.Asc,
        )
        return found.hits, found.count or 0

    def _native_page(self, query: Query, keys: Sequence[Order], span: Span) -> list[DocAddress]:
        """Return a page in the order of one column, then of the others."""
        key = keys[0]
        rows = self._hits(query, key.field, _window(span), desc=key.is_descending)
        return self._settled(query, keys, span, rows)

    def _settled(
        self,
        query: Query,
        keys: Sequence[Order],
        span: Span,
        rows: Sequence[tuple[Any, DocAddress]],
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
        before = self._clauses.native(key.field, low, high)
        return offset - self.count(self._clauses.all_of([query, before]))

    def _rows(self, query: Query, columns: Sequence[str], span: Span, *, desc: bool) -> list[_Row]:
        """Return the values and numbers of a page in the order of several columns."""
        if span.offset and span.offset >= self.count(query):
            return []  # the engine panics when a page begins behind the last hit
        order = "desc" if desc else "asc"
        top = {
            "size": span.limit,
            "from": span.offset,
            "sort": [*({column: order} for column in columns), {"docid": "asc"}],
            "docvalue_fields": ["docid"],
        }
        hits: Any = self._searcher.aggregate(query, {"top": {"top_hits": top}})["top"]["hits"]
        return [
            (
                tuple(None if bits is None else bits + LEAST for bits in hit["sort"][:-1]),
                hit["docvalue_fields"]["docid"][0],
            )
            for hit in hits
        ]

    def _grouped_page(
        self, query: Query, run: _Run, keys: Sequence[Order], span: Span
    ) -> list[DocAddress]:
        """Return a page in which documents with equal values are sorted by further fields."""
        key = keys[0]
        rows = self._rows(query, run.columns, span, desc=key.is_descending)
        addresses = self._addresses([docid for _, docid in rows])
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
                before = self._before(field_of(key.field), run, values, desc=key.is_descending)
                skipped = span.offset - self.count(self._clauses.all_of([query, before]))
            same = self._clauses.all_of([query, *equal])
            found += self.page(same, keys[1:], Span(skipped, size))
        return found

    def _before(
        self, field: Field, run: _Run, values: Sequence[int | None], *, desc: bool
    ) -> Query:
        if len(run.columns) == CHUNKS:
            return (
                self._clauses.bytes_after(field, values)
                if desc
                else self._clauses.bytes_before(field, values)
            )
        value = values[0] or 0
        low, high = (value + 1, GREATEST) if desc else (LEAST, value - 1)
        return self._clauses.sort_numbers(field, low, high)

    def _addresses(self, docids: Sequence[int]) -> list[DocAddress]:
        """Return the addresses of documents, in the order of their numbers as given."""
        if not docids:
            return []
        query = self._clauses.docids(docids)
        hits = self._hits(query, "docid", Span(0, len(docids)), desc=False)
        places = dict(hits)
        return [places[docid] for docid in docids]
