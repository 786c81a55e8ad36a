"""How a page is ordered."""

from __future__ import annotations

import pytest

from para_core.pager import Pager
from para_core.query.sorting import orders_of


@pytest.mark.parametrize(
    ("sort", "desc", "orders"),
    [
        ("name", True, [("name", True)]),
        ("name", False, [("name", False)]),
        ("", True, [("timestamp", True)]),
        (" ", False, [("timestamp", False)]),
        ("name:asc", True, [("name", False)]),
        ("name:desc", False, [("name", True)]),
        ("name:asc,", True, [("name", False)]),
        ("name,", False, [("name", True)]),
        ("a,b", False, [("a", True), ("b", True)]),
        ("a:asc, b:desc ,c", True, [("a", False), ("b", True), ("c", True)]),
        ("a:b", False, [("a:b", False)]),
        ("a:ASC", True, [("a:ASC", True)]),
        (",", True, [("timestamp", True)]),
        ("_docid", False, [("_docid", False)]),
        (":asc", True, [("timestamp", False)]),
    ],
)
def test_orders(sort: str, *, desc: bool, orders: list[tuple[str, bool]]) -> None:
    assert orders_of(Pager(sort=sort, desc=desc)) == orders
