"""Reads how a page is ordered: the fields of ``Pager.sort`` and their directions."""

from __future__ import annotations

from typing import NamedTuple

from para_core.pager import Pager

__all__ = ["DEFAULT_SORT", "INDEXING_ORDER", "Order", "orders_of"]

DEFAULT_SORT = "timestamp"
INDEXING_ORDER = "_docid"


class Order(NamedTuple):
    """One field to sort by."""

    field: str
    is_descending: bool


def orders_of(pager: Pager) -> list[Order]:
    """Return the fields to sort by, the first counting most.

    ``a:asc,b:desc`` names directions; without one a single field follows ``Pager.desc``, while
    several are descending, a comma at the end included. Blank means the newest first, or the oldest
    with ``desc`` false. Source: Para 1.54, ``LuceneUtils.getSortFieldForQuery``.
    """
    if "," not in pager.sort:
        field, direction = _split(pager.sort)
        is_descending = pager.desc if direction is None else direction == "desc"
        return [Order(field or DEFAULT_SORT, is_descending)]
    parts = [_split(part) for part in pager.sort.split(",")]
    orders = [Order(field, direction != "asc") for field, direction in parts if field]
    return orders or [Order(DEFAULT_SORT, pager.desc)]


def _split(part: str) -> tuple[str, str | None]:
    name, colon, direction = part.strip().rpartition(":")
    if colon and direction in ("asc", "desc"):
        return name.strip(), direction
    return part.strip(), None
