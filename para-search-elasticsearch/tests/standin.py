"""A server that is no cluster: it says what a test wants it to."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager


def taken(count: int) -> tuple[int, str]:
    """Return what a cluster answers to a bulk of so many changes."""
    items = ", ".join(['{"index": {"status": 201}}'] * count)
    return 200, f'{{"errors": false, "items": [{items}]}}'


@asynccontextmanager
async def stand_in(
    answers: Sequence[tuple[int, str]],
    sent: list[bytes] | None = None,
    *,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[int]:
    """Serve these answers, one after the other, and keep what was asked; yield the port."""
    left = list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(_size_of(head))
        if sent is not None:
            sent.append(head + body)
        status, text = left.pop(0)
        writer.write(
            f"HTTP/1.1 {status} Said\r\nContent-Length: {len(text)}\r\n"
            f"Content-Type: application/json\r\nConnection: close\r\n\r\n{text}".encode()
        )
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield int(server.sockets[0].getsockname()[1])


def _size_of(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name == b"content-length":
            return int(value)
    return 0
