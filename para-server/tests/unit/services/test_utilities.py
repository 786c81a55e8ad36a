"""The helper functions that clients may call."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest

from para_core.ids import IdGenerator
from para_server.http.request import Params
from para_server.services.utilities import Utilities, UtilityError, UtilityText

NOW_MS = 1_000_000_000_000
TOOLS = Utilities(IdGenerator(1, lambda: NOW_MS + 500_000_000_000), lambda: NOW_MS)


@pytest.fixture(autouse=True)
def utc() -> Iterator[None]:
    """A machine in UTC, whatever the one is that runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


def call(method: str, query: str = "") -> str:
    """What a function answers to a query string."""
    return TOOLS.run(method, Params(query.encode())).text


@pytest.mark.parametrize(
    ("method", "query", "text"),
    [
        ("timestamp", "", "1000000000000"),
        ("formatdate", "", "2001-09-09"),
        ("formatdate", "format=%20", "2001-09-09"),
        ("formatdate", "format=yyyy-MM-dd'T'HH:mm:ss", "2001-09-09T01:46:40"),
        ("formatdate", "format='fixed'+G", "fixed AD"),
        ("formatdate", "format=''''", "''"),
        ("formatdate", "format=EEEE+d+MMMM&locale=de_DE", "Sonntag 9 September"),
        ("formatdate", "format=G&locale=FR", "AD"),
        ("formatmessage", "message=Hi+{0},+{1}&fields=Ann&fields=5", "Hi Ann, 5"),
        ("formatmessage", "message={0}|{1}&fields=a,b", "a,b|{1}"),
        ("formatmessage", "message=plain+{0}", "plain {0}"),
        ("formatmessage", "fields=x", ""),
        ("nospaces", "string=One++Two%09Three%0A+four&replacement=-", "one-two-three-four"),
        ("nospaces", "string=a+b&replacement=%3Csp%3E", "a<sp>b"),
        ("nospaces", "replacement=-", ""),
        ("nosymbols", "string=a.b-c_d+%26+(e)!++f", "abcd e f"),
        ("nosymbols", "", ""),
        ("md2html", "md=%23+T", "<h1>T</h1>\n"),
        ("md2html", "md=one%0Atwo", "<p>one<br>two</p>\n"),
        ("md2html", "", ""),
        ("timeago", "delta=0", ""),
        ("timeago", "delta=86399999", "23h"),
        ("timeago", "delta=-5000", "5s"),
        ("timeago", "delta=%2B5", "5ms"),
        ("timeago", "delta=soon", "1ms"),
        ("timeago", "delta=1.5", "1ms"),
        ("timeago", "delta=+5", "1ms"),
        ("timeago", "delta=9223372036854775808", "1ms"),
        ("timeago", "delta=99999999999999999999", "1ms"),
        ("timeago", "", "1ms"),
    ],
)
def test_a_function_answers_a_text(method: str, query: str, text: str) -> None:
    assert call(method, query) == text


def test_new_ids_differ() -> None:
    first, second = call("newid"), call("newid", "size=5")
    assert re.fullmatch(r"\d{18,19}", first)
    assert int(second) == int(first) + 1


def test_only_markdown_answers_html() -> None:
    assert TOOLS.run("md2html", Params(b"md=x")) == UtilityText("text/html", "<p>x</p>\n")
    assert TOOLS.run("timeago", Params(b"")).content_type == "text/plain"


@pytest.mark.parametrize(
    ("method", "query", "reason"),
    [
        ("nosuch", "", "Unknown method: nosuch"),
        ("NewId", "", "Unknown method: NewId"),
        ("formatdate", "format=yyyy+n", "Illegal pattern component: n"),
        ("formatdate", "format='open", "Unterminated quote"),
    ],
)
def test_a_call_without_a_meaning_is_refused(method: str, query: str, reason: str) -> None:
    with pytest.raises(UtilityError, match=reason):
        call(method, query)


def test_markdown_follows_the_settings() -> None:
    tools = Utilities(
        IdGenerator(1, lambda: NOW_MS), lambda: NOW_MS, soft_break="/", follow_domains=["a.b"]
    )
    html = tools.run("md2html", Params(b"md=x%0Ahttps://a.b")).text
    assert html == '<p>x/<a href="https://a.b">https://a.b</a></p>\n'
