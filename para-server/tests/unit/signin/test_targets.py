from __future__ import annotations

import pytest

from para_server.signin.targets import origin_of


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://My.Test/a?b#c", "https://my.test"),
        ("HTTPS://my.test:443", "https://my.test"),
        ("http://my.test:80/", "http://my.test"),
        ("http://my.test:8080", "http://my.test:8080"),
        ("https://[2001:db8::1]:8443/x", "https://[2001:db8::1]:8443"),
    ],
)
def test_an_origin_has_one_form(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/path",
        "//my.test",
        "https:my.test",
        "https:///my.test",
        "https://user@my.test",
        "https://my.test\\@evil.test",
        "https://my.test\n.evil.test",
        "https://my test",
        "https://my.test:port",
        "https://[::1",
        "ftp://my.test",
        "javascript://my.test/%0aalert(1)",
    ],
)
def test_what_browsers_may_read_in_another_way_has_none(url: str) -> None:
    assert origin_of(url) == ""
