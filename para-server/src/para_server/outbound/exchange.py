"""One request to another system and its answer, over connections that are kept for a while.

It stands apart because the HTTP client is loaded with it, which a server does not need to start.
"""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import SplitResult

import httpcore

from para_core.contracts.outbound import OutboundReply
from para_core.errors import UnavailableError
from para_server import __version__
from para_server.outbound.places import PORTS, SAFE

if TYPE_CHECKING:
    from para_server.outbound.addresses import Addresses

__all__ = ["Exchange"]

_AGENT = f"para-server/{__version__}"
_IDLE_CONNECTIONS, _IDLE_SEC = 20, 15
_BEFORE_SENDING = ".send_request_headers.started"
_FAILURES = (
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
    OSError,
)


class Exchange:
    """Asks other systems, each time at an address that was checked."""

    def __init__(
        self,
        addresses: Addresses,
        tls: ssl.SSLContext,
        *,
        max_bytes: int,
        most_connections: int,
        is_repeatable: bool,
    ) -> None:
        """Keep no connection yet; arguments as of ``OutboundClient``."""
        self._max_bytes, self._is_repeatable = max_bytes, is_repeatable
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=most_connections,
            max_keepalive_connections=_IDLE_CONNECTIONS,
            keepalive_expiry=_IDLE_SEC,
            network_backend=_CheckedNetwork(addresses),
        )

    async def close(self) -> None:
        """Close the connections that are kept."""
        await self._pool.aclose()

    async def ask(
        self,
        method: str,
        place: SplitResult,
        headers: Mapping[str, str],
        body: bytes,
        may_send: Callable[[], bool] | None = None,
    ) -> OutboundReply:
        """Send one request, unless ``may_send`` says no, and return the answer whatever it is.

        Raises:
            UnavailableError: There is no answer, or more of it than is read.
        """
        try:
            return await self._ask(method, place, headers, body, may_send)
        except _FAILURES as error:
            raise UnavailableError(f"{place.hostname} cannot be reached: {_why(error)}") from error

    async def _ask(
        self,
        method: str,
        place: SplitResult,
        headers: Mapping[str, str],
        body: bytes,
        may_send: Callable[[], bool] | None,
    ) -> OutboundReply:
        """Send a request once more when a connection that was kept turned out to be closed."""
        try:
            return await self._ask_once(method, place, headers, body, may_send)
        except httpcore.RemoteProtocolError:
            if method not in SAFE and not self._is_repeatable:
                raise
            return await self._ask_once(method, place, headers, body, may_send)

    async def _ask_once(
        self,
        method: str,
        place: SplitResult,
        headers: Mapping[str, str],
        body: bytes,
        may_send: Callable[[], bool] | None,
    ) -> OutboundReply:
        host, port = _host_of(place), place.port or PORTS[place.scheme]
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
        if body or method not in SAFE:
            own["content-length"] = str(len(body))
        # as documents write them: there are receivers that take letter case for a difference
        sent = [(name.title().encode(), _value(v)) for name, v in {**own, **headers}.items()]
        extensions = {"trace": _asking(may_send)} if may_send is not None else None
        async with self._pool.stream(
            method, url, headers=sent, content=body, extensions=extensions
        ) as answer:
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


def _asking(may_send: Callable[[], bool]) -> Callable[[str, object], Awaitable[None]]:
    """Return what the HTTP client tells of its steps, which stops it before it sends."""

    async def trace(event: str, about: object) -> None:
        del about
        if event.endswith(_BEFORE_SENDING) and not may_send():
            raise UnavailableError("the request was not sent: its time has passed")

    return trace


def _host_of(place: SplitResult) -> bytes:
    return (place.hostname or "").encode("ascii")


def _headers(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in pairs}


def _value(value: str) -> bytes:
    if "\r" in value or "\n" in value or "\0" in value:
        raise UnavailableError("a header would have more than one line")
    return value.encode("latin-1", "replace")


def _why(error: Exception) -> str:
    return str(error) or type(error).__name__
