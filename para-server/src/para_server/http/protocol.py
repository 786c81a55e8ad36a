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

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application

__all__ = ["ANSWER", "JoiningTransport", "ParaProtocol"]

ANSWER = "para.answer"
"""The ASGI extension by which the API hands over a whole answer as bytes."""

_AnswerNow = Callable[[RequestResponseCycle], bool]

logger = logging.getLogger(__name__)

_LARGE = 1 << 16  # bytes; larger bodies are not copied behind their head


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

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Put the joining transport between uvicorn and the socket."""
        super().connection_made(JoiningTransport(transport))  # type: ignore[arg-type]

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Let the application answer at once, if it can; else start a task for the request."""
        scope: Any = cycle.scope  # a TypedDict without our extension
        if scope["method"] == "GET" and cycle.keep_alive and not self.parser.should_upgrade():
            answer_now: _AnswerNow | None = getattr(app, "answer_now", None)
            try:
                if answer_now is not None and answer_now(cycle):
                    return
            except Exception:
                logger.exception("an answer without a task failed; trying with one")
        scope["extensions"] = {ANSWER: {"cycle": cycle}}
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """Let go of a head without a body."""
        _joining(self.transport).flush()
        super().on_response_complete()


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
