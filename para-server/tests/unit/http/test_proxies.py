from __future__ import annotations

import pytest

from para_core.config import Config
from para_core.errors import ConfigError
from para_server.http.proxies import is_trusted, trusted_proxies_of
from para_server.web.request import web_request

NETWORKS = trusted_proxies_of(Config({"para.trusted_proxies": "10.0.0.0/8, ::1"}))


def scheme_of(client: str, *told: tuple[bytes, bytes], connection: str = "http") -> str:
    scope = {
        "method": "GET",
        "raw_path": b"/signin",
        "query_string": b"",
        "headers": [(b"host", b"api.example.com"), *told],
        "client": (client, 1),
        "scheme": connection,
    }
    return web_request(scope, b"", "", NETWORKS).origin.partition(":")[0]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("10.1.2.3", True),
        ("::ffff:10.1.2.3", True),
        ("::1", True),
        ("11.0.0.1", False),
        ("::2", False),
        ("", False),
        ("proxy.example", False),
    ],
    ids=str,
)
def test_proxies_are_known_by_their_address(address: str, expected: bool) -> None:  # noqa: FBT001
    assert is_trusted(address, NETWORKS) is expected


@pytest.mark.parametrize("header", [b"x-forwarded-proto", b"cloudfront-forwarded-proto"])
def test_a_trusted_proxy_tells_of_https(header: bytes) -> None:
    assert scheme_of("10.0.0.1", (header, b"https")) == "https"
    assert scheme_of("10.0.0.1", (header, b"https, http")) == "https"
    assert scheme_of("10.0.0.1", (header, b"gopher")) == "http"
    assert scheme_of("10.0.0.1", (header, b"http"), connection="https") == "http"


@pytest.mark.parametrize("header", [b"x-forwarded-proto", b"cloudfront-forwarded-proto"])
def test_of_anybody_else_the_connection_tells(header: bytes) -> None:
    assert scheme_of("203.0.113.5", (header, b"https")) == "http"
    assert scheme_of("203.0.113.5", (header, b"http"), connection="https") == "https"


def test_a_name_is_no_address() -> None:
    config = Config({"para.trusted_proxies": "10.0.0.0/8,proxy.test"})
    with pytest.raises(ConfigError, match=r"trusted_proxies has 'proxy\.test'"):
        trusted_proxies_of(config)
