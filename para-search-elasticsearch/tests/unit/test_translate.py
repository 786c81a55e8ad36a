"""Trees become filters; nothing a client writes becomes a query of the cluster."""

from __future__ import annotations

from typing import Any

import pytest

from para_core.query import tree
from para_core.query.parser import parse_leniently
from para_search_elasticsearch.clauses import EVERYTHING, NOTHING
from para_search_elasticsearch.regexps import lucene_regexp
from para_search_elasticsearch.translate import Translator

PLAIN, NESTED = Translator(nested=False, likeness={}), Translator(nested=True, likeness={})


def depth_of(clause: object) -> int:
    """Return how deep a query nests."""
    if isinstance(clause, dict):
        return int("bool" in clause) + max(map(depth_of, clause.values()), default=0)
    if isinstance(clause, list):
        return max(map(depth_of, clause), default=0)
    return 0


def test_a_word_of_a_field_is_a_term() -> None:
    assert PLAIN.query(tree.Term("properties.title", "Fox")) == {
        "term": {"properties.title": "fox"}
    }
    assert PLAIN.query(tree.Term("name", "Red Fox")) == {"term": {"name": "Red Fox"}}


def test_a_field_of_the_nested_form_is_an_item_with_its_key() -> None:
    asked = NESTED.query(tree.Term("properties.owner.name", "Fox"))["nested"]
    assert asked["path"] == "properties"
    assert asked["query"]["bool"]["filter"] == [
        {"term": {"properties.k": "properties-owner-name"}},
        {"term": {"properties.v": "fox"}},
    ]


@pytest.mark.parametrize(
    "text",
    ['fox" OR _owner:other', "_owner:other", "{!x}", "*:*", "a' OR 1", 'name:"x" })', "_exists_:x"],
)
def test_no_text_is_read_by_the_cluster(text: str) -> None:
    asked = str(PLAIN.query(parse_leniently(text)))
    for reader in ("query_string", "script", "'match':", "more_like_this"):
        assert reader not in asked
    assert "'_owner'" not in asked


def test_alternatives_of_one_field_are_one_clause() -> None:
    found = PLAIN.query(tree.Bool(should=[tree.Exact("id", f"k{n}") for n in range(5000)]))
    assert len(found["terms"]["id"]) == 5000
    words = PLAIN.query(parse_leniently(" OR ".join(f"w{n}" for n in range(1000))))
    assert len(words["bool"]["should"]) == 2


def test_alternatives_of_nested_fields_are_one_clause_each() -> None:
    nodes = [tree.Term(f"properties.{name}", word) for name in "ab" for word in ("x", "y", "z")]
    found = NESTED.query(tree.Bool(should=nodes))
    assert len(found["bool"]["should"]) == 2


def test_groups_in_groups_do_not_nest() -> None:
    node: tree.Node = tree.Term(None, "quick")
    for _ in range(100):
        node = tree.Bool(must_not=[tree.Bool(must_not=[node])])
    assert depth_of(PLAIN.query(node)) <= 3
    node = tree.Term("name", "x")
    for _ in range(100):
        node = tree.Bool(must=[node, tree.Exists("tags")], must_not=[tree.Term("name", "y")])
    assert depth_of(PLAIN.query(node)) == 1


@pytest.mark.parametrize(
    ("node", "clause"),
    [
        (tree.All(), EVERYTHING),
        (tree.Nothing(), NOTHING),
        (tree.Bool(), NOTHING),
        (tree.Range(None), EVERYTHING),
        (tree.Term("name", "\ud800"), NOTHING),
        (tree.Wildcard("properties.t", "?" * 3000), NOTHING),
        (tree.Regexp("name", "("), NOTHING),
        (tree.Bool(must=[tree.All(), tree.Nothing()]), NOTHING),
    ],
    ids=str,
)
def test_what_says_all_or_nothing(node: tree.Node, clause: dict[str, Any]) -> None:
    assert PLAIN.query(node) == clause


@pytest.mark.parametrize(
    ("pattern", "written"),
    [
        ("a.", "[a-a]."),
        ("a|b", "([a-a]|[b-b])"),
        ("[a-cx]+", "([a-cx-x]){1,}"),
        ('"."', r"[\.-\.]"),
        ("@", "(.){0,}"),
        ("a&#", "([a-a]&#)"),
        (r"\d", "[0-9]"),
        ("[^0]{2}", "([^0-0]){2,2}"),
    ],
)
def test_expressions_are_written_in_few_signs(pattern: str, written: str) -> None:
    assert lucene_regexp(pattern) == written
