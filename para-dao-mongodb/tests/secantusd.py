"""A server of a test's own, which it can kill and bring back."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
from pathlib import Path

from pymongo import AsyncMongoClient

__all__ = ["Secantusd"]

_READY_SEC = 120.0


class Secantusd:
    """SecantusDB on a folder and a port; its commits are on disk when they are answered."""

    def __init__(self, folder: Path) -> None:
        """Choose a port; nothing runs yet."""
        self._folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = int(probe.getsockname()[1])
        self._process: subprocess.Popen[bytes] | None = None
        self.uri = f"mongodb://127.0.0.1:{self._port}/"

    async def start(self, *options: str) -> None:
        """Start it, and wait until it answers."""
        where = ["--host", "127.0.0.1", "--port", str(self._port)]
        data = ["--storage-path", str(self._folder / "data"), "--sync-on-commit"]
        program = os.environ["PARA_TEST_SECANTUSD_URL"]
        (self._folder / "data").mkdir(exist_ok=True)
        with (self._folder / "log").open("ab") as log:
            command = [program, *where, *data, "--log-level", "WARNING", *options]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: S603, ASYNC220
        async with asyncio.timeout(_READY_SEC):
            while not await self._listens():
                assert self._process.poll() is None, (self._folder / "log").read_text()
                await asyncio.sleep(0.05)
        async with AsyncMongoClient[dict[str, object]](self.uri) as client:
            await client.admin.command("hello")

    def kill(self) -> None:
        """End it without a warning."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    async def _listens(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            return False
        writer.close()
        await writer.wait_closed()
        return True
