"""The wire: uvicorn's HTTP protocol, with the head and the body of an answer in one write.

The original's Java client asks, right after it has read the head, how many bytes are already
there; when the body is still on its way it takes the answer for empty. So the first byte of the
body must leave together with the head (rule C-1 of the clients). It saves a system call as well.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary, ref

import httptools
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from para_server.http.answers import error_answer
from para_server.http.pace import Pace, Round

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application
    from uvicorn.server import ServerState

__all__ = ["ANSWER", "JoiningTransport", "ParaProtocol", "paced"]

ANSWER = "para.answer"
"""The ASGI extension by which the API hands over a whole answer as bytes.

Its ``cycle`` is a weak reference to uvicorn's request, which is there until the application ends.
"""

_AnswerNow = Callable[[RequestResponseCycle], bool]

_ROUNDS: WeakKeyDictionary[ServerState, Round] = WeakKeyDictionary()

logger = logging.getLogger(__name__)

_LARGE = 1 << 16  # bytes; larger bodies are not copied behind their head
_LONGEST_HEAD = 1 << 18  # bytes of a request before its body; the request line is 64 KiB at most
_FRAMING = (b"content-length", b"transfer-encoding")
_UNREADABLE = "This is no HTTP request, or its head is too long."
_TOO_SLOW = "The request did not come in time."


class JoiningTransport:
    """A transport that holds back the head of an answer until its first body bytes come."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head: bytes | None = None
        self.expects_head = True

    def write(self, data: bytes) -> None:
        """Write, or keep, if this is a head."""
        if self._head is not None:
            head, self._head = self._head, None
            if len(data) > _LARGE:
                self._transport.writelines([head, data])
            else:
                self._transport.write(head + data)
        elif self.expects_head and not data.startswith(b"HTTP/1.1 100"):
            self._head, self.expects_head = data, False
        else:
            self._transport.write(data)

    def flush(self) -> None:
        """Write what is held back; the next write is the head of another answer."""
        if self._head is not None:
            head, self._head = self._head, None
            self._transport.write(head)
        self.expects_head = True

    def close(self) -> None:
        """Write what is held back and close."""
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> object:
        """Everything else is the transport's own."""
        return getattr(self._transport, name)


