"""The one way out: every request that the server sends to another system goes through here.

See ``para_core.contracts.Outbound`` for what is promised. The host is looked up first, its
addresses are checked, and the connection is made to the address that was checked; so a name that
changes its address in between leads nowhere else. Each redirect is a new request in this sense.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from para_core.contracts.component import Component
from para_core.contracts.outbound import Outbound, OutboundReply
from para_core.errors import UnavailableError
from para_server.outbound.addresses import Addresses
from para_server.outbound.places import SAFE, origin, place_of
from para_server.outbound.settings import OutboundSettings, addresses_of

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from para_core.config import Config
    from para_server.outbound.exchange import Exchange

__all__ = ["OutboundClient", "open_outbound"]

_MOST_REDIRECTS = 5
_FOLLOWED = frozenset({301, 302, 303, 307, 308})
_EVERYWHERE = frozenset({"accept", "user-agent"})  # headers that other hosts get too


class OutboundClient(Component, Outbound):
    """Sends requests within limits of time, size and redirects; open it with the server.

    Only answers to ``GET`` and ``HEAD`` are followed elsewhere, from HTTPS to HTTPS only, and
    another host gets no header that could be a credential. A redirect of anything else is returned
    as it is. TLS certificates are verified against the system's authorities.
    """

    def __init__(  # noqa: PLR0913 - each may differ
        self,
        addresses: Addresses,
        *,
        timeout_ms: int = 10_000,
        max_bytes: int = 5_242_880,
        tls: ssl.SSLContext | None = None,
        most_connections: int = 100,
        is_repeatable: bool = False,
    ) -> None:
        """Make a client.

        Args:
            addresses: Where it may connect to.
            timeout_ms: Longest time for one request.
            max_bytes: Largest answer that is read.
            tls: The authorities; those of the system unless given.
            most_connections: At the same time, to all hosts together.
            is_repeatable: Whether any request, not only ``GET``, is sent once more when a
                connection that was kept turns out to be closed.
        """
        self._most_connections, self._is_repeatable = most_connections, is_repeatable
        self._addresses = addresses
        self._timeout_sec, self._max_bytes = timeout_ms / 1000, max_bytes
        self._tls = tls
        self._exchange: Exchange | None = None
        self._turn = asyncio.Lock()

    async def open(self) -> None:
        """Nothing to get ready: the first request loads the authorities and the HTTP client."""

    async def close(self) -> None:
        """Close the connections that are kept."""
        if self._exchange is not None:
            await self._exchange.close()
            self._exchange = None

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        may_send: Callable[[], bool] | None = None,
    ) -> OutboundReply:
        """Send one request; see ``Outbound.send``.

        ``may_send`` is asked once more when the connection is there, right before anything leaves;
        when it says no, nothing does, and the error is an ``UnavailableError`` as well.
        """
        sent = {name.lower(): value for name, value in (headers or {}).items()}
        place = place_of(url)
        try:
            async with asyncio.timeout(self._timeout_sec):
                return await self._follow(method.upper(), place, sent, body, may_send)
        except TimeoutError as error:
            message = f"{place.hostname} did not answer within {self._timeout_sec:g} seconds"
            raise UnavailableError(message) from error

    async def addresses_of(self, host: str, port: int) -> list[str]:
        """Return addresses of a host that may be connected to; see ``Outbound.addresses_of``."""
        return await self._addresses.find(host, port)

    async def _follow(
        self,
        method: str,
        place: SplitResult,
        headers: dict[str, str],
        body: bytes,
        may_send: Callable[[], bool] | None,
    ) -> OutboundReply:
        exchange = self._exchange or await self._loaded()
        for _ in range(_MOST_REDIRECTS + 1):
            reply = await exchange.ask(method, place, headers, body, may_send)
            target = reply.headers.get("location", "")
            if reply.status not in _FOLLOWED or method not in SAFE or not target:
                return reply
            after = place_of(target, base=place.geturl())
            if place.scheme == "https" and after.scheme != "https":
                raise UnavailableError(f"{place.hostname} redirects to an unprotected address")
            if origin(after) != origin(place):
                headers = {name: headers[name] for name in headers if name in _EVERYWHERE}
            place, body = after, b""
        raise UnavailableError(f"{place.hostname} redirects more than {_MOST_REDIRECTS} times")

    async def _loaded(self) -> Exchange:
        """Return the exchange, made in a thread while other requests are answered."""
        async with self._turn:
            if self._exchange is None:
                self._exchange = await asyncio.to_thread(self._made)
            return self._exchange

    def _made(self) -> Exchange:
        from para_server.outbound.exchange import Exchange

        self._tls = self._tls or ssl.create_default_context()
        return Exchange(
            self._addresses,
            self._tls,
            max_bytes=self._max_bytes,
            most_connections=self._most_connections,
            is_repeatable=self._is_repeatable,
        )


def open_outbound(
    config: Config, *, most_connections: int = 100, is_repeatable: bool = False
) -> OutboundClient:
    """Make a client that ``para.outbound`` describes; see ``OutboundClient`` for the rest."""
    settings = config.section("para.outbound", OutboundSettings)
    return OutboundClient(
        addresses_of(config),
        timeout_ms=settings.timeout_ms,
        max_bytes=settings.max_bytes,
        most_connections=most_connections,
        is_repeatable=is_repeatable,
    )
