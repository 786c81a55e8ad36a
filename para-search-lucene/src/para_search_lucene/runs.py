"""The hits of a query, cut into runs that the engine can put in order.

Here a missing number counts as 0 and a missing text as the empty text, which the engine cannot say.
So the hits in the order of a field are: those with smaller numbers, those equal to nothing, with
their texts in order, and those with greater numbers. Within a run every document has a value, or
none has.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tantivy import Query

from para_core.query.sorting import INDEXING_ORDER
from para_search_lucene.clauses import Clauses
from para_search_lucene.marks import Marks
from para_search_lucene.schema import (
    GREATEST,
    LEAST,
    NATIVE_SORTS,
    Field,
    field_of,
    text_chunks,
)

__all__ = ["Run", "Runs"]


@dataclass(frozen=True, slots=True)
class Run:
    """Documents that follow each other: those of ``within``, in the order of ``columns``."""

    within: Query | None
    columns: tuple[str, ...] = ()


class Runs:
    """Cuts hits into runs."""

    def __init__(self, clauses: Clauses, marks: Marks) -> None:
        self._clauses, self._marks = clauses, marks

    def only_column(self, path: str) -> str | None:
        """Return the column of its own that a field has, if nothing else counts in its order."""
        if path == INDEXING_ORDER:
            return "docid"
        return path if path in NATIVE_SORTS and not self._has_text(field_of(path)) else None

    def of(self, field: Field, *, desc: bool) -> list[Run]:
        """Return the runs of a field in its direction."""
        if self.only_column(field.path) is not None:
            return [Run(None, (field.path,))]
        runs = list(self._text_runs(field))
        if self._marks.has(field.is_number):
            is_own = field.path in NATIVE_SORTS
            columns = (field.path if is_own else f"sorts.{field.number}",)
            less = self._clauses.sort_numbers(field, LEAST, -1)
            more = self._clauses.sort_numbers(field, 1, GREATEST)
            runs = [
                Run(less, columns),
                *(self._apart_from(run, less, more) for run in runs),
                Run(more, columns),
            ]
        return runs[::-1] if desc else runs

    def _apart_from(self, run: Run, less: Query, more: Query) -> Run:
        within = [] if run.within is None else [run.within]
        return Run(self._clauses.all_of(within, [less, more]), run.columns)

    def _has_text(self, field: Field) -> bool:
        return self._marks.has(field.is_text) or self._marks.has(field.is_flag)

    def _text_runs(self, field: Field) -> Iterator[Run]:
        """Yield the runs of a field's texts, ascending; documents without a text come first."""
        clauses, marks = self._clauses, self._marks
        if not self._has_text(field):
            yield Run(None)
            return
        yield Run(clauses.all_of([], [clauses.marked(field.is_text, field.is_flag)]))
        columns = tuple(f"sorts.{name}" for name in field.texts)
        if not marks.has(field.is_flag):
            yield Run(clauses.marked(field.is_text), columns)
            return
        low, high = text_chunks("false"), text_chunks("true")
        if marks.has(field.is_text):
            yield Run(clauses.bytes_before(field, low), columns)
        yield Run(self._flag(field, "false"))
        if marks.has(field.is_text):
            after, before = clauses.bytes_after(field, low), clauses.bytes_before(field, high)
            yield Run(clauses.all_of([after, before]), columns)
        yield Run(self._flag(field, "true"))
        if marks.has(field.is_text):
            yield Run(clauses.bytes_after(field, high), columns)

    def _flag(self, field: Field, text: str) -> Query:
        flag = self._clauses.all_of(
            [self._clauses.marked(field.is_flag), self._clauses.word(field, text)]
        )
        if not self._marks.has(field.is_text):
            return flag
        return self._clauses.any_of([flag, self._clauses.bytes_are(field, text)])
