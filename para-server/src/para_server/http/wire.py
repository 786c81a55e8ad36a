"""From an answer to the bytes that leave: head, security headers, CORS, compression."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing
from functools import lru_cache
from typing import TYPE_CHECKING

from para_server.access.request import first_headers
from para_server.http.answers import Answer, StreamingAnswer, error_answer, reason_of
from para_server.http.protocol import ANSWER, send_whole

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    from para_server.logs.access import AccessLog

__all__ = ["Dispatcher", "preflight"]

_MOST_HEADS = 1024  # that are kept; which ones is up to what clients ask for
_STALLED_SEC = 60  # that a client may take nothing of a stream, which holds up others meanwhile
_SMALLEST_GZIP = 128  # bytes; below that compression gains nothing
_GZIP_KINDS = (b"application/json", b"text/", b"application/javascript")
_SECURITY = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-xss-protection", b"0"),
    (b"cache-control", b"no-cache, no-store, max-age=0, must-revalidate"),
    (b"pragma", b"no-cache"),
    (b"expires", b"0"),
    (b"x-frame-options", b"DENY"),
]
_HSTS = (b"strict-transport-security", b"max-age=31536000 ; includeSubDomains")
_VARY = (b"vary", b"Origin, Access-Control-Request-Method, Access-Control-Request-Headers")
_CORS = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"Mcp-Protocol-Version, Mcp-Session-Id"),
]


class Dispatcher:
    """Sends answers; heads that recur are built once."""

    def __init__(self, *, is_cors_enabled: bool = True, is_gzip_enabled: bool = True) -> None:
        self._is_cors_enabled, self._is_gzip_enabled = is_cors_enabled, is_gzip_enabled
        self._heads: dict[tuple[int, bytes | None, str, bool, bool], bytes] = {}
        self._defaults: tuple[object, bytes] = (None, b"")
        self.sent: dict[int, int] = {}  # answers by their status
        self.access: AccessLog | None = None

    async def send(
        self,
        scope: Scope,
        headers: Mapping[bytes, bytes],
        send: Send,
        answer: Answer,
        challenge: str = "",
    ) -> None:
        """Send an answer to the request of this scope.

        Args:
            scope: The ASGI scope.
            headers: The first value of each request header.
            send: The ASGI way out.
            answer: What is sent.
            challenge: ``WWW-Authenticate``; empty for none.
        """
        if isinstance(answer, StreamingAnswer):
            await self._stream(scope, headers, send, answer, challenge)
            return
        extension = scope.get("extensions", {}).get(ANSWER)
        if extension is not None:
            cycle = extension["cycle"]()
            if scope["method"] != "HEAD" and self.send_now(cycle, headers, answer, challenge):
                return
            _give_up_body(cycle)
        body, extra = self._packed(headers, answer)
        self._note(scope, answer.status, len(body))
        has_origin, is_tls = b"origin" in headers, scope["scheme"] == "https"
        start = [*self._fixed(answer, challenge, has_origin=has_origin, is_tls=is_tls), *extra]
        start.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": start})
        await send({"type": "http.response.body", "body": body})

    def is_preflight(self, method: str, headers: Mapping[bytes, bytes]) -> bool:
        """Return whether a browser asks if a page may send some request."""
        return (
            method == "OPTIONS"
            and self._is_cors_enabled
            and b"origin" in headers
            and b"access-control-request-method" in headers
        )

    def dressed(self, app: ASGIApp, context_path: str = "") -> ASGIApp:
        """Return an application that answers as the API does around what ``app`` says.

        Its answers get the same headers, pre-flights are answered before it, and it lives below the
        context path, without which it is asked.
        """
        context = context_path.encode()

        async def outer(scope: Scope, receive: Receive, send: Send) -> None:
            headers = first_headers(scope["headers"])
            if self.is_preflight(scope["method"], headers):
                await self.send(scope, headers, send, preflight(headers))
            elif context and not scope["raw_path"].startswith(context + b"/"):
                await self.send(scope, headers, send, error_answer(404))
            else:
                await app({**scope, "root_path": context_path}, receive, self._dress(scope, send))

        return outer

    def _dress(self, scope: Scope, send: Send) -> Send:
        has_origin = any(name == b"origin" for name, _ in scope["headers"])

        async def dress(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._note(scope, message["status"])
                own = list(message.get("headers", ()))
                names = {name.lower() for name, _ in own}
                is_tls = scope["scheme"] == "https"
                fixed = self._fixed(Answer(), "", has_origin=has_origin, is_tls=is_tls)
                added = [(n, v) for n, v in fixed if n not in names or n == b"vary"]
                message = {**message, "headers": [*added, *own]}
            await send(message)

        return dress

    def send_now(
        self,
        cycle: RequestResponseCycle,
        headers: Mapping[bytes, bytes],
        answer: Answer,
        challenge: str,
    ) -> bool:
        """Send a whole answer in one write, without waiting.

        Returns:
            ``False`` when the client reads too slowly for it; nothing was sent then.
        """
        _give_up_body(cycle)
        body, extra = self._packed(headers, answer)
        has_origin, is_tls = b"origin" in headers, cycle.scope["scheme"] == "https"
        head = self._head(answer, challenge, has_origin=has_origin, is_tls=is_tls)
        if not send_whole(cycle, self._whole(cycle, head, extra, body)):
            return False
        sent, status = self.sent, answer.status
        sent[status] = sent.get(status, 0) + 1
        if self.access is not None:
            self.access.note(cycle.scope, status, len(body))
        return True

    def _note(self, scope: Scope, status: int, size: int = -1) -> None:
        self.sent[status] = self.sent.get(status, 0) + 1
        if self.access is not None:
            self.access.note(scope, status, size)

    def _packed(
        self, headers: Mapping[bytes, bytes], answer: Answer
    ) -> tuple[bytes, Sequence[tuple[bytes, bytes]]]:
        if not self._wants_gzip(headers, answer):
            return answer.body, answer.headers
        packed = [(b"content-encoding", b"gzip"), (b"vary", b"accept-encoding")]
        return _gzipped(answer.body), [*answer.headers, *packed]

    async def _stream(
        self,
        scope: Scope,
        headers: Mapping[bytes, bytes],
        send: Send,
        answer: StreamingAnswer,
        challenge: str,
    ) -> None:
        """Send the chunks of an answer as they are made; the slowness of the client holds them."""
        self._note(scope, answer.status)
        has_origin, is_tls = b"origin" in headers, scope["scheme"] == "https"
        fixed = self._fixed(answer, challenge, has_origin=has_origin, is_tls=is_tls)
        start = [*fixed, *answer.headers]
        await send({"type": "http.response.start", "status": answer.status, "headers": start})
        extension = scope.get("extensions", {}).get(ANSWER)
        cycle = None if extension is None else extension["cycle"]()
        if scope["method"] != "HEAD":
            async with aclosing(answer.chunks) as chunks:
                async for chunk in chunks:
                    if cycle is not None and cycle.disconnected:
                        return  # nobody waits for the rest
                    part = {"type": "http.response.body", "body": chunk, "more_body": True}
                    async with asyncio.timeout(_STALLED_SEC):
                        await send(part)
        await send({"type": "http.response.body", "body": b""})

    def _wants_gzip(self, headers: Mapping[bytes, bytes], answer: Answer) -> bool:
        if not self._is_gzip_enabled or len(answer.body) < _SMALLEST_GZIP:
            return False
        accepted = headers.get(b"accept-encoding")
        return (
            accepted is not None
            and _takes_gzip(accepted)
            and answer.kind is not None
            and answer.kind.startswith(_GZIP_KINDS)
        )

    def _head(self, answer: Answer, challenge: str, *, has_origin: bool, is_tls: bool) -> bytes:
        key = (answer.status, answer.kind, challenge, has_origin, is_tls)
        head = self._heads.get(key)
        if head is None:
            fixed = self._fixed(answer, challenge, has_origin=has_origin, is_tls=is_tls)
            line = b"HTTP/1.1 %d %b\r\n" % (answer.status, reason_of(answer.status).encode())
            head = line + _lines(fixed)
            if len(self._heads) < _MOST_HEADS:
                self._heads[key] = head
        return head

    def _whole(
        self,
        cycle: RequestResponseCycle,
        head: bytes,
        extra: Sequence[tuple[bytes, bytes]],
        body: bytes,
    ) -> bytes:
        parts = [head, self._default_lines(cycle.default_headers)]
        if extra:
            parts.append(_lines(extra))
        if not cycle.keep_alive:
            parts.append(b"connection: close\r\n")
        parts += [b"content-length: %d\r\n\r\n" % len(body), body]
        return b"".join(parts)

    def _default_lines(self, headers: list[tuple[bytes, bytes]]) -> bytes:
        """Return the lines of uvicorn's headers, which are another list each second."""
        if self._defaults[0] is not headers:
            self._defaults = (headers, _lines(headers))
        return self._defaults[1]

    def _fixed(
        self, answer: Answer, challenge: str, *, has_origin: bool, is_tls: bool
    ) -> list[tuple[bytes, bytes]]:
        fixed = list(_SECURITY)
        if answer.kind is not None:
            fixed.append((b"content-type", answer.kind))
        if self._is_cors_enabled:
            fixed.append(_VARY)
        if has_origin and self._is_cors_enabled:
            fixed += _CORS
        if is_tls:
            fixed.append(_HSTS)
        if challenge:
            fixed.append((b"www-authenticate", challenge.encode()))
        return fixed