class ParaProtocol(HttpToolsProtocol):
    """uvicorn's protocol on a joining transport, with short ways for whole answers.

    Besides being an ASGI application, the application may have ``answer_now``, as ``Para`` does.
    """

    pace = Pace()

    _round: Round  # that looks after the connections of this server
    _is_in_head = False
    _is_in_body = False
    _body_bytes = 0  # of bodies that came in more than one piece
    _owed: object = None  # what the last round found missing; another object for another request
    _owed_since = 0.0
    _bytes_then = 0
    _has_waited = False  # the request that begins came before the answer to an earlier one
    _head_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Put the joining transport between uvicorn and the socket."""
        super().connection_made(JoiningTransport(transport))  # type: ignore[arg-type]
        found = _ROUNDS.get(self.server_state)
        if found is None:
            found = _ROUNDS[self.server_state] = Round(self.pace, self.loop)
        self._round = found
        found.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Be looked after no more."""
        self._round.remove(self)
        super().connection_lost(exc)

    # ---- clients that take too long -----------------------------------------------------------

    def examine(self, now: float) -> None:
        """Close, if what the client has begun does not go on."""
        owed = self._missing()
        if owed is None or owed is not self._owed:
            self._begin_to_wait(owed, now)
            return
        pace = self.pace
        if owed is self.cycle and self._body_bytes - self._bytes_then >= pace.body_bytes:
            self._begin_to_wait(owed, now)
        elif now - self._owed_since >= (pace.body_sec if owed is self.cycle else pace.head_sec):
            self._give_up()

    def _begin_to_wait(self, owed: object, now: float) -> None:
        self._owed, self._owed_since, self._bytes_then = owed, now, self._body_bytes

    def _missing(self) -> object:
        """Return what stands for the part of a request that the client should be sending.

        ``None`` when it is the server's turn, or that of the time for kept connections.
        """
        if self.transport.is_closing() or self.flow.read_paused or self.pipeline:
            return None
        if self._is_in_body:
            return None if self.cycle.waiting_for_100_continue else self.cycle
        if self.cycle is None:
            return self
        if self.timeout_keep_alive_task is not None or not self.cycle.response_complete:
            return None
        return self.headers

    def _give_up(self) -> None:
        """Answer 408, unless there is nothing to answer, or an answer has begun; and close."""
        is_asked = self._is_in_head
        if self._is_in_body and not self.cycle.response_complete:
            is_asked = not self.cycle.response_started
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if is_asked:
            self._refuse(408, _TOO_SLOW)
        else:
            self.transport.close()

    # ---- what comes ---------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Read on; what is no HTTP, or has a head without an end, is refused."""
        self._unset_keepalive_if_required()
        rest = data
        while rest:
            data, rest = rest, b""
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                self._decline()
                rest = data[offer.args[0] :]
            except httptools.HttpParserError:
                self.send_400_response(_UNREADABLE)
        if self._is_in_head:
            self._head_bytes += len(data)
            if self._head_bytes > _LONGEST_HEAD and not self.transport.is_closing():
                self.send_400_response(_UNREADABLE)
        elif self._is_in_body:
            self._body_bytes += len(data)

    def _decline(self) -> None:
        """Go on with HTTP/1.1 after the offer of another protocol, as some clients make it always.

        The parser stops behind the head of such a request. Another one, which is told how the body
        is framed, takes what follows.
        """
        reader = _Resumed(self)
        self.parser = httptools.HttpRequestParser(reader)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        framing = [header for header in self.headers if header[0] in _FRAMING]
        lines = b"".join([b"%b: %b\r\n" % header for header in framing])
        self.parser.feed_data(b"POST / HTTP/1.1\r\n" + lines + b"\r\n")
        reader.is_in_known_head = False

    def on_message_begin(self) -> None:
        """Begin with a request, and to count its head."""
        self._is_in_head, self._head_bytes = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Begin to answer."""
        self._is_in_head, self._is_in_body = False, True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Say that the body is complete; the parser says so too early behind an offer."""
        if self.parser.should_upgrade():
            return
        self._is_in_body = False
        super().on_message_complete()
        if self.timeout_keep_alive_task is None and self.cycle.response_complete:
            self._expect_more()  # the answer did not wait for the body

    def _expect_more(self) -> None:
        if not self.transport.is_closing():
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def send_400_response(self, msg: str) -> None:
        """Answer what cannot be read with the error envelope, and close."""
        self._refuse(400, msg)

    def _refuse(self, status: int, message: str) -> None:
        body = error_answer(status, message).body
        head = (
            STATUS_LINE[status],
            b"content-type: application/json\r\nconnection: close\r\n",
            b"content-length: %d\r\n\r\n" % len(body),
        )
        self.transport.write(b"".join((*head, body)))
        self.transport.close()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Let the application answer at once, if it can; else start a task for the request."""
        scope: Any = cycle.scope  # a TypedDict without our extension
        if scope["method"] == "GET" and cycle.keep_alive and not self._has_waited:
            answer_now: _AnswerNow | None = getattr(app, "answer_now", None)
            try:
                if answer_now is not None and answer_now(cycle):
                    return
            except Exception:
                logger.exception("an answer without a task failed; trying with one")
        scope["extensions"] = {ANSWER: {"cycle": ref(cycle)}}  # which holds the scope
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """Let go of a head without a body."""
        _joining(self.transport).flush()
        self._has_waited = True
        super().on_response_complete()
        self._has_waited = False


def paced(pace: Pace) -> type[ParaProtocol]:
    """Return the protocol for connections that have so much time."""
    return type("PacedProtocol", (ParaProtocol,), {"pace": pace})


class _Resumed:
    """Hears a parser for a protocol, except of the head that the protocol knows already."""

    def __init__(self, protocol: ParaProtocol) -> None:
        self._protocol = protocol
        self.is_in_known_head = True
        self.on_body, self.on_message_complete = protocol.on_body, protocol.on_message_complete

    def on_message_begin(self) -> None:
        if not self.is_in_known_head:
            self._protocol.on_message_begin()

    def on_url(self, url: bytes) -> None:
        if not self.is_in_known_head:
            self._protocol.on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.is_in_known_head:
            self._protocol.on_header(name, value)

    def on_headers_complete(self) -> None:
        if not self.is_in_known_head:
            self._protocol.on_headers_complete()


def send_whole(cycle: RequestResponseCycle, data: bytes) -> bool:
    """Answer with the bytes of a whole response: status line, head, body.

    Returns:
        ``False`` when the client reads too slowly for it: then the ASGI way, which waits, is due.
    """
    if cycle.flow.write_paused or cycle.response_started:
        return False
    if cycle.disconnected:
        return True
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    transport = _joining(cycle.transport)
    transport.expects_head = False
    transport.write(data)
    cycle.message_event.set()
    if not cycle.keep_alive:
        transport.close()
    cycle.on_response()
    return True


def _joining(transport: asyncio.Transport) -> JoiningTransport:
    """Return what ``connection_made`` has put in the place of uvicorn's transport."""
    return cast("JoiningTransport", transport)
