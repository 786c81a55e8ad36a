from __future__ import annotations

from ipaddress import ip_network

import pytest

from para_server.access.request import RawRequest
from para_server.signin.limits import client_of
from para_server.signin.policy import SignInPolicy
from para_server.web.request import WebRequest

PROXIES = SignInPolicy(trusted_proxies=(ip_network("10.0.0.0/8"), ip_network("fd00::/8")))


def request(client: str, forwarded: str = "") -> WebRequest:
    headers = {b"x-forwarded-for": forwarded.encode()} if forwarded else {}
    return WebRequest(raw=RawRequest("GET", b"/", b"", headers), path="/", client=client)


@pytest.mark.parametrize(
    ("client", "forwarded", "expected"),
    [
        ("203.0.113.1", "", "203.0.113.1"),
        ("203.0.113.1", "198.51.100.1", "203.0.113.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "6.6.6.6, nonsense", "10.0.0.1"),
        ("fd00::1", "2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.1", "", "203.0.113.1"),
        ("", "198.51.100.1", ""),
    ],
    ids=str,
)
def test_only_a_trusted_proxy_tells_who_the_client_is(
    client: str, forwarded: str, expected: str
) -> None:
    assert client_of(request(client, forwarded), PROXIES) == expected


def test_without_trusted_proxies_the_connection_tells() -> None:
    assert client_of(request("10.0.0.1", "198.51.100.1"), SignInPolicy()) == "10.0.0.1"
