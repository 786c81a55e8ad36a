"""Regular expressions in Java's syntax, matched within a bound of time."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from para_core.patterns import PatternError, matches_whole


@pytest.mark.parametrize(
    ("pattern", "fitting", "others"),
    [
        pytest.param("[ab]+", ["bababa"], ["", "abc"], id="set"),
        pytest.param("", [""], [" "], id="nothing"),
        pytest.param(r"[A-Z]{2}-\d+", ["BG-1000"], ["BG-1000 ", "bg-1", "BG-"], id="counts"),
        pytest.param("a{2,3}", ["aa", "aaa"], ["a", "aaaa"], id="two bounds"),
        pytest.param("a{2,}b?", ["aa", "aaaab"], ["ab"], id="one bound"),
        pytest.param("(cat|dog)s?", ["cat", "dogs"], ["cats ", "do"], id="choice"),
        pytest.param("(?:ab)*", ["", "abab"], ["aba"], id="group"),
        pytest.param("(?<year>[0-9]{4})", ["2024"], ["24"], id="named group"),
        pytest.param("^a$", ["a"], ["b"], id="anchors"),
        pytest.param("a|b|", ["a", "b", ""], ["ab"], id="empty option"),
        pytest.param(".+", ["x y"], ["", "a\nb", "a\u2028b"], id="dot"),
        pytest.param("(?s).+", ["a\nb"], [""], id="dot with line ends"),
        pytest.param("(?i)straße", ["STRAße"], ["straSSe"], id="case"),
        pytest.param("(?i)ж", ["ж"], ["Ж"], id="case of ASCII only"),
        pytest.param("(?iu)ж", ["ж", "Ж"], ["з"], id="case of all letters"),
        pytest.param("a(?i:b)c", ["abc", "aBc"], ["Abc"], id="case in a group"),
        pytest.param("a(?i)b|c", ["aB", "C"], ["Ab"], id="case from here on"),
        pytest.param("(?x) a b # comment\n c", ["abc"], ["a b c"], id="comments"),
        pytest.param(r"\d\D\w\W\s\S", ["1a_- x"], ["aa_- x"], id="short sets"),
        pytest.param(r"\d", ["3"], ["٣"], id="digits are ASCII"),
        pytest.param(r"(?U)\d\w", ["٣ж"], ["жж"], id="Unicode sets"),
        pytest.param(r"\p{L}+", ["Été", "тест"], ["a1", ""], id="category"),
        pytest.param(r"\pL\p{Lu}\p{IsL}\p{gc=Nd}", ["aBc1"], ["abc1"], id="category names"),
        pytest.param(r"\P{L}+", ["12"], ["a"], id="outside a category"),
        pytest.param(r"[\p{L}\p{N} .'-]+", ["O'Neil-Été Jr."], ["a_b"], id="categories in a set"),
        pytest.param(r"\p{Alpha}\p{Punct}\p{XDigit}", ["a!F"], ["é!F"], id="POSIX"),
        pytest.param(r"\p{IsCyrillic}+", ["тест"], ["test"], id="script"),
        pytest.param(r"\p{IsHan}+", ["日本"], ["ひ"], id="Han"),
        pytest.param(r"\p{IsAlphabetic}\p{javaLetterOrDigit}", ["é1"], ["1é"], id="properties"),
        pytest.param("[a-z&&[^aeiou]]+", ["xyz"], ["axy"], id="intersection"),
        pytest.param("[a-c[x-z]]+", ["ax"], ["am"], id="union"),
        pytest.param("(?i)[^a-c]", ["d"], ["a", "A"], id="negated set of any case"),
        pytest.param("[&&a][a&&]", ["aa"], ["a&"], id="intersection with nothing"),
        pytest.param("[]-a]+", ["]^_`a"], ["-"], id="range from a bracket"),
        pytest.param("x{1}{2}", ["x"], ["xx"], id="count of nothing"),
        pytest.param("[^a-c]", ["d"], ["a", ""], id="negated set"),
        pytest.param("[]a]+", ["]a"], ["b"], id="bracket first"),
        pytest.param("[a-]+", ["a-"], ["b"], id="dash last"),
        pytest.param(r"[\w.-]+", ["a-b.c"], ["a b"], id="dash after a set"),
        pytest.param(r"[\[\]\\]+", ["[]\\"], ["a"], id="escaped brackets"),
        pytest.param(r"\Qa.b\E+", ["a.bb"], ["axb"], id="quoted"),
        pytest.param("\\x41\\u0042\\x{43}\\0104", ["ABCD"], ["abcd"], id="codes"),
        pytest.param(r"\t\n\.", ["\t\n."], ["tn."], id="escapes"),
        pytest.param(r"(?=.*[A-Z])(?=.*\d).{4,}", ["abC1"], ["abcd", "aB1"], id="look ahead"),
        pytest.param("(?!admin).*", ["user"], ["administrator"], id="not ahead"),
        pytest.param("a.*(?<=z)", ["abz"], ["az!"], id="look behind"),
        pytest.param(".*(?<!z)", ["ab"], ["abz"], id="not behind"),
        pytest.param(r"\bab\b.*", ["ab c"], ["abc"], id="word edges"),
        pytest.param("a*+b", ["aab"], ["aac"], id="possessive"),
        pytest.param("a++a", [], ["aa"], id="possessive gives nothing back"),
        pytest.param("a+?b??", ["a", "ab"], ["b"], id="lazy"),
        pytest.param(r"a\Rb", ["a\r\nb", "a\nb"], ["ab"], id="line end"),
        pytest.param("(?m)a$\n^b", ["a\nb"], ["ab"], id="lines"),
        pytest.param("a$\n", ["a\n"], ["a"], id="end before the last line end"),
        pytest.param("(a*)*b", ["aab", "b"], ["aa"], id="nested repeats"),
        pytest.param("(a{2}){2}", ["aaaa"], ["aa", "aaa"], id="nested counts"),
        pytest.param(".", ["🚀"], [""], id="one character beyond 16 bits"),
    ],
)
def test_a_text_fits_as_a_whole_or_not(pattern: str, fitting: list[str], others: list[str]) -> None:
    assert [text for text in fitting + others if matches_whole(pattern, text)] == fitting


@pytest.mark.parametrize(
    "pattern",
    [
        "(",
        ")",
        "a)",
        "[",
        "[a",
        "[a&&",
        "[a&&&&",
        "*",
        "a**",
        "{b}",
        "a{b}",
        "a{3,2}",
        "[z-a]",
        r"[a-\d]",
        "\\",
        r"\y",
        r"(a)\1",
        r"\k<a>",
        r"\p{Nosuch}",
        r"\p{L",
        r"\p{IsNosuch}",
        r"\u12",
        r"\x{110000}",
        "(?z)",
        "(?<1a>a)",
        "(" * 60 + ")" * 60,
        "a" * 5001,
    ],
)
def test_a_malformed_expression_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        matches_whole(pattern, "a")


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(a+)+b", "a" * 5000),
        ("(a|aa)+$", "a" * 3000 + "b"),
        ("(.*)*x", "y" * 3000),
        ("((a{0,300}){0,300}){0,300}b", "a" * 2000),
        (".*.*.*.*=.*", "x" * 100_000),
        ("(?=(a+)+b)a*", "a" * 5000),
    ],
)
def test_an_expression_that_explodes_elsewhere_is_answered_in_time(pattern: str, text: str) -> None:
    start = time.thread_time()
    assert not matches_whole(pattern, text)
    assert time.thread_time() - start < 2


PIECES = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", "(?:ab|c)", "(?=b)", "(?!c)", r"\w"])
COUNTS = st.sampled_from(["", "?", "*", "+", "{2}", "{1,2}", "*?"])
PATTERNS = st.lists(st.tuples(PIECES, COUNTS), max_size=5).map(
    lambda parts: "".join(
        piece + ("" if piece.startswith("(?=") else count) for piece, count in parts
    )
)


@given(PATTERNS, st.text(alphabet="abc ", max_size=8))
def test_the_answer_is_that_of_the_standard_library(pattern: str, text: str) -> None:
    assert matches_whole(pattern, text) is (re.fullmatch(pattern, text) is not None)
