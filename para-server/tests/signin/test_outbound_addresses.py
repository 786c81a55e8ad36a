"""Which addresses the server connects to."""

from __future__ import annotations

import pytest

from para_core.config import Config
from para_core.errors import UnavailableError
from para_server.outbound import Addresses, addresses_of
from para_server.outbound.addresses import is_public, resolve

PRIVATE = {
    "loopback": "127.0.0.1",
    "all of loopback": "127.8.9.10",
    "this host": "0.0.0.0",  # noqa: S104 - nothing listens there
    "ten": "10.1.2.3",
    "carriers": "100.64.0.1",
    "link-local, where clouds keep their metadata": "169.254.169.254",
    "a hundred and seventy-two": "172.16.0.1",
    "a hundred and ninety-two": "192.168.1.1",
    "benchmarks": "198.18.0.1",
    "examples": "203.0.113.5",
    "multicast": "224.0.0.1",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "IPv6 loopback": "::1",
    "IPv6 unspecified": "::",
    "IPv6 link-local": "fe80::1",
    "IPv6 link-local with its interface": "fe80::1%eth0",
    "IPv6 unique local": "fd00::1",
    "IPv6 multicast": "ff02::1",
    "IPv4 in IPv6": "::ffff:127.0.0.1",
    "IPv4 behind NAT64": "64:ff9b::a00:1",
    "IPv4 in 6to4": "2002:7f00:1::",
    "no address": "localhost",
}
PUBLIC = ["1.1.1.1", "8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


async def nowhere(host: str, port: int) -> list[str]:
    raise OSError(host, port)


def answering(*found: str) -> Addresses:
    async def look_up(host: str, port: int) -> list[str]:
        assert host, port
        return list(found)

    return Addresses(resolver=look_up)


@pytest.mark.parametrize("address", PRIVATE.values(), ids=PRIVATE.keys())
def test_addresses_that_are_not_of_the_internet_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", [a for a in PRIVATE.values() if a != "localhost"])
async def test_hosts_with_private_addresses_are_refused(address: str) -> None:
    with pytest.raises(UnavailableError, match="private or local address"):
        await answering(address).find("innocent.example", 443)


async def test_of_a_host_with_both_kinds_only_the_public_addresses_are_used() -> None:
    assert await answering("10.0.0.1", "8.8.8.8", "::1").find("mixed.example", 80) == ["8.8.8.8"]


async def test_numbers_in_unusual_notation_are_the_addresses_that_they_mean() -> None:
    for host in ("2130706433", "0x7f.1", "127.1", "[::1]".strip("[]"), "localhost"):
        with pytest.raises(UnavailableError):
            await Addresses().find(host, 80)


async def test_unknown_hosts_are_unavailable() -> None:
    with pytest.raises(UnavailableError, match="no address is known"):
        await Addresses(resolver=nowhere).find("nosuch.example", 80)
    with pytest.raises(UnavailableError, match="no address is known"):
        await Addresses(resolver=resolve).find("a" * 64 + ".example", 80)


@pytest.mark.parametrize(
    ("listed", "port", "is_allowed"),
    [
        ("ldap.corp", 389, True),
        ("LDAP.corp", 389, True),
        ("ldap.corp:389", 389, True),
        ("ldap.corp:636", 389, False),
        ("corp", 389, False),
    ],
    ids=["the host", "in capitals", "the host and port", "another port", "its domain only"],
)
async def test_listed_hosts_may_be_private(listed: str, port: int, is_allowed: bool) -> None:  # noqa: FBT001
    async def look_up(host: str, port: int) -> list[str]:
        assert host, port
        return ["10.0.0.1"]

    addresses = Addresses(hosts=[listed], resolver=look_up)
    if is_allowed:
        assert await addresses.find("ldap.corp", port) == ["10.0.0.1"]
    else:
        with pytest.raises(UnavailableError):
            await addresses.find("ldap.corp", port)


async def test_everything_is_allowed_when_the_configuration_says_so() -> None:
    allowed = addresses_of(Config({"para.outbound.allow_private": "true"}))
    assert await allowed.find("127.0.0.1", 80) == ["127.0.0.1"]


async def test_hosts_that_the_configuration_names_for_sign_in_are_allowed() -> None:
    named = {
        "para.security.ldap.server_url": "ldap://127.0.0.1:1389/",
        "para.security.oauth.token_url": "http://127.0.0.1/token",
        "para.outbound.hosts": "127.0.0.2, 127.0.0.3:81",
    }
    addresses = addresses_of(Config(named))
    for host, port in (("127.0.0.1", 1389), ("127.0.0.1", 80), ("127.0.0.2", 1), ("127.0.0.3", 81)):
        assert await addresses.find(host, port) == [host]
    for host, port in (("127.0.0.1", 389), ("127.0.0.3", 80)):
        with pytest.raises(UnavailableError):
            await addresses.find(host, port)


async def test_the_directory_that_is_only_a_default_is_not_allowed() -> None:
    with pytest.raises(UnavailableError):
        await addresses_of(Config()).find("localhost", 8389)
