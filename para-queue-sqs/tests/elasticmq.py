"""A server of its own for a test that kills it; its messages are in files."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

__all__ = ["OwnServer", "own_server"]

_READY_SEC = 120


class OwnServer:
    """Listens on one port, whenever it runs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = int(probe.getsockname()[1])

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def start(self) -> None:
        """Start, and wait until it listens."""
        query = parse_qs(urlsplit(os.environ["PARA_TEST_SQS_URL"]).query)
        (jars,), (config,) = query["jars"], query["config"]
        options = {"config.file": config, "sqs.port": self._port, "sqs.folder": self._folder}
        self._process = await asyncio.create_subprocess_exec(
            *("java", "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
            *(f"-D{name}={value}" for name, value in options.items()),
            *("-cp", f"{jars}/*", "org.elasticmq.server.Main"),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(_READY_SEC):
            while not await self._listens():
                assert self._process.returncode is None
                await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """End it at once, as a power cut would."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
            await self._process.wait()

    async def _listens(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            return False
        writer.close()
        await writer.wait_closed()
        return True


@contextlib.asynccontextmanager
async def own_server(folder: Path) -> AsyncIterator[OwnServer]:
    """Run a server as long as the block."""
    server = OwnServer(folder)
    try:
        await server.start()
        yield server
    finally:
        await server.kill()
