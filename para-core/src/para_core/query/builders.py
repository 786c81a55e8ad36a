"""Trees for the kinds of search that are no query strings: by id, terms, prefix, place, ...

Each function takes what a caller sends and answers with a tree; what says nothing (a blank field,
no terms) finds ``Nothing``. The type of the objects is not part of a tree (``Search.find``).
Source: Para 1.54, the ``find...`` methods of ``Search``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from para_core.query.fields import Value, nested_path, number_of, place_of, text_form
from para_core.query.parser import parse_leniently
from para_core.query.tree import (
    All,
    Bool,
    Exact,
    Near,
    Node,
    Nothing,
    Prefix,
    Range,
    Similar,
    Wildcard,
)
from para_core.text import is_blank

__all__ = [
    "all_query",
    "children_of_places_query",
    "ids_query",
    "near_query",
    "nested_query",
    "prefix_query",
    "similar_query",
    "tagged_query",
    "tags_query",
    "terms_in_query",
    "terms_query",
    "wildcard_query",
]

_OPERATOR = re.compile(r"(.*?)\s*([<>]=?)\s*\Z", re.DOTALL)
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]+\Z")
_DEFAULT_RADIUS_KM = 10
_DEFAULT_SIMILAR = ("name",)
_LINKERS = Exact("type", "linker")


def all_query() -> Node:
    """Return what finds everything."""
    return All()


def ids_query(keys: Iterable[str]) -> Node:
    """Return what finds the objects with these ids; blank ones do not count."""
    return _any_of("id", keys)


def terms_query(terms: Mapping[str, Value | None], *, match_all: bool) -> Node:
    """Return what finds objects by the values of fields.

    Args:
        terms: Values by field. A field that ends in ``<``, ``<=``, ``>`` or ``>=`` asks for a
            range: of numbers where both sides are numbers, else of texts. Blank fields and
            missing values do not count; a blank value is never found.
        match_all: Whether all terms must match or one is enough.
    """
    nodes = [
        _term(field.strip(), text_form(value))
        for field, value in terms.items()
        if value is not None and not is_blank(field)
    ]
    if not nodes:
        return Nothing()
    if len(nodes) == 1:
        return nodes[0]
    return Bool(must=nodes) if match_all else Bool(should=nodes)


def _term(field: str, value: str) -> Node:
    if is_blank(value):
        return Nothing()
    found = _OPERATOR.match(field)
    if found is None:
        return Exact(field, value)
    name, operator = found.groups()
    includes = operator.endswith("=")
    if operator[0] == "<":
        return Range(name, None, value, includes_high=includes)
    return Range(name, value, None, includes_low=includes)


def terms_in_query(field: str, terms: Iterable[str]) -> Node:
    """Return what finds objects in whose field one of the terms is."""
    return Nothing() if is_blank(field) else _any_of(field, terms)


def prefix_query(field: str, prefix: str) -> Node:
    """Return what finds objects with a term in a field that begins so; case counts."""
    if is_blank(field) or is_blank(prefix):
        return Nothing()
    return Prefix(field, prefix, folded=False)


def wildcard_query(field: str, pattern: str) -> Node:
    """Return what finds objects with a term in a field like the pattern; case counts."""
    if is_blank(field) or is_blank(pattern):
        return Nothing()
    return Wildcard(field, pattern, folded=False)


def tagged_query(tags: Iterable[str]) -> Node:
    """Return what finds objects that carry all of these tags."""
    nodes: list[Node] = [Exact("tags", tag) for tag in dict.fromkeys(tags)]
    return Bool(must=nodes) if nodes else Nothing()


def tags_query(keyword: str) -> Node:
    """Return what finds tags that begin with a keyword, which may hold wildcards."""
    return Nothing() if is_blank(keyword) else Wildcard("tag", f"{keyword}*", folded=False)


def nested_query(field: str, text: str) -> Node:
    """Return what finds links by a query string over a field of the two objects they join."""
    if is_blank(field) or is_blank(text):
        return Nothing()
    return Bool(must=[_LINKERS, parse_leniently(text, field=nested_path(field))])


def similar_query(fields: Sequence[str], text: str, without: str = "") -> Node:
    """Return what finds objects like a text.

    Args:
        fields: Where to compare; ``name`` when there are none.
        text: What they should be like.
        without: The id of an object that is not wanted, if any.
    """
    if is_blank(text):
        return Nothing()
    kept = [field for field in fields if not is_blank(field)]
    similar = Similar(kept or _DEFAULT_SIMILAR, text)
    if is_blank(without):
        return similar
    return Bool(must=[similar], must_not=[Exact("id", without)])


def near_query(latlng: str, radius: str) -> Node:
    """Return what finds addresses near a place.

    Args:
        latlng: Latitude and longitude in degrees with a comma between them; what is no number
            counts as 0, and a place off the map has nothing near it.
        radius: Whole kilometres, 10 where it is no whole number; the sign does not count.
    """
    place = place_of(latlng)
    if place is None:
        return Nothing()
    digits = radius.strip()
    is_number = _WHOLE_NUMBER.match(digits) is not None
    return Near(*place, abs(number_of(digits) or 0.0) if is_number else _DEFAULT_RADIUS_KM)


def children_of_places_query(parents: Iterable[str], text: str) -> Node:
    """Return what finds the objects that addresses belong to, filtered by a query string."""
    return Bool(must=[ids_query(parents), parse_leniently(text if text.strip() else "*")])


def _any_of(field: str, values: Iterable[str]) -> Node:
    nodes: list[Node] = [
        Exact(field, value) for value in dict.fromkeys(values) if not is_blank(value)
    ]
    if not nodes:
        return Nothing()
    return Bool(should=nodes) if len(nodes) > 1 else nodes[0]
