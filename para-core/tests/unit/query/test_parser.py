"""What query strings are read as."""

from __future__ import annotations

import pytest

from para_core.errors import QueryError, QueryTooLargeError
from para_core.query.parser import MAX_CLAUSES, MAX_DEPTH, parse, parse_leniently
from para_core.query.tree import (
    All,
    Bool,
    Exists,
    Fuzzy,
    Node,
    Nothing,
    Phrase,
    Prefix,
    Range,
    Regexp,
    Term,
    Wildcard,
)


def word(text: str, field: str | None = None) -> Term:
    return Term(field, text)


A, B, C = word("a"), word("b"), word("c")

TREES: dict[str, Node] = {
    # ---- words and runs
    "": Nothing(),
    " \t\n ": Nothing(),
    "*": All(),
    "*:*": All(),
    "*a": A,
    "a": A,
    "a b": word("a b"),
    "  a \t b\u3000c ": word("a b c"),
    "a and b or not c to": word("a and b or not c to"),
    "a&&b": word("a&&b"),
    "a+b-c": word("a+b-c"),
    "a@b.c #d $e %f": word("a@b.c #d $e %f"),
    "a>b": word("a>b"),
    # ---- operators
    "a AND b": Bool(must=[A, B]),
    "a && b": Bool(must=[A, B]),
    "a OR b": Bool(should=[A, B]),
    "a || b": Bool(should=[A, B]),
    "a NOT b": Bool(should=[A], must_not=[B]),
    "a !b": Bool(should=[A], must_not=[B]),
    "a AND NOT b": Bool(must=[A], must_not=[B]),
    "+a -b": Bool(must=[A], must_not=[B]),
    "+a": A,
    "NOT a": Bool(must_not=[A]),
    "-a": Bool(must_not=[A]),
    "a OR b AND c": Bool(must=[B, C], should=[A]),
    "a AND b OR c": Bool(must=[A, B], should=[C]),
    "a b AND c": Bool(must=[B, C], should=[A]),
    "a b c AND d": Bool(must=[C, word("d")], should=[word("a b")]),
    "NOT a AND b": Bool(must=[B], must_not=[A]),
    "a +b": Bool(must=[B], should=[A]),
    "a - b": Bool(should=[A, word("-"), B]),
    "+ a": Bool(should=[word("+"), A]),
    "! a": Bool(should=[word("!"), A]),
    # ---- groups
    "(a)": A,
    "((a b))": word("a b"),
    "(a OR b) AND c": Bool(must=[Bool(should=[A, B]), C]),
    "a AND (NOT b)": Bool(must=[A, Bool(must_not=[B])]),
    "(a)(b)": Bool(should=[A, B]),
    "(a)^2": A,
    # ---- fields
    "f:a": word("a", "f"),
    "f : a": word("a", "f"),
    "f:a b": Bool(should=[word("a", "f"), B]),
    "f:a b c": Bool(should=[word("a", "f"), word("b c")]),
    "f:(a b)": word("a b", "f"),
    "f:(a g:b)": Bool(should=[word("a", "f"), word("b", "g")]),
    "f:(a OR b)": Bool(should=[word("a", "f"), word("b", "f")]),
    r"f\.g:a": word("a", "f.g"),
    r"f\:g:a": word("a", "f:g"),
    "l[0].g:a": word("a", "l[0].g"),
    "l[0][12]:a": word("a", "l[0][12]"),
    "_exists_:f": Exists("f"),
    '_exists_:"f g"': Exists("f g"),
    "*:a b": Nothing(),  # stands for a text that cannot be read; see below
    # ---- patterns
    "a*": Prefix(None, "a"),
    r"f:a\:b*": Prefix("f", "a:b"),
    "a*b": Wildcard(None, "a*b"),
    "a?": Wildcard(None, "a?"),
    r"a\*b*c": Wildcard(None, r"a\*b*c"),
    "a**": Wildcard(None, "a**"),
    r"a\*": word("a*"),
    "a AND *:*": Bool(must=[A, All()]),
    "/a|b/": Regexp(None, "a|b"),
    r"f:/a\/b/": Regexp("f", r"a\/b"),
    "//": Regexp(None, ""),
    "a~": Fuzzy(None, "a", 2),
    "a~1": Fuzzy(None, "a", 1),
    "a~0": Fuzzy(None, "a", 0),
    "a~7": Fuzzy(None, "a", 2),
    "abcde~0.8": Fuzzy(None, "abcde", 0),
    "abcdef~0.8": Fuzzy(None, "abcdef", 1),
    "abcdef~0.1": Fuzzy(None, "abcdef", 2),
    "a~x": Fuzzy(None, "a", 2),
    "a*~1": Prefix(None, "a"),
    # ---- phrases
    '"a b"': Phrase(None, "a b", 0),
    '"a b"~2': Phrase(None, "a b", 2),
    '"a b"~': Phrase(None, "a b", 0),
    '"a b"~2.9': Phrase(None, "a b", 2),
    '"a * b?"': Phrase(None, "a * b?", 0),
    r'f:"a \"b\" c"': Phrase("f", 'a "b" c', 0),
    'a"b"': Bool(should=[A, Phrase(None, "b", 0)]),
    # ---- ranges
    "f:[a TO b]": Range("f", "a", "b"),
    "f:{a TO b}": Range("f", "a", "b", includes_low=False, includes_high=False),
    "f:[a TO b}": Range("f", "a", "b", includes_high=False),
    "f:{* TO b]": Range("f", None, "b", includes_low=False),
    "[* TO *]": Range(None),
    'f:["a b" TO "c ] d"]': Range("f", "a b", "c ] d"),
    'f:["*" TO b]': Range("f", "*", "b"),
    "[ a   TO   b ]": Range(None, "a", "b"),
    "[TO TO TO]": Range(None, "TO", "TO"),
    "[-5 TO 1:2]": Range(None, "-5", "1:2"),
    r"[a\:b TO \*]": Range(None, "a:b", "*"),
    # ---- weights
    "a^2": A,
    "a^2.5 b": Bool(should=[A, B]),
    "a~1^2": Fuzzy(None, "a", 1),
    "a^2~1": Fuzzy(None, "a", 1),
    "[a TO b]^2": Range(None, "a", "b"),
    # ---- escapes
    r"a\ b": word("a b"),
    r"\AND": word("AND"),
    r"\(a\) \\ \+1": word(r"(a) \ +1"),
    r"\u0041b": word("Ab"),
    r"\ud83d\ude00": word("😀"),
    r"a\ud800": word("a\ufffd"),
    # ---- what says nothing
    'f:"!!!"': Nothing(),
    'f:"!!!" AND a': A,
    "f:!!!": Nothing(),  # stands for a text that cannot be read; see below
    'name:"!!!"': Phrase("name", "!!!", 0),
    '"!!!"': Phrase(None, "!!!", 0),
    'NOT f:"!!!"': Nothing(),
    '(f:"!!!") a': A,
}
UNREADABLE = [
    *[
        "*:a b",
        "f:!!!",
        "AND",
        "OR a",
        "a AND",
        "a OR",
        "NOT",
        "a AND OR b",
        "a AND AND b",
        "+",
        "-",
    ],
    *[
        "--a",
        "++a",
        "NOT NOT a",
        "(a",
        "a)",
        "()",
        "f:()",
        '"a',
        "[a TO b",
        "[a b]",
        "[a to b]",
        "{",
    ],
    *[
        "}",
        "[",
        "]",
        "^",
        "~",
        "a^",
        "a^x",
        "a:b:c",
        "f:",
        ":a",
        "f:g:(a)",
        "x[0]",
        "x[0] :a",
        "a\\",
    ],
    *["a AND *", "f:*", "f:(*)", "f:?a", "a ?b", "a/b", "/a", "/a/b/", "/a[b/", "/a{,2}/", "a~1.5"],
    *[r"\u00", r"\u00zz", "(a)~2", "[a TO b]~1", "[a\\ b TO c]", "!", "a -"],
]


