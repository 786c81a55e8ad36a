"""What a search must find, worked out from the JSON of each object in the plainest way.

It shares nothing with the engines but the tree: its own paths, words, comparisons and order. It
knows only as much as random objects and queries need (``para_core.testing.random_search``): words
of letters and digits, plain numbers, expressions that Python reads too.
"""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from para_core.contracts.dao import Record
from para_core.pager import Pager
from para_core.query import tree

__all__ = ["Plain", "expected", "is_hit", "plain"]

_Bound = TypeVar("_Bound", float, bytes)

_COMMON = {"id", "type", "name", "timestamp", "updated", "appid", "parentid", "creatorid", "tags"}
_FLAGS = {"votes", "version", "stored", "indexed", "cached"}
_DECLARED = {
    "linker": {*_COMMON, *_FLAGS, "id1", "id2", "type1", "type2", "nstd"},
    "address": {*_COMMON, *_FLAGS, "address", "country", "latlng"},
}
_WHOLE = {*_COMMON, "votes", "id1", "id2"}
_OF_LINKED = {"nstd.id", "nstd.type", "nstd.creatorid", "nstd.votes", "nstd.timestamp"}
_APART = {"id", "type", "creatorid", "votes", "timestamp", "stored"}
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


class Plain:
    """One object: its values by path, and those of the objects in it, if it is a link."""

    def __init__(self, record: Record, order: int) -> None:
        fields = json.loads(record.data)
        self.key, self.kind, self.order = record.id, record.type, order
        declared = _DECLARED.get(record.type, {*_COMMON, *_FLAGS})
        self.sorts: dict[str, Any] = {}
        own: dict[str, list[Any]] = {}
        for name, value in fields.items():
            if name not in ("nstd", "latlng"):
                _put(own, self.sorts, name if name in declared else f"properties.{name}", value)
        self.parts = [own]
        for inner in fields.get("nstd", []):
            part: dict[str, list[Any]] = {}
            for name, value in inner.items():
                _put(part, {}, f"nstd.{name}" if name in _APART else name, value)
            self.parts.append(part)
        self.place: list[float] | None = None
        if "latlng" in fields:
            self.place = [float(x) for x in fields["latlng"].split(",")]

    def values(self, path: str) -> list[Any]:
        """Return all values of a path."""
        return [value for part in self.parts for value in part.get(path, [])]

    def terms(self, path: str) -> list[str]:
        """Return whole values of keyword fields, words of others."""
        values = self.values(path)
        return list(map(_text, values)) if _is_whole(path) else [w for v in values for w in _cut(v)]


def plain(records: Sequence[Record]) -> list[Plain]:
    """Return objects in the order in which they are indexed; of equal ids the last counts."""
    made = {record.id: Plain(record, order) for order, record in enumerate(records)}
    return sorted(made.values(), key=lambda one: one.order)


def expected(
    everything: Sequence[Plain], node: tree.Node, kind: str | None, pager: Pager
) -> tuple[list[str], int]:
    """Return the keys of a page and the total."""
    hits = [p for p in everything if kind in (None, p.kind) and is_hit(node, p, everything)]
    parts = [part for part in pager.sort.split(",") if part]
    for part in reversed(parts):  # equal ones keep the order of the less telling fields
        name, _, direction = part.partition(":")
        is_desc = direction == "desc" or (not direction and (pager.desc or len(parts) > 1))
        groups: dict[Any, list[Plain]] = {}
        for hit in hits:
            groups.setdefault(_sort_value(hit, name), []).append(hit)
        keys = sorted(groups, reverse=is_desc)
        hits = [hit for key in keys for hit in groups[key]]
    start = max(pager.page - 1, 0) * pager.limit
    return [hit.key for hit in hits[start : start + pager.limit]], len(hits)


def is_hit(node: tree.Node, one: Plain, everything: Sequence[Plain]) -> bool:
    """Return whether an object matches a tree."""
    if isinstance(node, tree.Bool):
        must, should, must_not = (
            [is_hit(part, one, everything) for part in parts]
            for parts in (node.must, node.should, node.must_not)
        )
        if not (must or should or must_not) or any(must_not) or not all(must):
            return False
        return bool(must) or not should or any(should)
    if isinstance(node, tree.Near):
        return one.place is not None and _distance(node, one.place) <= node.radius_km
    if isinstance(node, tree.Similar):
        return _is_similar(node, one, everything)
    if isinstance(node, tree.All | tree.Nothing):
        return isinstance(node, tree.All)
    paths = [node.field] if node.field else sorted({p for part in one.parts for p in part})
    return any(_is_on_path(node, one, path) for path in paths)


def _is_on_path(  # noqa: PLR0911, C901 - one case a node
    node: tree.Node, one: Plain, path: str
) -> bool:
    whole, terms, values = _is_whole(path), one.terms(path), one.values(path)
    match node:
        case tree.Exists():
            return bool(values)
        case tree.Term(_, text):
            return text in terms if whole else bool(set(_cut(text)) & set(terms))
        case tree.Exact(_, value):
            numbers = [v for v in values if _is_number(v)]
            if _NUMBER.fullmatch(value) and float(value) in map(float, numbers):
                return True
            return value in terms or value in map(_text, values)
        case tree.Phrase(_, text, slop):
            return text in terms if whole else _has_phrase(one, path, _cut(text), slop)
        case tree.Prefix(_, text, folded):
            return any(t.startswith(text if whole or not folded else text.lower()) for t in terms)
        case tree.Wildcard(_, pattern, folded):
            wild = "".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in pattern)
            return _fits(wild if whole or not folded else wild.lower(), terms)
        case tree.Regexp(_, pattern):
            return _fits(pattern if whole else pattern.lower(), terms)
        case tree.Fuzzy(_, text, edits):
            return any(_edits(text if whole else text.lower(), t, edits) for t in terms)
        case tree.Range():
            return _in_range(node, path, one)
    raise AssertionError(node)


