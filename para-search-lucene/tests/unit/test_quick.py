"""Which searches run where they are called."""

from __future__ import annotations

import pytest

from para_core.pager import Pager
from para_core.query.tree import All, Bool, Exact, Node, Prefix, Term
from para_search_lucene.quick import is_quick

TWO_WORDS = Bool(must=[Term(None, "a"), Term(None, "b")])


@pytest.mark.parametrize(
    ("query", "pager", "documents", "expected"),
    [
        (TWO_WORDS, Pager(), 20_000, True),
        (All(), Pager(page=50), 20_000, True),
        (Exact("id", "x"), Pager(sort="_docid"), 20_000, True),
        (TWO_WORDS, Pager(), 1_000_000, False),
        (Prefix(None, "a"), Pager(), 20_000, False),
        (Prefix(None, "a"), Pager(sort="properties.x"), 500, True),
        (All(), Pager(sort="properties.x"), 20_000, False),
        (All(), Pager(page=1000, limit=256), 20_000, False),
        (Bool(should=[Term(None, "x")] * 17), Pager(), 20_000, False),
        (Bool(must=[Bool(must_not=[Prefix(None, "x")])]), Pager(), 20_000, False),
    ],
    ids=range(10),
)
def test_simple_searches_in_small_indexes_are_quick(
    query: Node,
    pager: Pager,
    documents: int,
    expected: bool,  # noqa: FBT001
) -> None:
    assert is_quick(query, pager, documents) is expected
