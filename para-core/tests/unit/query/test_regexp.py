"""Lucene's regular expressions, held against whole terms."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest

from para_core.query.regexp import matcher, parse_regexp, plain_regex

MATCHES = [  # pattern, terms that match, terms that do not
    ("fox(es)?", ["fox", "foxes"], ["foxe", "afox", ""]),
    ("fer+y", ["fery", "ferrrry"], ["fey", "ferry!"]),
    ("(i|o)[a-l]{1,2}", ["ice", "ol", "old"], ["i", "item", "ices"]),
    ("a.c", ["abc", "a😀c", "a.c"], ["ac", "abbc"]),
    ("[^a-c]x", ["dx", "-x"], ["ax", "x"]),
    (r"[abc\-]", ["a", "-"], ["d"]),
    ("[]a]", ["]", "a"], ["b"]),
    (r"a\.b", ["a.b"], ["axb"]),
    (r"\d+\w\s?", ["12x", "1_ "], ["x1", "1"]),
    (r"[\d.]+", ["3.14"], ["3,14", ""]),
    (r"[^\d.]+", ["abc"], ["a1", "a."]),
    (r"\D\W\S", ["a-b"], ["1-b", "aab", "a- "]),
    ('"a.b"c', ["a.bc"], ["axbc"]),
    ('""', [""], ["a"]),
    ("a{2}", ["aa"], ["a", "aaa"]),
    ("a{2,}", ["aa", "aaaaa"], ["a"]),
    ("(ab){0,2}", ["", "ab", "abab"], ["ababab", "a"]),
    ("a|b", ["a", "b"], ["c", "ab"]),
    (r"[\Da]", ["a", "x"], ["1"]),
    (r"[^\Da]", ["1"], ["a", "x"]),
    (".*a.*&.*b.*", ["ab", "bxa"], ["a", "b", "xx"]),
    ("@", ["", "anything"], []),
    ("a@", ["a", "abc"], ["ba"]),
    ("#", [], ["", "a"]),
    ("a|#", ["a"], ["", "#"]),
    ("()", [""], ["a"]),
    ("a()b", ["ab"], ["a", "b"]),
    ("<1-31>", ["1", "31", "007"], ["0", "32", "x"]),
    ("<01-31>", ["01", "31"], ["1", "001"]),
    ("~a", ["~a"], ["b", "a"]),
    ("*a", ["*a"], ["a"]),
    ("", [""], ["a"]),
    ("(a*)*b", ["b", "aaab"], ["aaaa"]),
    ("Ж+", ["ЖЖ"], ["ж"]),
]


@pytest.mark.parametrize(
    ("pattern", "good", "bad"), MATCHES, ids=[m[0] or "empty" for m in MATCHES]
)
def test_a_term_matches_as_a_whole(pattern: str, good: list[str], bad: list[str]) -> None:
    matches = matcher(pattern)
    assert [term for term in good if not matches(term)] == []
    assert [term for term in bad if matches(term)] == []


@pytest.mark.parametrize(
    ("pattern", "good", "bad"), MATCHES, ids=[m[0] or "empty" for m in MATCHES]
)
def test_the_plain_form_means_the_same(pattern: str, good: list[str], bad: list[str]) -> None:
    plain = plain_regex(pattern)
    if plain is None:
        assert any(sign in pattern for sign in ("&", "#", "^\\D"))
        return
    compiled = re.compile(plain)
    assert [term for term in good if not compiled.fullmatch(term)] == []
    assert [term for term in bad if compiled.fullmatch(term)] == []


@pytest.mark.parametrize(
    "pattern",
    [
        *["a(b", "a[b", "a)", "[z-a]", "[a-]", "a{", "a{,2}", "a{x}", "a{2000}", "\\", 'a"b'],
        *["<x>", "<1-9", "<1-99999>", "a|", "a&", "(" * 200 + ")" * 200],
        *[pytest.param("<0-600>" * 2, id="1,200 numbers"), pytest.param("a" * 1001, id="long")],
    ],
)
def test_malformed_expressions_are_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_regexp(pattern)


def test_no_expression_takes_long() -> None:
    started = time.thread_time()
    matches = matcher("(a|aa)*(a|aa)*(a*)*b")
    assert not matches("a" * 2000)
    assert time.thread_time() - started < 1


@pytest.mark.parametrize(
    "use",
    [
        pytest.param(lambda: plain_regex("a" * 1000), id="plain form of a long text"),
        pytest.param(lambda: plain_regex("a" + "+" * 999), id="plain form of repetitions"),
        pytest.param(lambda: matcher("a" + "+" * 999)("aaa"), id="matching repetitions"),
    ],
)
def test_what_is_too_deep_to_be_walked_is_given_up(use: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match="too complex"):
        use()


def test_an_automaton_without_bounds_is_given_up() -> None:
    matches = matcher(".*a.{14}")
    with pytest.raises(ValueError, match="too complex"):
        [matches(f"{n:b}".replace("1", "a")) for n in range(32768, 65536, 7)]
