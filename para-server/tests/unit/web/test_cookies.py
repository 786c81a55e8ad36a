from __future__ import annotations

import pytest

from para_server.web.cookies import SetCookie


def test_a_cookie_is_one_header() -> None:
    cookie = SetCookie(name="a", value="b", max_age_sec=60, is_secure=True, same_site="Lax")
    expected = (
        b"a=b;Path=/;Expires=Thu, 01-Jan-1970 00:01:00 GMT;Max-Age=60;HttpOnly;Secure;SameSite=Lax"
    )
    assert cookie.header(now=0) == (b"set-cookie", expected)


def test_a_deleted_cookie_ended_long_ago() -> None:
    assert (
        b"Expires=Thu, 01-Jan-1970 00:00:00 GMT;Max-Age=0"
        in SetCookie(name="a", max_age_sec=0).header(now=10**9)[1]
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [("a;b", "c"), ("", "c"), ("a", "b;Domain=x"), ("a", "b\r\nX: y"), ("a", "b c"), ("a", 'b"')],
)
def test_what_would_leave_the_cookie_is_refused(name: str, value: str) -> None:
    with pytest.raises(ValueError, match="characters"):
        SetCookie(name=name, value=value).header()
