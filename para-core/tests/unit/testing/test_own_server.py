"""Servers of tests start, are killed, come back on their port, and leave nothing."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from para_core.testing.own_server import OwnServer, free_port, is_listening

LISTEN = """
import socket, sys
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    server.accept()[0].close()
"""
REFUSE = 'import sys; sys.exit("there is no room for me")'


class Script(OwnServer):
    """A script that gets the port as its argument."""

    text = LISTEN

    def command(self) -> Sequence[str]:
        return [sys.executable, "-c", self.text, str(self.port)]


async def test_it_runs_as_long_as_the_block(tmp_path: Path) -> None:
    async with Script(tmp_path) as server:
        assert await is_listening(server.port)
    assert not await is_listening(server.port)


async def test_after_a_kill_it_comes_back_on_its_port(tmp_path: Path) -> None:
    server = Script(tmp_path)
    await server.take_port()
    port = server.port
    assert not await is_listening(port)
    async with server:
        await server.kill()
        assert not await is_listening(port)
        await server.start()
        assert server.port == port
        assert await is_listening(port)
    await server.kill()  # nothing is left


async def test_one_that_does_not_start_says_why(tmp_path: Path) -> None:
    server = Script(tmp_path)
    server.text = REFUSE
    with pytest.raises(AssertionError, match="there is no room for me"):
        await server.start()
    await server.kill()


async def test_a_start_that_fails_leaves_no_process(tmp_path: Path) -> None:
    started: list[asyncio.subprocess.Process | None] = []

    class Silent(Script):
        ready_sec = 0.2

        async def is_ready(self) -> bool:
            started.append(self._process)
            return False

    with pytest.raises(TimeoutError):
        await Silent(tmp_path).__aenter__()
    assert started[0] is not None
    assert started[0].returncode is not None


async def test_a_free_port_can_be_had(tmp_path: Path) -> None:
    port = await free_port()
    assert not await is_listening(port)
    server = Script(tmp_path)
    server.port = port
    async with server:
        assert await is_listening(port)
