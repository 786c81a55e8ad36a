"""Which words of a text are telling, as the index of an app has them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from para_core.query import tree
from para_core.query.analysis import analyse
from para_search_elasticsearch.clauses import Clause, any_of
from para_search_elasticsearch.connection import Json
from para_search_elasticsearch.fields import key_of
from para_search_elasticsearch.translate import Translator

__all__ = ["asked_counts", "counting", "likenesses", "telling_words"]

_MOST_READ, _MOST_KEPT = 5000, 5


def likenesses(node: tree.Node) -> Iterator[tree.Similar]:
    """Yield the nodes of a tree that need to know which words are telling."""
    if isinstance(node, tree.Similar):
        yield node
    elif isinstance(node, tree.Bool):
        for part in (*node.must, *node.should, *node.must_not):
            yield from likenesses(part)


def asked_counts(node: tree.Similar, translator: Translator) -> list[Clause]:
    """Return what has to be counted: objects with any of the fields, then those with each word."""
    having = any_of([{"term": {"_paths": key_of(path)}} for path in node.fields])
    return [having, *(translator.word(node.fields, word) for word in _words(node))]


def counting(clauses: Sequence[Clause]) -> Json:
    """Return the request that counts what each of the clauses finds."""
    return {"size": 0, "aggs": {"n": {"filters": {"filters": list(clauses)}}}}


def telling_words(node: tree.Similar, counts: Sequence[int]) -> list[str]:
    """Return the best words; see ``Similar`` for how they are weighed."""
    having, *known = counts
    scores = {
        word: count * (1 + math.log((having + 1) / (found + 1)))
        for (word, count), found in zip(_words(node).items(), known, strict=True)
        if found
    }
    return sorted(scores, key=lambda word: (-scores[word], word))[:_MOST_KEPT]


def _words(node: tree.Similar) -> Counter[str]:
    return Counter(analyse(node.text)[:_MOST_READ])
