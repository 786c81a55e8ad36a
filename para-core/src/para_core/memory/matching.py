"""Evaluates query trees over documents, one by one, just as the nodes are defined.

Slow and simple on purpose: this is what the index engines are held against.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from para_core.memory.entries import (
    Entry,
    TermTest,
    has_phrase,
    is_close_to,
    is_like,
    matches_regexp,
)
from para_core.query.analysis import analyse, fold
from para_core.query.fields import is_keyword, number_of, text_form
from para_core.query.tree import (
    All,
    Bool,
    Exact,
    Exists,
    Fuzzy,
    Near,
    Node,
    Nothing,
    Phrase,
    Prefix,
    Range,
    Regexp,
    Similar,
    Term,
    Wildcard,
)

__all__ = ["Predicate", "predicate_of"]

Predicate = Callable[[Entry], bool]
_PathTest = Callable[[Entry, str], bool]

_EARTH_RADIUS_KM = 6371.0087714  # the mean radius, as Lucene takes it
_SIMILAR_WORDS, _SIMILAR_SHARE, _SIMILAR_READ = 5, 0.7, 5000


def predicate_of(node: Node, entries: Sequence[Entry]) -> Predicate:  # noqa: PLR0911 - one per node
    """Return a function that says whether an entry matches.

    Args:
        node: What is looked for.
        entries: All entries of the app; what is similar depends on them.
    """
    match node:
        case All():
            return lambda _: True
        case Nothing():
            return lambda _: False
        case Bool():
            return _bool(node, entries)
        case Near():
            return partial(_is_near, node)
        case Similar():
            return _similar(node, entries)
        case Exists(field):
            return lambda entry: entry.has(field)
        case _:
            return _on_fields(node.field, _path_test(node))


def _bool(node: Bool, entries: Sequence[Entry]) -> Predicate:
    must, should, must_not = (
        [predicate_of(part, entries) for part in parts]
        for parts in (node.must, node.should, node.must_not)
    )

    def matches(entry: Entry) -> bool:
        if not all(part(entry) for part in must) or any(part(entry) for part in must_not):
            return False
        if must or not should:
            return bool(must or must_not)
        return any(part(entry) for part in should)

    return matches


def _on_fields(field: str | None, test: _PathTest) -> Predicate:
    if field is not None:
        return lambda entry: test(entry, field)
    return lambda entry: any(test(entry, path) for path in entry.paths())


def _path_test(  # noqa: PLR0911 - one per node
    node: Term | Exact | Phrase | Prefix | Wildcard | Fuzzy | Regexp | Range,
) -> _PathTest:
    match node:
        case Term(_, text):
            return _term(text)
        case Exact(_, value):
            return _exact(value)
        case Phrase():
            return _phrase(node)
        case Prefix(_, text, folded):
            return _by_term(text, lambda text: lambda term: term.startswith(text), folded=folded)
        case Wildcard(_, pattern, folded):
            return _by_term(pattern, is_like, folded=folded)
        case Fuzzy(_, text, edits):
            return _by_term(text, lambda text: is_close_to(text, edits))
        case Regexp(_, pattern):
            return _by_term(pattern, matches_regexp)
        case Range():
            return _range(node)


# ---- tests of one path ---------------------------------------------------------------------------


def _term(text: str) -> _PathTest:
    words = frozenset(analyse(text))

    def test(entry: Entry, path: str) -> bool:
        if is_keyword(path):
            return text in entry.terms(path)
        return not words.isdisjoint(entry.terms(path))

    return test


def _exact(value: str) -> _PathTest:
    number = number_of(value)

    def test(entry: Entry, path: str) -> bool:
        return value in entry.terms(path) or any(
            text_form(found) == value
            or (number is not None and not isinstance(found, str) and number_of(found) == number)
            for found in entry.values(path)
        )

    return test


def _phrase(node: Phrase) -> _PathTest:
    words = analyse(node.text)

    def test(entry: Entry, path: str) -> bool:
        if is_keyword(path):
            return node.text in entry.terms(path)
        return bool(words) and any(has_phrase(t, words, node.slop) for t in entry.words(path))

    return test


def _by_term(text: str, make: Callable[[str], TermTest], *, folded: bool = True) -> _PathTest:
    """Test each term; on analysed fields, whose words are in lower case, by the folded text."""
    whole = make(text)
    lower = make(fold(text)) if folded else whole
    return lambda entry, path: any(map(whole if is_keyword(path) else lower, entry.terms(path)))


def _range(node: Range) -> _PathTest:
    given = [bound for bound in (node.low, node.high) if bound is not None]
    if not given:
        return Entry.has
    if all(number_of(bound) is not None for bound in given):
        return _number_range(node)
    whole = _between(_bytes(node.low), _bytes(node.high), node)
    word = _between(_bytes(_folded(node.low)), _bytes(_folded(node.high)), node)
    if not node.folded:
        word = whole

    def test(entry: Entry, path: str) -> bool:
        if any(whole(_bytes(text_form(value)) or b"") for value in entry.values(path)):
            return True
        return not is_keyword(path) and any(word(_bytes(t) or b"") for t in entry.terms(path))

    return test


def _number_range(node: Range) -> _PathTest:
    low = None if node.low is None else number_of(node.low)
    high = None if node.high is None else number_of(node.high)
    inside = _between(low, high, node)

    def test(entry: Entry, path: str) -> bool:
        numbers = map(number_of, entry.values(path))
        return any(number is not None and inside(number) for number in numbers)

    return test


_Ordered = TypeVar("_Ordered", float, bytes)


def _between(
    low: _Ordered | None, high: _Ordered | None, node: Range
) -> Callable[[_Ordered], bool]:
    def inside(value: _Ordered) -> bool:
        if low is not None and (value < low or (value == low and not node.includes_low)):
            return False
        return high is None or value < high or (value == high and node.includes_high)

    return inside


def _folded(text: str | None) -> str | None:
    return None if text is None else fold(text)


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else text.encode("utf-8", "surrogatepass")


# ---- tests of whole documents --------------------------------------------------------------------


def _is_near(node: Near, entry: Entry) -> bool:
    if entry.document.point is None:
        return False
    lat1, lng1, lat2, lng2 = map(math.radians, (node.lat, node.lng, *entry.document.point))
    half = math.sin((lat2 - lat1) / 2) ** 2
    half += math.cos(lat1) * math.cos(lat2) * math.sin((lng2 - lng1) / 2) ** 2
    return 2 * _EARTH_RADIUS_KM * math.asin(math.sqrt(min(half, 1))) <= node.radius_km


def _similar(node: Similar, entries: Sequence[Entry]) -> Predicate:
    counts = Counter(analyse(node.text)[:_SIMILAR_READ])
    bags = [_terms_in(entry, node.fields) for entry in entries]
    having = sum(any(map(entry.has, node.fields)) for entry in entries)
    scores: dict[str, float] = {}
    for word, count in counts.items():
        known = sum(word in bag for bag in bags)
        if known:
            scores[word] = count * (1 + math.log((having + 1) / (known + 1)))
    best = sorted(scores, key=lambda word: (-scores[word], word))[:_SIMILAR_WORDS]
    if not best:
        return lambda _: False
    least = max(int(_SIMILAR_SHARE * len(best)), 1)
    return lambda entry: len(_terms_in(entry, node.fields).intersection(best)) >= least


def _terms_in(entry: Entry, fields: Sequence[str]) -> set[str]:
    return {term for field in fields for term in entry.terms(field)}
