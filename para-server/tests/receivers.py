"""Receivers of webhooks: real HTTP servers that remember, fail, hang or send elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import msgspec

from para_core.testing.closing import close_server

__all__ = ["Receiver", "Request", "a_receiver"]

_STEPS = 3  # of the event loop, from a new connection to its task


@dataclass(frozen=True)
class Request:
    """What was posted."""

    path: str
    headers: dict[str, str]
    body: bytes
    names: frozenset[str] = frozenset()  # of the headers, as they were written

    @property
    def delivery(self) -> str:
        return self.headers["x-para-delivery"]

    @property
    def event(self) -> str:
        return self.headers["x-para-event"]

    @property
    def text(self) -> str:
        """The text that is signed."""
        if self.headers["content-type"] == "application/x-www-form-urlencoded":
            return parse_qs(self.body.decode(), strict_parsing=True)["payload"][0]
        return self.body.decode()

    @property
    def payload(self) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.json.decode(self.text)
        return found

    @property
    def items(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.payload["items"]
        return items


@dataclass
class Receiver:
    """Answers each request by ``answer``: a status, or seconds after which it answers 200."""

    port: int = 0
    answer: Callable[[Request], int | float] = lambda request: 200
    location: str = ""  # where redirects lead
    requests: list[Request] = field(default_factory=list)
    _more: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def until(self, count: int, seconds: float = 10) -> list[Request]:
        """Wait for so many requests in all."""
        async with asyncio.timeout(seconds):
            while len(self.requests) < count:
                self._more.clear()
                await self._more.wait()
        return self.requests

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                while await self._serve_one(reader, writer):
                    pass
        finally:
            writer.transport.abort()  # the client has gone, or the test has ended
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head[1:])
        }
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        request = Request(
            head[0].split(" ")[1],
            headers,
            body,
            frozenset(line.partition(":")[0] for line in head[1:]),
        )
        answer = self.answer(request)
        self.requests.append(request)
        self._more.set()
        if isinstance(answer, float):
            await asyncio.sleep(answer)
        status = 200 if isinstance(answer, float) else answer
        location = f"Location: {self.location}\r\n" if self.location else ""
        writer.write(f"HTTP/1.1 {status} X\r\n{location}Content-Length: 2\r\n\r\nok".encode())
        await writer.drain()
        return True


@asynccontextmanager
async def a_receiver(
    answer: Callable[[Request], int | float] | None = None, *, port: int = 0
) -> AsyncIterator[Receiver]:
    """Run a receiver on a free port, or on this one."""
    receiver = Receiver()
    if answer is not None:
        receiver.answer = answer
    connections: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        task.add_done_callback(connections.discard)
        with contextlib.suppress(asyncio.CancelledError):  # streams would log it
            await receiver.serve(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        await close_server(server)
        for _ in range(_STEPS):  # so that whoever was let in just now is known
            await asyncio.sleep(0)
        for task in list(connections):
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
