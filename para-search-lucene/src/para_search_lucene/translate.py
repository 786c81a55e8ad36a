"""Turns a query tree into a query of the engine."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from tantivy import Query, Searcher

from para_core.errors import BackendError
from para_core.query import tree
from para_core.query.analysis import analyse, fold
from para_core.query.fields import number_of
from para_core.query.regexp import plain_regex
from para_search_lucene.clauses import Clauses
from para_search_lucene.geo import near
from para_search_lucene.marks import Marks
from para_search_lucene.ranges import text_range
from para_search_lucene.schema import GREATEST, LEAST, Field, encode_number, field_of
from para_search_lucene.similar import similar

__all__ = ["Translator"]

_DEEPEST = 200  # the engine's stack ends between 1,200 and 2,000 nested queries
_MOST_PATHS = 1024  # of an app, that a loose phrase without a field is looked for in
_MOST_NUMERIC_PATHS = 1024  # of an app, that a range of numbers without a field looks at
_NUMERIC_KEYWORDS = frozenset(["timestamp", "updated", "votes"])


class _FieldQuery(Protocol):
    """Makes a query for the terms of one field, or of all words."""

    def __call__(self, field: Field | None, *, in_words: bool) -> Query: ...


class Translator:
    """Translates trees for one searcher."""

    def __init__(self, searcher: Searcher, clauses: Clauses, marks: Marks) -> None:
        self._searcher, self._clauses, self._marks = searcher, clauses, marks

    def query(self, node: tree.Node, depth: int = 0) -> Query:
        """Return the engine's query for a tree.

        Raises:
            BackendError: The tree is too deep for the engine.
        """
        if depth > _DEEPEST:
            raise BackendError(f"a query nests more than {_DEEPEST} levels")
        if isinstance(node, tree.Bool):
            return self._bool(node, depth + 1)
        return _TRANSLATIONS[type(node)](self, node)

    def _bool(self, node: tree.Bool, depth: int) -> Query:
        excluded = [self.query(part, depth) for part in node.must_not]
        if node.must:
            return self._clauses.all_of([self.query(part, depth) for part in node.must], excluded)
        if node.should:
            any_of = self._clauses.any_of([self.query(part, depth) for part in node.should])
            return self._clauses.all_of([any_of], excluded)
        return self._clauses.all_of([], excluded) if excluded else self._clauses.nothing

    def _all(self, _: tree.All) -> Query:
        return self._clauses.everything

    def _nothing(self, _: tree.Nothing) -> Query:
        return self._clauses.nothing

    def _term(self, node: tree.Term) -> Query:
        if node.field is None:
            found = self._words(None, node.text)
            return self._clauses.any_of([*found, *self._keyword_values(node.text)])
        field = field_of(node.field)
        if field.is_keyword:
            return self._clauses.value(field, node.text)
        return self._clauses.any_of(self._words(field, node.text))

    def _words(self, field: Field | None, text: str) -> list[Query]:
        return [self._clauses.word(field, word) for word in dict.fromkeys(analyse(text))]

    def _keyword_values(self, text: str) -> list[Query]:
        """Return a query for each keyword field that may hold a value."""
        is_number = text[:1] in "-0123456789"
        return [
            self._clauses.value(field, text)
            for field in self._marks.keywords()
            if is_number or field.path not in _NUMERIC_KEYWORDS
        ]

    def _exact(self, node: tree.Exact) -> Query:
        field = field_of(node.field)
        found = [self._clauses.value(field, node.value)]
        number = number_of(node.value)
        if number is not None:
            code = encode_number(number)
            found.append(self._clauses.numbers(field, code, code, in_texts=False))
        return self._clauses.any_of(found)

    def _phrase(self, node: tree.Phrase) -> Query:
        if node.field is not None and field_of(node.field).is_keyword:
            return self._clauses.value(field_of(node.field), node.text)
        words = analyse(node.text)
        if node.field is not None:
            field = field_of(node.field)
            found = [self._clauses.phrase(field, words, node.slop)] if words else []
            return self._clauses.any_of(found)
        found = self._keyword_values(node.text)
        if node.slop and len(words) > 1:  # places count within one field
            fields = self._fields_with(words)
            found += [self._clauses.phrase(field, words, node.slop) for field in fields]
        elif words:
            found.append(self._clauses.phrase(None, words, node.slop))
        return self._clauses.any_of(found)

    def _fields_with(self, words: Sequence[str]) -> list[Field]:
        """Return the fields that have all of these words, as far as the dictionary tells."""
        return [
            field
            for field in self._marks.fields("ntbo", _MOST_PATHS)
            if all(self._searcher.doc_freq(f"words.{field.key}", word) for word in words)
        ]

    def _over_terms(self, path: str | None, query: _FieldQuery) -> Query:
        """Return a query over the terms of a field, or of all: words, and values of keywords."""
        if path is not None:
            field = field_of(path)
            return query(field, in_words=not field.is_keyword)
        values = [query(field, in_words=False) for field in self._marks.keywords()]
        return self._clauses.any_of([query(None, in_words=True), *values])

    def _prefix(self, node: tree.Prefix) -> Query:
        def query(field: Field | None, *, in_words: bool) -> Query:
            text = fold(node.text) if in_words and node.folded else node.text
            return self._clauses.prefix(field, text, in_words=in_words)

        return self._over_terms(node.field, query)

    def _wildcard(self, node: tree.Wildcard) -> Query:
        def query(field: Field | None, *, in_words: bool) -> Query:
            pattern = fold(node.pattern) if in_words and node.folded else node.pattern
            return self._clauses.pattern(field, _wildcard_regex(pattern), in_words=in_words)

        return self._over_terms(node.field, query)

    def _fuzzy(self, node: tree.Fuzzy) -> Query:
        def query(field: Field | None, *, in_words: bool) -> Query:
            text = fold(node.text) if in_words else node.text
            return self._clauses.fuzzy(field, text, node.edits, in_words=in_words)

        return self._over_terms(node.field, query)

    def _regexp(self, node: tree.Regexp) -> Query:
        def query(field: Field | None, *, in_words: bool) -> Query:
            try:
                pattern = plain_regex(fold(node.pattern) if in_words else node.pattern)
            except ValueError:
                return self._clauses.nothing
            if pattern is None:
                return self._clauses.nothing
            return self._clauses.pattern(field, pattern, in_words=in_words)

        return self._over_terms(node.field, query)

    def _range(self, node: tree.Range) -> Query:
        if node.low is None and node.high is None:
            return self._exists(tree.Exists(node.field)) if node.field else self._clauses.everything
        numbers = _number_bounds(node)
        if numbers is None:
            field = None if node.field is None else field_of(node.field)
            return text_range(self._clauses, self._marks, field, node)
        if node.field is not None:
            return self._clauses.numbers(field_of(node.field), *numbers, in_texts=True)
        fields = self._marks.fields("nm", _MOST_NUMERIC_PATHS)
        found = [self._clauses.numbers(field, *numbers, in_texts=True) for field in fields]
        return self._clauses.any_of(found)

    def _exists(self, node: tree.Exists) -> Query:
        return self._clauses.marked(*field_of(node.field).marks)

    def _near(self, node: tree.Near) -> Query:
        return near(self._searcher, self._clauses, node)

    def _similar(self, node: tree.Similar) -> Query:
        return similar(self._searcher, self._clauses, node)


_TRANSLATIONS: dict[type, Callable[[Translator, Any], Query]] = {
    tree.All: Translator._all,
    tree.Nothing: Translator._nothing,
    tree.Term: Translator._term,
    tree.Exact: Translator._exact,
    tree.Phrase: Translator._phrase,
    tree.Prefix: Translator._prefix,
    tree.Wildcard: Translator._wildcard,
    tree.Fuzzy: Translator._fuzzy,
    tree.Regexp: Translator._regexp,
    tree.Range: Translator._range,
    tree.Exists: Translator._exists,
    tree.Near: Translator._near,
    tree.Similar: Translator._similar,
}


def _number_bounds(node: tree.Range) -> tuple[int, int] | None:
    """Return the interval of encoded numbers; ``None`` where a bound is no number."""
    low = high = None
    if node.low is not None:
        low = number_of(node.low)
        if low is None:
            return None
    if node.high is not None:
        high = number_of(node.high)
        if high is None:
            return None
    first = LEAST if low is None else encode_number(low) + (not node.includes_low)
    last = GREATEST if high is None else encode_number(high) - (not node.includes_high)
    return first, last


def _wildcard_regex(pattern: str) -> str:
    parts: list[str] = []
    chars = iter(pattern)
    for char in chars:
        if char == "*":
            parts.append("(?s:.*)")
        elif char == "?":
            parts.append("(?s:.)")
        else:
            parts.append(re.escape(next(chars, "\\") if char == "\\" else char))
    return "".join(parts)
