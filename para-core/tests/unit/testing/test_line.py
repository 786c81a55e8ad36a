"""A line between a client and a server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from para_core.testing.line import Line

_SOON_SEC, _LONG_SEC = 0.05, 60


class Echo:
    """A server that says what it hears."""

    def __init__(self) -> None:
        self.heard = b""
        self.news = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            self.heard += data
            self.news.set()
            writer.write(data)
        writer.close()


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
async def line(echo: Echo) -> AsyncIterator[Line]:
    async with await asyncio.start_server(echo.serve, "127.0.0.1", 0) as server:
        line = Line("127.0.0.1", server.sockets[0].getsockname()[1])
        await line.restore()
        yield line
        await line.cut()


async def say(line: Line) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", line.port)
    writer.write(b"hello")
    return reader, writer


async def test_what_is_said_passes_both_ways(line: Line) -> None:
    reader, writer = await say(line)
    assert await reader.readexactly(5) == b"hello"
    assert line.passed == 5
    writer.close()
    await writer.wait_closed()


async def test_answers_that_are_held_come_when_the_line_is_free(line: Line, echo: Echo) -> None:
    line.hold_answers()
    reader, writer = await say(line)
    await asyncio.wait_for(echo.news.wait(), _LONG_SEC)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(5), _SOON_SEC)
    line.free()
    assert await reader.readexactly(5) == b"hello"
    writer.close()
    await writer.wait_closed()


async def test_a_blocked_line_lets_nothing_through(line: Line, echo: Echo) -> None:
    line.block()
    _, writer = await say(line)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(echo.news.wait(), _SOON_SEC)
    assert echo.heard == b""
    writer.close()
    await writer.wait_closed()


async def test_a_line_that_was_cut_can_be_restored_on_its_port(line: Line) -> None:
    reader, writer = await say(line)
    await reader.readexactly(5)
    port = line.port
    await line.cut()
    assert await reader.read() == b""
    with pytest.raises(OSError, match=str(port)):
        await asyncio.open_connection("127.0.0.1", port)
    await line.restore()
    again, second = await say(line)
    assert await again.readexactly(5) == b"hello"
    assert line.port == port
    for one in (writer, second):
        one.close()
        await one.wait_closed()
