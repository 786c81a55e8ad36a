"""Queries of the cluster for one path at a time, and how they are joined. They only filter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from para_search_elasticsearch.fields import CUSTOM, Place

__all__ = ["EVERYTHING", "NOTHING", "Clause", "all_of", "any_of", "at", "has_any", "within"]

Clause = dict[str, Any]

EVERYTHING: Clause = {"match_all": {}}
NOTHING: Clause = {"match_none": {}}

_KEY, _LEAST = f"{CUSTOM}.k", "minimum_should_match"


def any_of(clauses: Sequence[Clause], least: int = 1) -> Clause:
    """Return what any of the clauses finds, or so many of them."""
    found = [clause for clause in clauses if clause is not NOTHING]
    if least == 1:
        found = _joined(found)
    if len(found) < least:
        return NOTHING
    if len(found) == 1:
        return found[0]
    return {"bool": {"should": found, "minimum_should_match": least}}


def _joined(clauses: Sequence[Clause]) -> list[Clause]:
    """Return alternatives with those of one field as one clause: a cluster takes 1024."""
    terms: dict[str, dict[Any, None]] = {}
    items: dict[str, list[Clause]] = {}
    others: list[Clause] = []
    for clause in _flat(clauses):
        if "term" in clause or "terms" in clause:
            ((field, value),) = (clause.get("term") or clause["terms"]).items()
            values = value if isinstance(value, list) else [value]
            terms.setdefault(field, {}).update(dict.fromkeys(values))
        elif "nested" in clause:
            key, inner = clause["nested"]["query"]["bool"]["filter"]
            items.setdefault(key["term"][_KEY], []).append(inner)
        else:
            others.append(clause)
    found = [has_any(field, list(values)) for field, values in terms.items()]
    return found + [_item(key, any_of(inner)) for key, inner in items.items()] + others


def _flat(clauses: Sequence[Clause]) -> Iterator[Clause]:
    for clause in clauses:
        inner = clause.get("bool", {})
        if inner.keys() == {"should", "minimum_should_match"} and inner[_LEAST] == 1:
            yield from inner["should"]
        else:
            yield clause


def has_any(field: str, values: Sequence[object]) -> Clause:
    """Return what has one of these terms, or numbers, in a field."""
    if not values:
        return NOTHING
    return {"term": {field: values[0]}} if len(values) == 1 else {"terms": {field: list(values)}}


def all_of(clauses: Sequence[Clause], but_not: Sequence[Clause] = ()) -> Clause:
    """Return what all of the clauses find and none of the others does."""
    filters: list[Clause] = []
    excluded: list[Clause] = []
    for clause in clauses:
        parts = _parts(clause)
        if parts is None:
            filters.append(clause)
        else:  # one level less: clusters take no deep queries
            filters += parts[0]
            excluded += parts[1]
    for clause in but_not:
        parts = _parts(clause)
        if parts is not None and not parts[0] and len(parts[1]) == 1:
            filters += parts[1]
        elif clause is not NOTHING:
            excluded.append(clause)
    filters = [clause for clause in filters if clause is not EVERYTHING]
    if NOTHING in filters:
        return NOTHING
    if not filters and not excluded:
        return EVERYTHING
    if len(filters) == 1 and not excluded:
        return filters[0]
    found: Clause = {"filter": filters} if filters else {}
    return {"bool": found | ({"must_not": excluded} if excluded else {})}


def _parts(clause: Clause) -> tuple[list[Clause], list[Clause]] | None:
    """Return what must and what must not be, of a clause that ``all_of`` made."""
    inner = clause.get("bool")
    if inner is None or "should" in inner:
        return None
    return inner.get("filter", []), inner.get("must_not", [])


def at(place: Place, clause: Clause) -> Clause:
    """Return what a clause about the fields of a place finds there."""
    if not place.is_nested or clause is NOTHING:
        return clause
    return _item(place.key, clause)


def _item(key: str, clause: Clause) -> Clause:
    item = {"bool": {"filter": [{"term": {_KEY: key}}, clause]}}
    return {
        "nested": {"path": CUSTOM, "ignore_unmapped": True, "score_mode": "none", "query": item}
    }


def within(field: str, **bounds: object) -> Clause:
    """Return values between bounds: ``gt``, ``gte``, ``lt``, ``lte``; ``None`` is an open end."""
    return {"range": {field: {name: bound for name, bound in bounds.items() if bound is not None}}}
