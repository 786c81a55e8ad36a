"""Proxies in front of the server: whose word on the client and on HTTPS counts.

Anybody can send ``X-Forwarded-For`` and ``X-Forwarded-Proto``; only what a proxy of
``para.trusted_proxies`` says is taken from there.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, TypeAlias

from para_core.errors import ConfigError

if TYPE_CHECKING:
    from para_core.config import Config

__all__ = ["Networks", "is_address", "is_trusted", "trusted_proxies_of"]

Networks: TypeAlias = tuple[IPv4Network | IPv6Network, ...]

_KEY = "para.trusted_proxies"


def trusted_proxies_of(config: Config) -> Networks:
    """Return the networks that the configuration trusts.

    Raises:
        ConfigError: An entry is neither an address nor a network.
    """
    found = []
    for text in config.items(_KEY):
        if text.strip():
            try:
                found.append(ip_network(text.strip(), strict=False))
            except ValueError as error:
                message = f"{_KEY} has {text!r}, which is no address: {error}"
                raise ConfigError(f"{config.source_of(_KEY)}: {message}") from error
    return tuple(found)


def is_trusted(address: str, networks: Networks) -> bool:
    """Return whether the other end of a connection is a proxy that is believed."""
    if not networks or not is_address(address):
        return False
    known = ip_address(address)
    if isinstance(known, IPv6Address) and known.ipv4_mapped is not None:
        known = known.ipv4_mapped
    return any(known in network for network in networks)


def is_address(text: str) -> bool:
    """Return whether a text is an IP address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
