"""Trees of the searches that are no query strings."""

from __future__ import annotations

import pytest

from para_core.query import builders
from para_core.query.fields import Value
from para_core.query.tree import (
    All,
    Bool,
    Exact,
    Near,
    Node,
    Nothing,
    Prefix,
    Range,
    Similar,
    Term,
    Wildcard,
)


def test_everything() -> None:
    assert builders.all_query() == All()


def test_ids() -> None:
    a, b = Exact("id", "a"), Exact("id", "b")
    assert builders.ids_query(["a", "", "b", "a", " "]) == Bool(should=[a, b])
    assert builders.ids_query(iter(["a"])) == a
    assert builders.ids_query([]) == Nothing()


@pytest.mark.parametrize(
    ("field", "value", "node"),
    [
        ("a", "x", Exact("a", "x")),
        (" a ", "x", Exact("a", "x")),
        ("a", 5, Exact("a", "5")),
        ("a", 5.0, Exact("a", "5.0")),
        ("a", True, Exact("a", "true")),
        ("a", " ", Nothing()),
        ("a>", "5", Range("a", "5", None, includes_low=False)),
        ("a >= ", 5, Range("a", "5", None)),
        ("a <", "x", Range("a", None, "x", includes_high=False)),
        ("a<=", -2.5, Range("a", None, "-2.5")),
        ("a<b", "5", Exact("a<b", "5")),
        ("", "x", Nothing()),
        (" ", "x", Nothing()),
        ("a", None, Nothing()),
    ],
)
def test_one_term(field: str, value: Value | None, node: Node) -> None:
    assert builders.terms_query({field: value}, match_all=True) == node


def test_several_terms() -> None:
    a, b = Exact("a", "x"), Exact("b", "y")
    terms = {"a": "x", "": "no", "b": "y", "c": None}
    assert builders.terms_query(terms, match_all=True) == Bool(must=[a, b])
    assert builders.terms_query(terms, match_all=False) == Bool(should=[a, b])
    assert builders.terms_query({}, match_all=False) == Nothing()


def test_a_blank_value_is_never_found() -> None:
    tree = builders.terms_query({"a": "x", "b": ""}, match_all=True)
    assert tree == Bool(must=[Exact("a", "x"), Nothing()])


def test_one_of_several_values() -> None:
    either = Bool(should=[Exact("a", "x"), Exact("a", "y")])
    assert builders.terms_in_query("a", ["x", "", "y"]) == either
    assert builders.terms_in_query(" ", ["x"]) == Nothing()
    assert builders.terms_in_query("a", [""]) == Nothing()


def test_patterns() -> None:
    assert builders.prefix_query("a", "X ") == Prefix("a", "X ", folded=False)
    assert builders.wildcard_query("a", "*X") == Wildcard("a", "*X", folded=False)
    assert builders.prefix_query("", "x") == builders.prefix_query("a", " ") == Nothing()
    assert builders.wildcard_query("", "x") == builders.wildcard_query("a", "") == Nothing()


def test_tags() -> None:
    assert builders.tagged_query(["a", "b", "a"]) == Bool(must=[Exact("tags", t) for t in "ab"])
    assert builders.tagged_query([]) == Nothing()
    assert builders.tags_query("ja") == Wildcard("tag", "ja*", folded=False)
    assert builders.tags_query(" ") == Nothing()


def test_nested_fields_are_those_of_links() -> None:
    linkers = Exact("type", "linker")
    assert builders.nested_query("properties.a", "x") == Bool(
        must=[linkers, Term("properties.a", "x")]
    )
    assert builders.nested_query("id", "x") == Bool(must=[linkers, Term("nstd.id", "x")])
    assert builders.nested_query("a", "x AND") == Bool(must=[linkers, All()])
    assert builders.nested_query("a", "*") == Bool(must=[linkers, All()])
    assert builders.nested_query("", "x") == builders.nested_query("a", " ") == Nothing()


def test_similar() -> None:
    assert builders.similar_query(["a", ""], "x") == Similar(["a"], "x")
    assert builders.similar_query([], "x") == Similar(("name",), "x")
    without = Bool(must=[Similar(["a"], "x")], must_not=[Exact("id", "i")])
    assert builders.similar_query(["a"], "x", "i") == without
    assert builders.similar_query(["a"], " ") == Nothing()


@pytest.mark.parametrize(
    ("latlng", "radius", "node"),
    [
        ("42.7,23.3", "5", Near(42.7, 23.3, 5)),
        (" 42.7 , 23.3 ", " 5 ", Near(42.7, 23.3, 5)),
        ("42.7,23.3", "wide", Near(42.7, 23.3, 10)),
        ("42.7,23.3", "5.5", Near(42.7, 23.3, 10)),
        ("42.7,23.3", "-20", Near(42.7, 23.3, 20)),
        ("42.7,23.3", "", Near(42.7, 23.3, 10)),
        ("east,0", "1", Near(0, 0, 1)),
        ("1,2,3", "1", Near(1, 2, 1)),
        ("42.7;23.3", "1", Nothing()),
        ("", "1", Nothing()),
        ("95,4.9", "10", Nothing()),
        ("0,-180.5", "10", Nothing()),
    ],
)
def test_places(latlng: str, radius: str, node: Node) -> None:
    assert builders.near_query(latlng, radius) == node


def test_owners_of_places() -> None:
    tree = builders.children_of_places_query(["a"], "x")
    assert tree == Bool(must=[Exact("id", "a"), Term(None, "x")])
    tree = builders.children_of_places_query([], " ")
    assert tree == Bool(must=[Nothing(), All()])
