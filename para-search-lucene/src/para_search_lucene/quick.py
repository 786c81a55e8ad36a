"""Which searches are answered in less time than it takes to wake up a thread."""

from __future__ import annotations

from para_core.pager import Pager
from para_core.query.sorting import DEFAULT_SORT, INDEXING_ORDER
from para_core.query.tree import All, Bool, Exact, Exists, Node, Nothing, Term

__all__ = ["is_quick"]

_FEW_DOCUMENTS = 1_000  # any search is quick
_SOME_DOCUMENTS = 30_000  # simple ones are: some 0.4 ms of CPU for 20,000 documents
_FAR = 10_000  # hits before a page
_MOST_CLAUSES = 16
_SIMPLE = (Term, Exact, Exists, All, Nothing)
_SIMPLE_SORTS = ("", DEFAULT_SORT, INDEXING_ORDER, "updated")


def is_quick(query: Node, pager: Pager, documents: int) -> bool:
    """Return whether a search may run on the event loop.

    Args:
        query: What is looked for.
        pager: In which order, and how far from the beginning.
        documents: How many documents the index has.
    """
    if documents <= _FEW_DOCUMENTS:
        return True
    return (
        documents <= _SOME_DOCUMENTS
        and pager.sort in _SIMPLE_SORTS
        and pager.offset <= _FAR
        and _clauses_left(query, _MOST_CLAUSES) >= 0
    )


def _clauses_left(query: Node, clauses: int) -> int:
    """Return how many clauses are left of those that a quick search may have, or -1."""
    if not isinstance(query, Bool):
        return clauses - 1 if isinstance(query, _SIMPLE) else -1
    for part in (*query.must, *query.should, *query.must_not):
        clauses = _clauses_left(part, clauses)
        if clauses < 0:
            return -1
    return clauses
