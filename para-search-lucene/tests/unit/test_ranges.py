"""Ranges of texts are expressions that the engine matches as Python compares."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tantivy import Index, Query, Schema

from para_core.query.tree import Range
from para_search_lucene.ranges import between
from para_search_lucene.schema import build_schema

TEXTS = sorted(
    {"", "a", "ab", "abc", "abd", "b", "ba", "B", "z", "é", "東", "\U0001f600", "1", "10", "9"}
    | {"a" * 23, "a" * 24, "a" * 22 + "b", " ", "~", "\x7f", "\uffff", "\U0010fffe"}
)


class Texts:
    """An index of texts."""

    def __init__(self) -> None:
        self.schema: Schema = build_schema()
        index = Index(self.schema)
        index.config_reader("manual")
        writer = index.writer(15_000_000, 1)
        for number, text in enumerate(TEXTS):
            document = {"id": "x", "docid": number, "exact": {"pathZ": text}}
            writer.add_json(json.dumps(document))
        writer.commit()
        index.reload()
        self.searcher = index.searcher()

    def matching(self, pattern: str | None) -> list[str]:
        if pattern is None:
            return []
        query = Query.regex_query(self.schema, "exact", f"pathZ\x00s(?:{pattern})")
        hits: list[Any] = self.searcher.search(query, limit=99, order_by_field="docid").hits
        return sorted(TEXTS[docid] for docid, _ in hits)


@pytest.fixture(scope="module")
def texts() -> Texts:
    return Texts()


BOUNDS = st.none() | st.sampled_from(TEXTS) | st.text(max_size=5)


@settings(max_examples=300, deadline=None)
@given(low=BOUNDS, high=BOUNDS, closed=st.tuples(st.booleans(), st.booleans()))
def test_they_match_what_lies_between(
    texts: Texts, low: str | None, high: str | None, closed: tuple[bool, bool]
) -> None:
    if low is None and high is None:
        return  # another query
    node = Range(None, low, high, closed[0], closed[1])
    expected = [text for text in TEXTS if is_inside(text, node)]
    assert texts.matching(between(node)) == sorted(expected)


def is_inside(text: str, node: Range) -> bool:
    value = text.encode()
    if node.low is not None:
        low = node.low.encode()
        if value < low or (value == low and not node.includes_low):
            return False
    if node.high is not None:
        high = node.high.encode()
        return value < high or (value == high and node.includes_high)
    return True
