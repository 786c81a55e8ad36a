"""Where the server may connect to: public addresses, and what the configuration names.

Apps say in their settings where their directory, their provider or their webhook is. Without this
an app could reach what only the server's own network can: other services of the host, the metadata
of a cloud, the neighbours.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeAlias

from para_core.errors import UnavailableError

__all__ = ["Addresses", "Resolve", "is_public", "resolve"]

Resolve: TypeAlias = Callable[[str, int], Awaitable[list[str]]]
"""Returns the IP addresses of a host; raises ``OSError`` when it has none."""

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # its last 32 bits are an IPv4 address


class Addresses:
    """Decides which addresses may be connected to."""

    def __init__(
        self,
        *,
        allow_private: bool = False,
        hosts: Iterable[str] = (),
        resolver: Resolve | None = None,
    ) -> None:
        self._allow_private = allow_private
        self._hosts = frozenset(host.strip().lower() for host in hosts)
        self._resolve = resolver or resolve

    async def find(self, host: str, port: int) -> list[str]:
        """Return the addresses of a host that may be connected to, at least one.

        Connect to one of these rather than to the name: it may have other addresses a moment later.

        Raises:
            UnavailableError: The host has no address, or none that is allowed.
        """
        try:
            found = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise UnavailableError(f"no address is known for {host!r}") from error
        if self._allow_private or self._is_listed(host, port):
            return found
        allowed = [address for address in found if is_public(address)]
        if not allowed:
            raise UnavailableError(
                f"{host!r} has a private or local address; add it to para.outbound.hosts if the "
                "server may connect to it"
            )
        return allowed

    def _is_listed(self, host: str, port: int) -> bool:
        return not self._hosts.isdisjoint((host.lower(), f"{host.lower()}:{port}"))


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the public Internet, wrapped ones unwrapped."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        found = _unwrapped(found)
    return found.is_global and not (found.is_multicast or found.is_reserved)


def _unwrapped(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Return the IPv4 address that some kinds of IPv6 addresses stand for."""
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


async def resolve(host: str, port: int) -> list[str]:
    """Return the IP addresses of a host in the order of the system; see ``Resolve``."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))
