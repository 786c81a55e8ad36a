"""The text in HTML."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from para_core.html_text import lines_of_html, strip_html


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<html>text</html>", "text"),
        ("<p>a</p><p>b &amp; c</p><br>d", "a b & c d"),
        ("a < b", "a < b"),
        ("<b>bo</b>ld <script>x()</script>&nbsp;t", "bold t"),
        (None, ""),
    ],
)
def test_the_text_of_html_is_one_line(html: str | None, text: str) -> None:
    assert strip_html(html) == text


@pytest.mark.parametrize(
    ("html", "keeps", "lines"),
    [
        ("<p>one</p><p>two</p>", False, "one\n\ntwo"),
        ("one<br>two<br/>three", False, "one\ntwo\nthree"),
        ("one\n  two <b>three</b>", False, "one two three"),
        ("one\n  two <b>three</b>", True, "one\ntwo three"),
        ("<div><p>a</p></div>\n\n\n<div>b</div>", True, "a\n\nb"),
        ("<style>p{}</style><script>x()</script>a &amp; b", False, "a & b"),
        ("1 < 2 and 3 > 2", True, "1 < 2 and 3 > 2"),
        ("<b>open", True, "open"),
        ("", False, ""),
    ],
)
def test_html_has_lines(html: str, *, keeps: bool, lines: str) -> None:
    assert lines_of_html(html, keep_breaks=keeps) == lines


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<SCRIPT type='a'>x < y</ScRiPt >t", "t"),
        ("a<script>never closed", "a"),
        ("a<style/>b</style>c", "a c"),
        ("a<!-- <b>x</b> -->b<!-- open", "ab"),
        ("<!doctype html><?xml version='1'?><p\n class='x'>t</p\n>", "t"),
        ("&lt;b&gt; &#x41;&amp;amp; &nbsp;&none;", "<b> A&amp; &none;"),
        ("a</>b</ x>c<x-y>d<1>e", "abc d<1>e"),
        ("</br>a<br></br>b", "a b"),
    ],
)
def test_odd_html_has_text(html: str, text: str) -> None:
    assert strip_html(html) == text


@pytest.mark.parametrize(
    "part",
    [
        "<",
        "<a ",
        "<!--",
        "</",
        "<?",
        "<a b='",
        "a<b ",
        "<script>",
        "</script",
        "&",
        "&#",
        " \n",
        "<a>",
    ],
)
def test_any_html_is_read_at_once(part: str) -> None:
    html = part * (400_000 // len(part))
    began = time.process_time()
    lines_of_html(html, keep_breaks=True)
    lines_of_html(html)
    assert time.process_time() - began < 3  # it takes 0.3; a slow way took an hour


@given(st.text())
def test_any_text_has_lines(html: str) -> None:
    lines = lines_of_html(html, keep_breaks=True)
    assert "\n\n\n" not in lines
    assert not lines.startswith("\n")