def _put(values: dict[str, list[Any]], sorts: dict[str, Any], path: str, value: object) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            _put(values, sorts, f"{path}.{name}", inner)
    elif isinstance(value, list):
        kept = [item for item in value if item != ""]
        if kept:
            values.setdefault(path, []).extend(kept)
            sorts[path] = "".join(_text(item) + "," for item in kept)
    elif value not in ("", None):
        values.setdefault(path, []).append(value)
        sorts[path] = value if _is_number(value) else _text(value)


def _sort_value(one: Plain, name: str) -> tuple[float, bytes, int]:
    if name == "_docid":
        return 0, b"", one.order
    value = one.sorts.get(name, "")
    return (value, b"", 0) if _is_number(value) else (0, value.encode(), 0)


def _is_whole(path: str) -> bool:
    return path in _WHOLE or path in _OF_LINKED


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _cut(value: object) -> list[str]:
    text = _text(value).lower()
    return [text.lstrip("-")] if _NUMBER.fullmatch(text) else re.findall(r"\d+\.\d+|\w+", text)


def _fits(pattern: str, terms: list[str]) -> bool:
    return any(re.fullmatch(pattern, term, re.DOTALL) for term in terms)


def _edits(text: str, term: str, edits: int) -> bool:
    """Try every edit, as deep as allowed."""
    if text == term:
        return True
    if edits == 0 or not (text or term):
        return False
    if text and term and text[0] == term[0] and _edits(text[1:], term[1:], edits):
        return True
    if text[:2] == term[1::-1] and len(text) > 1 and _edits(text[2:], term[2:], edits - 1):
        return True
    return (
        (bool(text) and _edits(text[1:], term, edits - 1))
        or (bool(term) and _edits(text, term[1:], edits - 1))
        or (bool(text and term) and _edits(text[1:], term[1:], edits - 1))
    )


def _has_phrase(one: Plain, path: str, words: list[str], slop: int) -> bool:
    for part in one.parts:
        text = [word for value in part.get(path, []) for word in _cut(value)]
        places = [[i for i, word in enumerate(text) if word == wanted] for wanted in words]
        for chosen in itertools.product(*places) if words else ():
            shifts = [place - i for i, place in enumerate(chosen)]
            if len(set(chosen)) == len(chosen) and max(shifts) - min(shifts) <= slop:
                return True
    return False


def _in_range(node: tree.Range, path: str, one: Plain) -> bool:
    given = [bound for bound in (node.low, node.high) if bound is not None]
    if not given:
        return bool(one.values(path))
    if all(map(_NUMBER.fullmatch, given)):
        texts = [_text(value) for value in one.values(path) if not isinstance(value, bool)]
        numbers = [float(text) for text in texts if _NUMBER.fullmatch(text)]
        bounds = [None if b is None else float(b) for b in (node.low, node.high)]
        return any(_is_between(number, bounds, node) for number in numbers)
    raw = [None if b is None else b.encode() for b in (node.low, node.high)]
    if any(_is_between(_text(value).encode(), raw, node) for value in one.values(path)):
        return True
    lower = [None if b is None else b.lower().encode() for b in (node.low, node.high)]
    return not _is_whole(path) and any(
        _is_between(t.encode(), lower if node.folded else raw, node) for t in one.terms(path)
    )


def _is_between(value: _Bound, bounds: Sequence[_Bound | None], node: tree.Range) -> bool:
    low, high = bounds
    above = low is None or value > low or (node.includes_low and value == low)
    return bool(above and (high is None or value < high or (node.includes_high and value == high)))


def _distance(node: tree.Near, place: list[float]) -> float:
    """Return the way over the sphere, by the angle between two vectors."""
    one, two = (_vector(*map(math.radians, point)) for point in ((node.lat, node.lng), place))
    cross = math.dist((0, 0, 0), _cross(one, two))
    return 6371.0087714 * math.atan2(cross, sum(a * b for a, b in zip(one, two, strict=True)))


def _vector(lat: float, lng: float) -> tuple[float, float, float]:
    return math.cos(lat) * math.cos(lng), math.cos(lat) * math.sin(lng), math.sin(lat)


def _cross(a: tuple[float, ...], b: tuple[float, ...]) -> Iterator[float]:
    return (a[i - 2] * b[i - 1] - a[i - 1] * b[i - 2] for i in range(3))


def _is_similar(node: tree.Similar, one: Plain, everything: Sequence[Plain]) -> bool:
    words = _cut(node.text)
    having = [p for p in everything if any(p.values(field) for field in node.fields)]
    scores = []
    for word in set(words):
        known = sum(any(word in p.terms(field) for field in node.fields) for p in having)
        if known:
            weight = 1 + math.log((len(having) + 1) / (known + 1))
            scores.append((-words.count(word) * weight, word))
    best = [word for _, word in sorted(scores)[:5]]
    shared = sum(any(word in one.terms(field) for field in node.fields) for word in best)
    return bool(best) and shared >= max(math.floor(0.7 * len(best)), 1)