@pytest.mark.parametrize("text", [text for text in TREES if text not in UNREADABLE])
def test_a_text_is_read_as(text: str) -> None:
    assert parse(text) == TREES[text]


@pytest.mark.parametrize("text", UNREADABLE)
def test_what_breaks_the_grammar_is_refused_or_finds_everything(text: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert caught.value.query == text
    assert caught.value.reason
    assert parse_leniently(text) == All()


def test_clauses_without_a_field_take_the_given_one() -> None:
    tree = parse("a AND g:b AND [1 TO 2]", field="f")
    assert tree == Bool(must=[word("a", "f"), word("b", "g"), Range("f", "1", "2")])
    assert parse("*", field="f") == All()


def test_as_many_clauses_as_allowed_are_read() -> None:
    assert isinstance(parse(" OR ".join(["a"] * MAX_CLAUSES)), Bool)
    assert isinstance(parse(" ".join(["a"] * MAX_CLAUSES)), Term)
    nested = "(a OR " * (MAX_CLAUSES // 100) + "b" + ")" * (MAX_CLAUSES // 100)
    assert isinstance(parse(nested), Bool)


@pytest.mark.parametrize(
    "text",
    [
        " OR ".join(["a"] * (MAX_CLAUSES + 1)),
        " ".join(["a"] * (MAX_CLAUSES + 1)),
        " OR ".join([f"({'a ' * 200})"] * 6),
        "(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1),
        "(" * 100_000,
    ],
    ids=["clauses", "words", "words in groups", "groups", "open groups"],
)
def test_more_than_that_is_refused_even_leniently(text: str) -> None:
    with pytest.raises(QueryTooLargeError, match="more than") as caught:
        parse_leniently(text)
    assert len(str(caught.value)) < 250


def test_groups_as_deep_as_allowed_are_read() -> None:
    assert parse("(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH) == A


def test_trees_can_be_keys() -> None:
    text = "a AND (b OR f:c*) NOT [1 TO 2]"
    assert {parse(text): 1} == {parse(text): 1}
