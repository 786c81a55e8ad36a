"""E-mail addresses and URLs."""

from __future__ import annotations

import pytest

from para_core.formats import base_of, host_of, is_email, is_mailbox, is_url


@pytest.mark.parametrize(
    "text",
    [
        "a@b.co",
        "abc@de.com",
        "a'b@c.com",
        "a%b+c_d-e@x-y.co.uk",
        "a@b..co",
        ".a@b.co",
        "a@b.c0m",
        "A@B.CO",
        "a@b.жж",
    ],
)
def test_an_email_has_a_name_a_host_and_an_end(text: str) -> None:
    assert is_email(text)


@pytest.mark.parametrize(
    "value",
    [
        "a@b.c",
        "a@b",
        "é@b.co",
        "a b@c.co",
        "a@.co",
        "a@b.co ",
        "a@b.co\n",
        "a@b." + "c" * 21,
        "abc@de.",
        "abc@.c",
        "",
        " ",
        123,
        None,
    ],
)
def test_other_values_are_no_email(value: object) -> None:
    assert not is_email(value)


@pytest.mark.parametrize(
    "text", ["a@b.co", "asd@asd", "a.b+c@d-e.org", '"a b"@c.org', "a@[127.0.0.1]", "é@ж.жж"]
)
def test_a_mailbox_may_lack_the_dot_in_its_domain(text: str) -> None:
    assert is_mailbox(text)


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "@b.co",
        "a@",
        "a@b..co",
        ".a@b.co",
        "a..b@c.co",
        "a@-b.co",
        "a@b-.co",
        "a b@c.co",
        "a@b@c.co",
        "a" * 65 + "@b.co",
        "a@" + "b." * 128 + "co",
    ],
)
def test_a_mailbox_has_whole_parts(text: str) -> None:
    assert not is_mailbox(text)


@pytest.mark.parametrize(
    "text",
    [
        "http://a",
        "HTTP://A",
        "http://[::1]/",
        "http://a_b.c",
        "http://a:8080/p?q=[1]#f",
        "http://u:p@a/",
        "http://example.org/a?b=c#d",
        "http://жж.жл/път",
        "https://a/%20",
        "ftp://x",
        "mailto:a@b.c",
        "file:///x",
        "jar:file:/x.jar!/y",
        "jar:jar:http://a/outer!/inner!/z",
    ],
)
def test_a_url_is_absolute_and_of_a_known_scheme(text: str) -> None:
    assert is_url(text)


@pytest.mark.parametrize(
    "text",
    [
        "test.com",
        "abc.com",
        "//x",
        "http:",
        "http://",
        "https://",
        "http:///x",
        "http://:80",
        "http://a:b",
        "http://a b",
        " http://a",
        "http://a ",
        "http://a\n",
        "http://a/%zz",
        "http://a/[1]",
        "http://a/<b>",
        "http://a/#b#c",
        "urn:x",
        "jar:x",
        "jar:jar:x!/y",
        pytest.param("jar:" * 1000 + "http://a/x" + "!/" * 1000, id="1,000 jars"),
        "htp://x",
        "file:",
        "",
        " ",
    ],
)
def test_other_texts_are_no_url(text: str) -> None:
    assert not is_url(text)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://test.com", "test.com"),
        ("https://u@Test.com:80/x", "Test.com"),
        ("http://[::1]:80/", "[::1]"),
        ("mailto:a@b.c", ""),
        ("test.com", ""),
    ],
)
def test_the_host_of_a_url_is_read_as_written(url: str, host: str) -> None:
    assert host_of(url) == host


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("http://test.com/index.html", "http://test.com"),
        ("HTTP://A", "http://A"),
        ("https://me@test.com:8443?q=1", "https://me@test.com:8443"),
        ("mailto:me@test.com", None),
        ("test.com", None),
        ("", None),
    ],
)
def test_a_url_has_a_base(url: str, base: str | None) -> None:
    assert base_of(url) == base
