"""Turns a query tree into a query of the cluster; no text of a client is ever read there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from para_core.query import tree
from para_core.query.analysis import analyse, fold
from para_core.query.fields import number_of
from para_search_elasticsearch.clauses import (
    EVERYTHING,
    NOTHING,
    Clause,
    all_of,
    any_of,
    at,
    has_any,
    within,
)
from para_search_elasticsearch.documents import as_double
from para_search_elasticsearch.fields import Place, key_of, place_of, whole_term
from para_search_elasticsearch.mapping import WORDS
from para_search_elasticsearch.regexps import FLAGS, cut, is_too_long, lucene_regexp

__all__ = ["Likeness", "Translator"]

_SLACK_M = 0.03  # places are kept to a centimetre
_FARTHEST_M = 20_100_000.0  # half around the world
_LONGEST_FUZZY = 300  # characters; the automaton of a longer text would take seconds

Likeness = dict[tree.Similar, Sequence[str]]
"""The telling words of each text that objects are to be like, as the index of the app has them."""


class _OnField(Protocol):
    """Makes a clause about one field, whose terms are words or whole values."""

    def __call__(self, field: str, *, in_words: bool) -> Clause: ...


class Translator:
    """Translates trees for indexes of one form."""

    def __init__(self, *, nested: bool, likeness: Likeness) -> None:
        self._nested, self._likeness = nested, likeness

    def query(self, node: tree.Node) -> Clause:
        """Return the query for a tree."""
        if isinstance(node, tree.Bool):
            return self._bool(node)
        try:
            return _TRANSLATIONS[type(node)](self, node)
        except UnicodeEncodeError:  # half a character: no stored text has one
            return NOTHING

    def place(self, path: str) -> Place:
        """Return the fields of a path."""
        return place_of(path, nested=self._nested)

    # ---- joined nodes -------------------------------------------------------------------------

    def _bool(self, node: tree.Bool) -> Clause:
        excluded = [self.query(part) for part in node.must_not]
        if node.must:
            return all_of([self.query(part) for part in node.must], excluded)
        if node.should:
            return all_of([any_of(self._alternatives(node.should))], excluded)
        return all_of([], excluded) if excluded else NOTHING

    def _alternatives(self, nodes: Sequence[tree.Node]) -> list[Clause]:
        """Translate what is one of many; exact values of one field become one clause."""
        exact: dict[str, list[str]] = {}
        for node in nodes:
            if isinstance(node, tree.Exact) and _is_text(node.value):
                exact.setdefault(node.field, []).append(node.value)
        found = [self._exact_values(path, values) for path, values in exact.items()]
        return found + [self.query(node) for node in nodes if not isinstance(node, tree.Exact)]

    # ---- nodes --------------------------------------------------------------------------------

    def _all(self, _: tree.All) -> Clause:
        return EVERYTHING

    def _nothing(self, _: tree.Nothing) -> Clause:
        return NOTHING

    def _term(self, node: tree.Term) -> Clause:
        words, whole = analyse(_sound(node.text)), whole_term(node.text)
        if node.field is None:
            return any_of([has_any("_words", words), has_any("_keys", [whole])])
        place = self.place(node.field)
        if place.is_keyword:
            return at(place, has_any(place.whole, [whole]))
        return at(place, has_any(place.words, words))

    def _exact(self, node: tree.Exact) -> Clause:
        return self._exact_values(node.field, [_sound(node.value)])

    def _exact_values(self, path: str, values: Sequence[str]) -> Clause:
        place = self.place(path)
        found = [has_any(place.whole, list(map(whole_term, values)))]
        if not place.is_keyword:
            found.append(has_any(place.words, values))
        numbers = [as_double(n) for value in values if (n := number_of(value)) is not None]
        if numbers:
            found += [has_any(name, numbers) for name in (place.number, place.numbers)]
        return at(place, any_of(found))

    def _phrase(self, node: tree.Phrase) -> Clause:
        words = analyse(_sound(node.text))
        whole = whole_term(node.text)
        if node.field is None:
            return any_of([_phrase("_words", words, node.slop), has_any("_keys", [whole])])
        place = self.place(node.field)
        if place.is_keyword:
            return at(place, has_any(place.whole, [whole]))
        return at(place, _phrase(place.words, words, node.slop))

    def _over_terms(self, path: str | None, make: _OnField) -> Clause:
        """Return a clause over the terms of a path, or of all: words, and whole keywords."""
        if path is None:
            return any_of([make("_words", in_words=True), make("_keys", in_words=False)])
        place = self.place(path)
        if place.is_keyword:
            return at(place, make(place.whole, in_words=False))
        return at(place, make(place.words, in_words=True))

    def _prefix(self, node: tree.Prefix) -> Clause:
        def make(field: str, *, in_words: bool) -> Clause:
            text = _sound(fold(node.text) if in_words and node.folded else node.text)
            return NOTHING if is_too_long(text) else {"prefix": {field: {"value": text}}}

        return self._over_terms(node.field, make)

    def _wildcard(self, node: tree.Wildcard) -> Clause:
        def make(field: str, *, in_words: bool) -> Clause:
            pattern = fold(node.pattern) if in_words and node.folded else node.pattern
            if is_too_long(pattern):
                return NOTHING
            return {"wildcard": {field: {"value": pattern}}}

        return self._over_terms(node.field, make)

    def _fuzzy(self, node: tree.Fuzzy) -> Clause:
        def make(field: str, *, in_words: bool) -> Clause:
            text = _sound(fold(node.text) if in_words else node.text)
            if not node.edits or len(text) > _LONGEST_FUZZY:
                return {"term": {field: text}}
            asked = {"value": text, "fuzziness": node.edits, "rewrite": "constant_score"}
            return {"fuzzy": {field: asked}}

        return self._over_terms(node.field, make)

    def _regexp(self, node: tree.Regexp) -> Clause:
        def make(field: str, *, in_words: bool) -> Clause:
            pattern = lucene_regexp(fold(node.pattern) if in_words else node.pattern)
            if pattern is None:
                return NOTHING
            return {"regexp": {field: {"value": _sound(pattern), "flags": FLAGS}}}

        return self._over_terms(node.field, make)

    def _range(self, node: tree.Range) -> Clause:
        given = [bound for bound in (node.low, node.high) if bound is not None]
        if not given:
            return EVERYTHING if node.field is None else self._exists(tree.Exists(node.field))
        place = None if node.field is None else self.place(node.field)
        if all(number_of(bound) is not None for bound in given):
            inside = _bounds(node, lambda bound: as_double(number_of(bound) or 0.0))
            if place is None:
                return within("_values", **inside)
            names = (place.number, place.numbers, place.written)
            return at(place, any_of([within(name, **inside) for name in names]))
        return self._text_range(place, node)

    def _text_range(self, place: Place | None, node: tree.Range) -> Clause:
        whole = _bounds(node, cut)
        words = _bounds(node, lambda bound: cut(fold(bound))) if node.folded else whole
        if place is None:
            wholes = [within(name, **whole) for name in ("_keys", "_wholes")]
            return any_of([*wholes, within("_words", **words)])
        found = [within(place.whole, **whole)]
        if not place.is_keyword:
            found.append(within(place.words, **words))
        return at(place, any_of(found))

    def _exists(self, node: tree.Exists) -> Clause:
        return {"term": {"_paths": key_of(node.field)}}

    def _near(self, node: tree.Near) -> Clause:
        distance = min(node.radius_km * 1000 + _SLACK_M, _FARTHEST_M)
        point = {"lat": node.lat, "lon": node.lng}
        return {"geo_distance": {"distance": f"{distance}m", "latlng": point}}

    def _similar(self, node: tree.Similar) -> Clause:
        words = self._likeness[node]
        least = max(len(words) * 7 // 10, 1)
        return any_of([self.word(node.fields, word) for word in words], least)

    def word(self, paths: Sequence[str], word: str) -> Clause:
        """Return the documents that have a term in any of these paths."""
        found = []
        for path in dict.fromkeys(paths):
            place = self.place(path)
            field = place.whole if place.is_keyword else place.words
            found.append(at(place, {"term": {field: word}}))
        return any_of(found)


_TRANSLATIONS: dict[type, Callable[[Translator, Any], Clause]] = {
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


def _sound(text: str) -> str:
    """Return the text, if it is one: half a character cannot be sent, and is nowhere stored."""
    text.encode()
    return text


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _phrase(field: str, words: Sequence[str], slop: int) -> Clause:
    if len(words) <= 1:
        return has_any(field, words)
    asked = {"query": " ".join(words), "slop": slop, "analyzer": WORDS}
    return {"match_phrase": {field: asked}}


def _bounds(node: tree.Range, make: Callable[[str], object]) -> dict[str, object]:
    return {
        "gte" if node.includes_low else "gt": None if node.low is None else make(node.low),
        "lte" if node.includes_high else "lt": None if node.high is None else make(node.high),
    }
