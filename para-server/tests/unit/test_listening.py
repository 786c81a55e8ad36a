"""On which addresses the server listens, and what it says when it cannot."""

from __future__ import annotations

import socket

import pytest

from para_core.errors import ConfigError
from para_server.listening import listen, url_host


def reaches(address: str, port: int) -> bool:
    try:
        with socket.create_connection((address, port), timeout=10):
            return True
    except OSError:
        return False


@pytest.mark.parametrize(("mine", "other"), [(1, 2), (2, 1)])
def test_an_address_is_open_and_no_other_is(mine: int, other: int) -> None:
    with listen(f"127.0.0.{mine}", 0, key="para.") as listener:
        port = listener.getsockname()[1]
        assert reaches(f"127.0.0.{mine}", port)
        assert not reaches(f"127.0.0.{other}", port)


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has one kind")
def test_without_an_address_both_kinds_are_served() -> None:
    with listen("", 0, key="para.") as listener:
        port = listener.getsockname()[1]
        assert reaches("127.0.0.1", port)
        assert reaches("::1", port)


def test_sockets_share_a_port_only_when_told_to() -> None:
    with listen("127.0.0.1", 0, key="para.", is_shared=True) as first:
        port = first.getsockname()[1]
        listen("127.0.0.1", port, key="para.", is_shared=True).close()
        with pytest.raises(ConfigError, match="Address already in use"):
            listen("127.0.0.1", port, key="para.")


@pytest.mark.parametrize(
    ("address", "port", "message"),
    [
        ("", 70_000, r"cannot listen on port 70000 \(ports end at 65535\); choose another x.port"),
        (
            "192.0.2.1",
            0,
            r"port 0 of 192.0.2.1 \(Cannot assign requested address\); choose another x.address",
        ),
    ],
    ids=["no port", "not of this machine"],
)
def test_what_cannot_be_had_is_named_with_its_keys(address: str, port: int, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        listen(address, port, key="x.")


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("", "here"),
        ("::", "here"),
        ("127.0.0.1", "here"),
        ("0.0.0.0", "here"),  # noqa: S104 - of a test
        ("::1", "[::1]"),
        ("10.0.0.9", "10.0.0.9"),
    ],
)
def test_a_url_names_it(address: str, host: str) -> None:
    assert url_host(address, here="here") == host
