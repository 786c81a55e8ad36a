"""The order of hits, and where a page begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from para_core.pager import Pager
from para_core.query.sorting import INDEXING_ORDER, Order, orders_of
from para_search_elasticsearch.connection import Json
from para_search_elasticsearch.fields import CUSTOM, place_of

__all__ = ["WINDOW", "cursor_of", "sort_of"]

WINDOW = 10_000
"""How many hits a cluster puts in order for one request (``index.max_result_window``)."""

_MOST_DIGITS = 19  # of a cursor


def sort_of(pager: Pager, *, nested: bool) -> list[Json]:
    """Return the order of a page; ties are in the order of last indexing, ascending.

    Each field is sorted by its number first and then by its text: what has no number counts as 0,
    what has no text as the empty one.
    """
    if pager.is_cursor:
        return [_by_indexing(Order(INDEXING_ORDER, pager.desc))]
    found: list[Json] = []
    for order in orders_of(pager):
        if order.field == INDEXING_ORDER:
            return [*found, _by_indexing(order)]  # no two documents have one number
        found += _by_field(order, nested=nested)
    return [*found, _by_indexing(Order(INDEXING_ORDER, is_descending=False))]


def _by_indexing(order: Order) -> Json:
    return {INDEXING_ORDER: {"order": _direction(order), "unmapped_type": "long"}}


def _by_field(order: Order, *, nested: bool) -> Sequence[Json]:
    place = place_of(order.field, nested=nested)
    common: dict[str, Any] = {"order": _direction(order)}
    if place.is_nested:
        only = {"term": {f"{CUSTOM}.k": place.key}}
        common["nested"] = {"path": CUSTOM, "filter": only}
    # the empty text is the first of all
    blank = "_last" if order.is_descending else "_first"
    return [
        {place.number: {**common, "missing": 0, "unmapped_type": "double"}},
        {place.text: {**common, "missing": blank, "unmapped_type": "keyword"}},
    ]


def _direction(order: Order) -> str:
    return "desc" if order.is_descending else "asc"


def cursor_of(pager: Pager) -> int | None:
    """Return the number that a cursor stands for; ``None`` when it is none of ours."""
    text = pager.last_key or ""
    is_number = text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS
    return min(int(text), 2**63 - 1) if is_number else None
