from __future__ import annotations

from urllib.parse import quote_plus

import pytest

from para_server.access.canonical import (
    canonical_path,
    canonical_query,
    header_lines,
    host_forms,
    parameters,
    wire_query,
)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param(b"", b"/", id="empty"),
        pytest.param(b"/v1/notes/a-b_c.d~", b"/v1/notes/a-b_c.d~", id="unreserved"),
        pytest.param(b"/v1/a%20b", b"/v1/a%2520b", id="encoded again"),
        pytest.param(b"/v1/a+b:c", b"/v1/a%2Bb%3Ac", id="plus and colon"),
        pytest.param(b"/v1/%d0%b6/", b"/v1/%25d0%25b6/", id="small digits stay"),
        pytest.param("/v1/ж".encode(), b"/v1/%D0%B6", id="raw bytes"),
    ],
)
def test_a_path_is_encoded_once_more(path: bytes, expected: bytes) -> None:
    assert canonical_path(path) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param(b"", b"", id="none"),
        pytest.param(b"b=2&a=1", b"a=1&b=2", id="sorted"),
        pytest.param(b"a-b=1&a=2", b"a=2&a-b=1", id="sorted by name, not by text"),
        pytest.param(b"a=1&B=2", b"B=2&a=1", id="capitals first"),
        pytest.param(b"a=2&b=1&a=1", b"a=2&b=1", id="first value only"),
        pytest.param(b"%61=1&a=2", b"a=1", id="one name in two spellings"),
        pytest.param(b"a=one+two", b"a=one%20two", id="plus is a space"),
        pytest.param(b"a=%2B%2A%7e", b"a=%2B%2A~", id="encoded anew"),
        pytest.param(b"a&b=1&c=", b"a=&b=1&c=", id="no value"),
        pytest.param(b"a=1&&b=2", b"a=1&b=2", id="empty pair"),
        pytest.param(b"a=1;b=2", b"a=1%3Bb%3D2", id="semicolon"),
        pytest.param(b"=x&a=1", b"a=1", id="no name"),
        pytest.param(b"a=%zz%", b"a=%25zz%25", id="escapes that are none"),
    ],
)
def test_a_query_is_signed_decoded_sorted_and_encoded(query: bytes, expected: bytes) -> None:
    assert canonical_query(query) == expected


def test_one_parameter_can_be_left_out() -> None:
    assert canonical_query(b"a=1&%78=2&x=3", without=b"x") == b"a=1"


def test_parameters_are_decoded_and_the_first_counts() -> None:
    assert parameters(b"q=a+b%26&q=2&x") == {b"q": b"a b&", b"x": b""}


def test_the_second_query_is_the_one_of_the_python_client() -> None:
    query = b"ids=a%40b&limit=1&ids=c+d&q=x+y"
    expected = sorted(f"{name}={quote_plus(text)}" for name, text in _first_on_the_wire(query))
    assert wire_query(query) == "&".join(expected).encode()


@pytest.mark.parametrize("query", [b"", b"a=1&b=1", b"a=1&A=1", b"&&"])
def test_there_is_no_second_query_without_a_repeated_name(query: bytes) -> None:
    assert wire_query(query) is None


def test_listed_headers_are_signed_with_single_spaces() -> None:
    headers = {b"x-trace": b"a \t  b", b"accept": b"*/*"}
    lines, names = header_lines([b"x-trace", b"x-gone"], headers, {b"host": b"h"})
    assert (lines, names) == (b"host:h\nx-trace:a b\n", b"host;x-trace")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        (b"a.test:443", [b"a.test"]),
        (b"a.test:80", [b"a.test"]),
        (b"a.test:8080", []),
        (b"a.test", [b"a.test:80", b"a.test:443"]),
        (b"[::1]", [b"[::1]:80", b"[::1]:443"]),
    ],
)
def test_default_ports_are_left_out_or_written(host: bytes, expected: list[bytes]) -> None:
    assert list(host_forms(host)) == expected


def _first_on_the_wire(query: bytes) -> list[tuple[str, str]]:
    first: dict[str, str] = {}
    for part in query.decode().split("&"):
        name, _, value = part.partition("=")
        first.setdefault(name, value)
    return list(first.items())
