"""The engine's queries for one field at a time, and how they are joined."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from tantivy import FieldType, Index, Occur, Query

from para_core.query.tree import Range
from para_search_lucene.marks import Marks
from para_search_lucene.schema import (
    GREATEST,
    LEAST,
    NATIVE_SORTS,
    STATE_ID,
    Field,
    exact_term,
    text_chunks,
)

__all__ = ["Clauses"]

logger = logging.getLogger(__name__)

_MOST_PLACES = 600  # ways to lay out the words of one loose phrase
_LONGEST_PREFIX = 8000  # characters; no term has more of its text
_LONGEST_FUZZY = 300  # characters; the automaton of a longer text would take seconds
_Bounds: TypeAlias = Callable[[int], tuple[int, int]]
_ANY_KEY = "[0-9A-Za-z]+"
_TEXT_MARK = "\x00s"  # between path and text in a term of the engine's JSON fields


class Clauses:
    """Builds queries against the schema of one index."""

    def __init__(self, index: Index, marks: Marks) -> None:
        self._index, self._schema, self._marks = index, index.schema, marks
        self.everything = Query.all_query()
        self.nothing = Query.empty_query()
        self.state = Query.term_query(self._schema, "id", STATE_ID)

    # ---- joining ------------------------------------------------------------------------------

    def any_of(self, queries: Sequence[Query]) -> Query:
        """Return what any of the queries finds."""
        if len(queries) == 1:
            return queries[0]
        if not queries:
            return self.nothing
        return Query.boolean_query([(Occur.Should, query) for query in queries])

    def all_of(self, queries: Sequence[Query], but_not: Sequence[Query] = ()) -> Query:
        """Return what all of the queries find and none of the others does."""
        if not but_not and len(queries) == 1:
            return queries[0]
        clauses = [(Occur.Must, query) for query in queries or [self.everything]]
        clauses += [(Occur.MustNot, query) for query in but_not]
        return Query.boolean_query(clauses)

    # ---- terms --------------------------------------------------------------------------------

    def word(self, field: Field | None, word: str) -> Query:
        """Return documents with this word in an analysed field, or in any."""
        return Query.term_query(self._schema, _words(field), word)

    def value(self, field: Field, text: str) -> Query:
        """Return documents that hold exactly this value."""
        term = exact_term(text, is_keyword=field.is_keyword)
        exact = Query.term_query(self._schema, _values(field), term)
        if field.is_keyword or " " in term:
            return exact
        # A value that is one word stands among the words only.
        return Query.boolean_query([(Occur.Should, exact), (Occur.Should, self.word(field, text))])

    def marked(self, *marks: str) -> Query:
        """Return documents with any of these marks."""
        return Query.term_set_query(self._schema, "present", list(marks))

    def kind(self, kind: str) -> Query:
        """Return objects of this type."""
        return Query.term_query(self._schema, "type", kind)

    def docids(self, docids: Sequence[int]) -> Query:
        """Return the documents with these numbers."""
        return Query.term_set_query(self._schema, "docid", docids)

    # ---- patterns over terms ------------------------------------------------------------------

    def prefix(self, field: Field | None, text: str, *, in_words: bool) -> Query:
        """Return documents with a term that begins so."""
        if len(text) > _LONGEST_PREFIX:
            return self.nothing
        name = _words(field) if in_words or field is None else _values(field)
        return Query.fuzzy_term_query(self._schema, name, text, distance=0, prefix=True)

    def fuzzy(self, field: Field | None, text: str, edits: int, *, in_words: bool) -> Query:
        """Return documents with a term within some edits of the text."""
        if len(text) > _LONGEST_FUZZY:
            return self.nothing
        name = _words(field) if in_words or field is None else _values(field)
        return Query.fuzzy_term_query(self._schema, name, text, distance=edits)

    def pattern(self, field: Field | None, pattern: str | None, *, in_words: bool) -> Query:
        """Return documents with a term that matches a regular expression as a whole.

        Without a field all words, or all values but ids and types, are looked at.
        """
        if pattern is None:
            return self.nothing
        if field is None and in_words:
            name = "allwords"
        elif field is None:
            name, pattern = "exact", f"{_ANY_KEY}{_TEXT_MARK}(?:{pattern})"
        elif field.is_own:
            name = field.path
        else:
            name = "words" if in_words else "exact"
            pattern = f"{field.key}{_TEXT_MARK}(?:{pattern})"
        try:
            return Query.regex_query(self._schema, name, pattern)
        except ValueError as error:
            logger.warning("an expression is too complex", extra={"reason": str(error)[:200]})
            return self.nothing

    # ---- phrases ------------------------------------------------------------------------------

    def phrase(self, field: Field | None, words: Sequence[str], slop: int) -> Query:
        """Return documents with these words, in this order but for some moves.

        Without a field there is no telling where one ends, so a loose phrase needs one.
        """
        if field is None:
            return self._phrase("allwords", words, slop)
        found = self._phrase(f"words.{field.key}", words, slop)
        if slop == 0 or len(words) == 1 or not self._marks.has(field.is_nested):
            return found
        apart = self._phrase(f"words.{field.parts}", words, slop)
        return self.any_of([self.all_of([found], [self.marked(field.is_nested)]), apart])

    def _phrase(self, name: str, words: Sequence[str], slop: int) -> Query:
        """Return a phrase in one column.

        The engine's own loose phrases miss matches of three and more words, so each way to lay out
        the words is a phrase of its own; only far too many of them are left to the engine.
        """
        if len(words) == 1:
            return Query.term_query(self._schema, name, words[0])
        if slop == 0:
            return Query.phrase_query(self._schema, name, list(words))
        if (slop + 1) ** len(words) - slop ** len(words) > _MOST_PLACES:
            return Query.phrase_query(self._schema, name, list(words), slop=slop)
        layouts = _layouts(words, slop)
        return self.any_of([Query.phrase_query(self._schema, name, [*at]) for at in layouts])

    # ---- numbers and bytes --------------------------------------------------------------------

    def numbers(self, field: Field, low: int, high: int, *, in_texts: bool) -> Query:
        """Return documents with a number in a closed interval of encoded numbers."""
        if low > high:
            return self.nothing
        found = [self.sort_numbers(field, low, high)]
        if self._marks.has(field.has_numbers):
            found.append(self.column(f"sorts.{field.numbers}", low, high))
            if in_texts:
                found.append(self.column(f"sorts.{field.written}", low, high))
        return self.any_of(found)

    def sort_numbers(self, field: Field, low: int, high: int) -> Query:
        """Return documents that sort by a number in a closed interval of encoded numbers."""
        if not self._marks.has(field.is_number):
            return self.nothing
        if field.path not in NATIVE_SORTS:
            return self.column(f"sorts.{field.number}", low, high)
        between = self.column(field.path, low, high)
        if low <= 0 <= high:  # the column has 0 where there is no value
            return self.all_of([between, self.marked(field.is_number)])
        return between

    def column(self, name: str, low: int, high: int) -> Query:
        """Return documents with a value in a closed interval in a column."""
        if low > high:
            return self.nothing
        if name.startswith("sorts."):
            return self._index.parse_query(f"{name}:[{low} TO {high}]")
        return Query.range_query(self._schema, name, FieldType.Integer, low, high)

    def place(self, name: str, low: float, high: float) -> Query:
        """Return documents with a latitude or longitude in a closed interval."""
        return Query.range_query(self._schema, name, FieldType.Float, low, high)

    def column_is(self, name: str, value: int) -> Query:
        """Return documents with exactly this value in a column."""
        if name == "timestamp":  # the one that has terms too
            return Query.term_query(self._schema, name, value)
        return self.column(name, value, value)

    def bytes_before(self, field: Field, chunks: Sequence[int | None]) -> Query:
        """Return documents that sort by a smaller text than the one with these chunks."""
        return self._beyond(field, chunks, lambda chunk: (LEAST, chunk - 1))

    def bytes_after(self, field: Field, chunks: Sequence[int | None]) -> Query:
        """Return documents that sort by a greater text than the one with these chunks."""
        return self._beyond(field, chunks, lambda chunk: (chunk + 1, GREATEST))

    def _beyond(self, field: Field, chunks: Sequence[int | None], bounds: _Bounds) -> Query:
        found: list[Query] = []
        equal: list[Query] = []
        for name, chunk in zip(field.texts, chunks, strict=False):
            if chunk is None:
                break
            low, high = bounds(chunk)
            if low <= high:
                found.append(self.all_of([*equal, self.column(f"sorts.{name}", low, high)]))
            equal.append(self.column_is(f"sorts.{name}", chunk))
        return self.any_of(found)

    def sort_texts(self, field: Field, node: Range) -> Query:
        """Return documents that sort by a text, or by a flag, between two bounds."""
        within: list[Query] = []
        for bound, is_closed, beyond in (
            (node.low, node.includes_low, self.bytes_after),
            (node.high, node.includes_high, self.bytes_before),
        ):
            if bound is not None:
                inside = [beyond(field, text_chunks(bound))]
                inside += [self.bytes_are(field, bound)] if is_closed else []
                within.append(self.any_of(inside))
        flags = [flag for flag in ("false", "true") if _is_inside(flag, node)]
        if not flags or not self._marks.has(field.is_flag):
            return self.all_of(within)
        words = self.any_of([self.word(field, flag) for flag in flags])
        return self.any_of([self.all_of(within), self.all_of([self.marked(field.is_flag), words])])

    def bytes_are(self, field: Field, text: str) -> Query:
        """Return documents that sort by this text, as far as columns tell."""
        return self.all_of(
            [
                self.column_is(f"sorts.{name}", chunk)
                for name, chunk in zip(field.texts, text_chunks(text), strict=False)
            ]
        )


def _words(field: Field | None) -> str:
    return "allwords" if field is None else f"words.{field.key}"


def _values(field: Field) -> str:
    return field.path if field.is_own else f"exact.{field.key}"


def _is_inside(text: str, node: Range) -> bool:
    if node.low is not None and (text < node.low or (text == node.low and not node.includes_low)):
        return False
    return node.high is None or text < node.high or (text == node.high and node.includes_high)


def _layouts(words: Sequence[str], slop: int) -> Iterator[list[tuple[int, str]]]:
    """Yield the ways to place the words so that none is moved more than ``slop`` against another.

    Each word may stand later than its turn by 0 to ``slop`` places, one of them in its turn.
    """
    for moves in itertools.product(range(slop + 1), repeat=len(words)):
        if min(moves) > 0:
            continue
        places = [turn + move for turn, move in enumerate(moves)]
        if len(set(places)) == len(places):
            yield sorted(zip(places, words, strict=True))
