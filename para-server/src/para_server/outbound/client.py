"""The one way out: every request that the server sends to another system goes through here.

See ``para_core.contracts.Outbound`` for what is promised. The host is looked up first, its
addresses are checked, and the connection is made to the address that was checked; so a name that
changes its address in between leads nowhere else. Each redirect is a new request in this sense.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urljoin, urlsplit

import httpcore

from para_core.contracts.component import Component
from para_core.contracts.outbound import Outbound, OutboundReply
from para_core.errors import UnavailableError
from para_server import __version__
from para_server.outbound.addresses import Addresses
from para_server.outbound.settings import OutboundSettings, addresses_of

if TYPE_CHECKING:
    from para_core.config import Config

__all__ = ["OutboundClient", "open_outbound"]

_AGENT = f"para-server/{__version__}"
_MOST_REDIRECTS = 5
_FOLLOWED = frozenset({301, 302, 303, 307, 308})
_SAFE = frozenset({"GET", "HEAD"})
_PORTS = {"http": 80, "https": 443}
_EVERYWHERE = frozenset({"accept", "user-agent"})  # headers that other hosts get too
_IDLE_CONNECTIONS, _IDLE_SEC = 20, 15
_FAILURES = (
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
    OSError,
)


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
        self._tls, self._pool = tls, None if tls is None else self._new_pool(tls)

    async def open(self) -> None:
        """Load the authorities; requests before do so themselves."""
        self._connections()

    async def close(self) -> None:
        """Close the connections that are kept."""
        if self._pool is not None:
            await self._pool.aclose()
            self._pool = None

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> OutboundReply:
        """Send one request; see ``Outbound.send``."""
        sent = {name.lower(): value for name, value in (headers or {}).items()}
        place = _place_of(url)
        try:
            async with asyncio.timeout(self._timeout_sec):
                return await self._follow(method.upper(), place, sent, body)
        except TimeoutError as error:
            message = f"{place.hostname} did not answer within {self._timeout_sec:g} seconds"
            raise UnavailableError(message) from error
        except _FAILURES as error:
            raise UnavailableError(f"{place.hostname} cannot be reached: {_why(error)}") from error

    async def addresses_of(self, host: str, port: int) -> list[str]:
        """Return addresses of a host that may be connected to; see ``Outbound.addresses_of``."""
        return await self._addresses.find(host, port)

    async def _follow(
        self, method: str, place: SplitResult, headers: dict[str, str], body: bytes
    ) -> OutboundReply:
        for _ in range(_MOST_REDIRECTS + 1):
            reply = await self._ask(method, place, headers, body)
            target = reply.headers.get("location", "")
            if reply.status not in _FOLLOWED or method not in _SAFE or not target:
                return reply
            after = _place_of(target, base=place.geturl())
            if place.scheme == "https" and after.scheme != "https":
                raise UnavailableError(f"{place.hostname} redirects to an unprotected address")
            if _origin(after) != _origin(place):
                headers = {name: headers[name] for name in headers if name in _EVERYWHERE}
            place, body = after, b""
        raise UnavailableError(f"{place.hostname} redirects more than {_MOST_REDIRECTS} times")

    async def _ask(
        self, method: str, place: SplitResult, headers: Mapping[str, str], body: bytes
    ) -> OutboundReply:
        """Send a request once more when a connection that was kept turned out to be closed."""
        try:
            return await self._ask_once(method, place, headers, body)
        except httpcore.RemoteProtocolError:
            if method not in _SAFE and not self._is_repeatable:
                raise
            return await self._ask_once(method, place, headers, body)

    async def _ask_once(
        self, method: str, place: SplitResult, headers: Mapping[str, str], body: bytes
    ) -> OutboundReply:
        host, port = _host_of(place), place.port or _PORTS[place.scheme]
        target = (place.path or "/") + (f"?{place.query}" if place.query else "")
        url = httpcore.URL(
            scheme=place.scheme.encode(), host=host, port=port, target=target.encode("ascii")
        )
        shown = f"[{host.decode()}]" if b":" in host else host.decode()
        own = {
            "host": shown if place.port is None else f"{shown}:{port}",
            "user-agent": _AGENT,
            "accept": "*/*",
            "accept-encoding": "identity",  # nothing small that becomes large
        }
        if body or method not in _SAFE:
            own["content-length"] = str(len(body))
        sent = [(name.encode(), _value(value)) for name, value in {**own, **headers}.items()]
        async with self._connections().stream(method, url, headers=sent, content=body) as answer:
            found = _headers(answer.headers)
            return OutboundReply(answer.status, await self._read(place, answer, found), found)

    async def _read(
        self, place: SplitResult, answer: httpcore.Response, headers: Mapping[str, str]
    ) -> bytes:
        parts, size = [], 0
        announced = headers.get("content-length", "0")
        async for part in answer.aiter_stream():
            parts.append(part)
            size += len(part)
            if size > self._max_bytes:
                break
        if size > self._max_bytes or (announced.isdigit() and int(announced) > self._max_bytes):
            raise UnavailableError(f"{place.hostname} answers more than {self._max_bytes} bytes")
        return b"".join(parts)

    def _connections(self) -> httpcore.AsyncConnectionPool:
        if self._pool is None:
            self._tls = self._tls or ssl.create_default_context()
            self._pool = self._new_pool(self._tls)
        return self._pool

    def _new_pool(self, tls: ssl.SSLContext) -> httpcore.AsyncConnectionPool:
        return httpcore.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=self._most_connections,
            max_keepalive_connections=_IDLE_CONNECTIONS,
            keepalive_expiry=_IDLE_SEC,
            network_backend=_CheckedNetwork(self._addresses),
        )


class _CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to addresses that were checked, never to a name."""

    def __init__(self, addresses: Addresses) -> None:
        self._addresses, self._inner = addresses, httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address of a host that answers."""
        failed: Exception | None = None
        for address in await self._addresses.find(host, port):
            try:
                return await self._inner.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed or httpcore.ConnectError("no address")


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


def _place_of(url: str, *, base: str = "") -> SplitResult:
    place = _split(url, base) if url.isascii() and url.isprintable() and " " not in url else None
    if place is None or not place.hostname or place.scheme not in _PORTS or place.username:
        shown = url.partition("?")[0][:100]
        raise UnavailableError(f"{shown!r} is no address that a request can be sent to")
    return place


def _split(url: str, base: str) -> SplitResult | None:
    try:
        place = urlsplit(urljoin(base, url))
        is_usable = place.port != 0
    except ValueError:  # brackets or a port that are none
        return None
    return place if is_usable else None


def _host_of(place: SplitResult) -> bytes:
    return (place.hostname or "").encode("ascii")


def _origin(place: SplitResult) -> tuple[str, str | None, int]:
    return place.scheme, place.hostname, place.port or _PORTS[place.scheme]


def _headers(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in pairs}


def _value(value: str) -> bytes:
    if "\r" in value or "\n" in value or "\0" in value:
        raise UnavailableError("a header would have more than one line")
    return value.encode("latin-1", "replace")


def _why(error: Exception) -> str:
    return str(error) or type(error).__name__
