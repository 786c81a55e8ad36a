"""Documents that share the telling words of a text."""

from __future__ import annotations

from collections import Counter
from math import log

from tantivy import Occur, Query, Searcher

from para_core.query import tree
from para_core.query.analysis import analyse
from para_search_lucene.clauses import Clauses
from para_search_lucene.marks import Marks
from para_search_lucene.schema import field_of

__all__ = ["similar"]

_MOST_TERMS, _SHARE = 25, 0.7
_MOST_WORDS = 5000


def similar(searcher: Searcher, clauses: Clauses, marks: Marks, node: tree.Similar) -> Query:
    """Return documents that have at least 70 % of the telling words."""
    del marks
    counts = Counter(analyse(node.text)[:_MOST_WORDS])
    total = searcher.num_docs
    scored: list[tuple[float, str, str]] = []
    for path in node.fields:
        field = field_of(path)
        name = f"exact.{field.key}" if field.is_keyword else f"words.{field.key}"
        for word, times in counts.items():
            found = searcher.doc_freq(name, word)
            if found:
                scored.append((-times * (1 + log((total + 1) / (found + 1))), path, word))
    kept = sorted(scored)[:_MOST_TERMS]
    if not kept:
        return clauses.nothing
    queries = []
    for _, path, word in kept:
        field = field_of(path)
        queries.append(
            clauses.value(field, word) if field.is_keyword else clauses.word(field, word)
        )
    least = max(1, int(_SHARE * len(kept)))
    return Query.boolean_query([(Occur.Should, query) for query in queries], least)
