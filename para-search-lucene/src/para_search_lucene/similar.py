"""Documents that share the telling words of a text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import log
from typing import Any

from tantivy import Occur, Query, Searcher

from para_core.query import tree
from para_core.query.analysis import analyse
from para_search_lucene.clauses import Clauses
from para_search_lucene.schema import Field, field_of

__all__ = ["similar"]

_WORDS, _SHARE, _READ = 5, 0.7, 5000
_COUNTED = 200  # words whose documents are counted one by one; the others are out of the question


def similar(searcher: Searcher, clauses: Clauses, node: tree.Similar) -> Query:
    """Return documents that have enough of the telling words in the given fields.

    These are the five with the highest tf-idf; a document needs seven tenths of them.
    """
    fields = [field_of(path) for path in node.fields]
    counts = Counter(analyse(node.text)[:_READ])
    if not fields or not counts:
        return clauses.nothing
    having = _count(searcher, clauses.marked(*(mark for field in fields for mark in field.marks)))
    scores = dict[str, float]()
    for word in _candidates(searcher, fields, counts):
        known = _count(searcher, _has_word(clauses, fields, word))
        if known:
            scores[word] = counts[word] * (1 + log((having + 1) / (known + 1)))
    best = sorted(scores, key=lambda word: (-scores[word], word))[:_WORDS]
    if not best:
        return clauses.nothing
    parts = [(Occur.Should, _has_word(clauses, fields, word)) for word in best]
    return Query.boolean_query(parts, max(int(_SHARE * len(best)), 1))


def _candidates(searcher: Searcher, fields: Sequence[Field], counts: Counter[str]) -> list[str]:
    """Return the words that are in the index, the most telling ones as far as that is cheap to say.

    Document frequencies count deleted documents too, so they only choose what is counted exactly.
    """
    rough: dict[str, float] = {}
    for word, times in counts.items():
        found = sum(searcher.doc_freq(_column(field), word) for field in fields)
        if found:
            rough[word] = times * (1 + log((searcher.num_docs + 1) / (found + 1)))
    if len(rough) <= _COUNTED:
        return list(rough)
    return sorted(rough, key=lambda word: (-rough[word], word))[:_COUNTED]


def _has_word(clauses: Clauses, fields: Sequence[Field], word: str) -> Query:
    return clauses.any_of(
        [
            clauses.value(field, word) if field.is_keyword else clauses.word(field, word)
            for field in fields
        ]
    )


def _column(field: Field) -> str:
    if field.is_own:
        return field.path
    return f"exact.{field.key}" if field.is_keyword else f"words.{field.key}"


def _count(searcher: Searcher, query: Query) -> int:
    found: Any = searcher.search(query, limit=1, count=True)
    return int(found.count)