def _give_up_body(cycle: RequestResponseCycle) -> None:
    """Let an answer end the connection where nobody knows whether the body still comes."""
    if cycle.waiting_for_100_continue:
        cycle.keep_alive = False


def _lines(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    return b"".join([b"%b: %b\r\n" % (name, _clean(value)) for name, value in headers])


def _clean(value: bytes) -> bytes:
    if b"\n" in value or b"\r" in value:
        return value.replace(b"\r", b"").replace(b"\n", b"")
    return value


@lru_cache(maxsize=256)
def _takes_gzip(accepted: bytes) -> bool:
    """Return whether ``Accept-Encoding`` names gzip, and not to refuse it."""
    for choice in accepted.lower().split(b","):
        name, _, quality = choice.partition(b";")
        if name.strip() in (b"gzip", b"x-gzip"):
            return quality.replace(b" ", b"").rstrip(b"0.") != b"q="
    return False


def _gzipped(body: bytes) -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    return packer.compress(body) + packer.flush()


def preflight(headers: Mapping[bytes, bytes]) -> Answer:
    """Answer the question of a browser whether a page may send such a request."""
    allowed = [
        (b"access-control-allow-methods", headers.get(b"access-control-request-method", b"GET")),
    ]
    wanted = headers.get(b"access-control-request-headers")
    if wanted:
        allowed.append((b"access-control-allow-headers", wanted))
    if headers.get(b"access-control-request-private-network") == b"true":
        allowed.append((b"access-control-allow-private-network", b"true"))
    return Answer(200, headers=allowed)
