"""A small HTTP server in the test's own loop: a function answers each request."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import parse_qsl, urlsplit

import msgspec

from para_core.testing.closing import closed_at_the_end


@dataclass
class Asked:
    """What came in."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


@dataclass
class Told:
    """What goes back; bytes that no header announces may be sent with ``raw``."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None  # the whole answer, as it goes over the wire


def json_of(value: object, status: int = 200) -> Told:
    return Told(status, msgspec.json.encode(value), {"content-type": "application/json"})


Answer: TypeAlias = Callable[[Asked], "Told | Awaitable[Told]"]


@dataclass
class Web:
    """A server that runs, and what it was asked."""

    port: int
    answer: Answer
    scheme: str = "http"
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while (request := await _read(reader)) is not None:
                self.asked.append(request)
                told = self.answer(request)
                found = told if isinstance(told, Told) else await told
                writer.write(found.raw if found.raw is not None else _wire(found))
                await writer.drain()
                if found.raw is not None:
                    break
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def web(answer: Answer, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Web]:
    """Run a server on a free port of this machine."""
    running = Web(0, answer, "https" if tls else "http")
    server = await asyncio.start_server(running.serve, "127.0.0.1", 0, ssl=tls)
    async with closed_at_the_end(server) as running.port:
        yield running


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.strip().split("\r\n")
    method, target, _ = first.split(" ")
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Asked(method, target, headers, body)


def _wire(told: Told) -> bytes:
    headers = {"content-length": str(len(told.body)), **told.headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {told.status} X\r\n{lines}\r\n".encode() + told.body
