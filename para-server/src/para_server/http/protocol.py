"""The wire: uvicorn's HTTP protocol, with the head and the body of an answer in one write.

The original's Java client asks, right after it has read the head, how many bytes are already
there; when the body is still on its way it takes the answer for empty. So the first byte of the
body must leave together with the head (rule C-1 of the clients). It saves a system call as well.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

__all__ = ["ANSWER", "JoiningTransport", "ParaProtocol"]

ANSWER = "para.answer"
"""The ASGI extension by which the API hands over a whole answer as bytes."""

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

    def __getattr__(self, name: str) -> Any:
        """Everything else is the transport's own."""
        return getattr(self._transport, name)


class ParaProtocol(HttpToolsProtocol):
    """uvicorn's protocol on a joining transport, with short ways for whole answers.

    The application is a ``Para``: besides being an ASGI application it has ``answer_now``.
    """

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Put the joining transport between uvicorn and the socket."""
        super().connection_made(JoiningTransport(transport))  # type: ignore[arg-type]

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Let the application answer at once, if it can; else start a task for the request."""
        scope: Any = cycle.scope
        if scope["method"] == "GET" and cycle.keep_alive and not self.parser.should_upgrade():
            try:
                if app.answer_now(cycle):
                    return
            except Exception:
                logger.exception("an answer without a task failed; trying with one")
        scope["extensions"] = {ANSWER: {"cycle": cycle}}
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """Let go of a head without a body."""
        self.transport.flush()  # type: ignore[attr-defined]
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
    transport: Any = cycle.transport
    transport.expects_head = False
    transport.write(data)
    cycle.message_event.set()
    if not cycle.keep_alive:
        transport.close()
    cycle.on_response()
    return True
