"""Which query strings a request may send."""

from __future__ import annotations

import time

import pytest

from para_core.errors import QueryError, QueryTooLargeError
from para_core.query.parser import parse_leniently
from para_core.query.strict import check
from para_core.testing.search.rows import ROWS

ACCEPTED = [
    *["a", "  a ", "a\tb", "a\nb", "a AND b", "a && b", "a || !b", "+a -b", "a - b", "- a"],
    *[
        "(a b) c",
        "((a))^2",
        "a^4 b",
        "a~",
        "a~0",
        "a~0.8",
        "a~2^3",
        "a~9",
        "gamma~x",
        '"a b"~1',
        '""',
    ],
    *[
        "f:a",
        "f : a",
        "f:(a -b)",
        "f:a*",
        "f:a?b",
        "a*b",
        "name:sta*",
        r"f:\*a",
        "*:*",
        "a AND *:*",
    ],
    *["f:[a TO b]", "{a TO *]", '["a b" TO c}^2', "[1 TO 2]", "/a|b/", "//", "f:/a(b)?/", "a/b/c"],
    *["a=b", "a<b", "a>=5", 'a > "b c"', "a=b*", "(a b c)@2", "*:x", "*type:user", "f?:a", "a*:x"],
    *[
        "a@b.org",
        "f:a@b.org",
        "@a",
        "a[2]:x",
        "properties.a[2].b[0]:x",
        "http://a.b",
        "2018",
        "a ! b",
        "f:5",
    ],
    *[r"\(", r"a\:b:c", r"\u0041", "true", "a and b or not c", "f:(a OR g:b)", "a,b;c #d $e %f &g"],
]
REFUSED = [
    *["", " ", "*a", "?a", "f:*a", "f:?", "a AND *", "a *", "f:(*)", "AND", "a AND", "OR a", "NOT"],
    *[
        "AND OR",
        "a +",
        "(a - )",
        "--a",
        "+ -a",
        "- - a",
        "a - !b",
        "- || f:a",
        "++ - !a",
        "f:- a",
        "NOT NOT a",
        "+-a",
        "(a",
        "a)",
        "()",
        '"a',
        '"a b"~',
        '"a b"~x',
        "a:b:c",
    ],
    *[
        "f:",
        ":a",
        "[a TO",
        "[a b]",
        "f:[a to b]",
        "f:>5",
        ">5",
        "<a",
        "a>",
        "a==b",
        "a=b=c",
        "a<b:c",
    ],
    *[
        "a/b",
        "/a/b/",
        "f:a)",
        "a\\",
        "a^2~1",
        "a^x",
        "fn:ordered(a b)",
        "fn:a",
        "{",
        "}",
        "^",
        "~",
        "!",
    ],
    *[
        "x[0]",
        "x[0]a",
        "a[b]:c",
        '"a b"~2.5',
        '"a b"~99999999999',
        "a~1.5",
        "/a[b/",
        "/a(b/",
        "/\\/",
    ],
    *[r"\u00", "5>3", "5:a", "[a TO b]~1", "(a)~1", "a<b^2", "a AND AND b"],
]


@pytest.mark.parametrize("text", ACCEPTED)
def test_it_is_accepted(text: str) -> None:
    check(text)
    parse_leniently(text)


@pytest.mark.parametrize("text", REFUSED)
def test_it_is_refused(text: str) -> None:
    with pytest.raises(QueryError) as caught:
        check(text)
    assert caught.value.reason


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.query)
def test_queries_with_results(row: object) -> None:
    """Those of the search suite, whose results are known."""
    assert isinstance(row, tuple)
    query, _, _, is_allowed = row
    if is_allowed:
        check(query)
    else:
        with pytest.raises(QueryError):
            check(query)


@pytest.mark.parametrize(
    "text",
    [
        "a OR " * 10_000 + "a",
        "a " * 10_000,
        "(" * 10_000 + "a" + ")" * 10_000,
        f"/{'<0-999>' * 1000}/",
    ],
    ids=["clauses", "words", "groups", "expression"],
)
def test_large_queries_are_refused_quickly(text: str) -> None:
    started = time.process_time()
    for read in (check, parse_leniently):
        with pytest.raises(QueryTooLargeError, match="more than"):
            read(text)
    assert time.process_time() - started < 1
