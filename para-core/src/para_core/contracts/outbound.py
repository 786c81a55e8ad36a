"""The one way out: requests that the server itself sends to other systems."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

__all__ = ["Outbound", "OutboundReply"]


@dataclass(frozen=True, slots=True)
class OutboundReply:
    """What another system answered; names of headers are lower-case."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Outbound(Protocol):
    """Sends requests within limits of time, size and redirects.

    Private and local addresses are refused unless the configuration allows them.
    """

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> OutboundReply:
        """Send one request and return the answer, whatever its status.

        Raises:
            UnavailableError: The address is refused, cannot be reached, or did not answer in time
                or within the largest size.
        """

    async def addresses_of(self, host: str, port: int) -> list[str]:
        """Return the IP addresses of a host that may be connected to, at least one.

        For protocols other than HTTP. Connect to an address rather than to the name, which may
        have others a moment later.

        Raises:
            UnavailableError: The host has no address, or none that is allowed.
        """
