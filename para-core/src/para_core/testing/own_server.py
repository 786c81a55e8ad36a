"""A server of one test, which may kill it and start it again."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

__all__ = ["OwnServer", "free_port", "is_listening"]

_POLL_SEC = 0.05
_TOLD = 3000  # characters of what a server said that does not start


async def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody uses now."""
    server = await asyncio.start_server(_refuse, "127.0.0.1", 0)
    async with server:
        port: int = server.sockets[0].getsockname()[1]
    return port


async def is_listening(port: int) -> bool:
    """Tell whether somebody takes connections on a port of 127.0.0.1."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.transport.abort()
    return True


class OwnServer(ABC):
    """A process in a folder, on a port that stays the same whenever it runs.

    A product says how it is run and when it is ready. Used as a context, it runs from the
    beginning, and is gone at the end. What it says goes to ``server.log``.
    """

    ready_sec: ClassVar[float] = 300.0  # a slow machine needs no more

    def __init__(self, folder: Path) -> None:
        """Run nothing yet; all data will be in the folder."""
        self.folder, self.port = folder, 0
        self._process: asyncio.subprocess.Process | None = None

    @abstractmethod
    def command(self) -> Sequence[str]:
        """Return what runs it on ``port``, on the data that is there."""

    async def is_ready(self) -> bool:
        """Tell whether it answers."""
        return await is_listening(self.port)

    async def take_port(self) -> None:
        """Choose the port, unless that was done; for who wants its address before it runs."""
        if not self.port:
            self.port = await free_port()

    async def start(self) -> None:
        """Start it, again or for the first time, and wait until it is ready.

        Raises:
            AssertionError: It ended instead; says what it said.
        """
        await self.take_port()
        with self._log.open("ab") as log:
            self._process = process = await asyncio.create_subprocess_exec(
                *self.command(), stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
            )
        async with asyncio.timeout(self.ready_sec):
            while not await self.is_ready():
                assert process.returncode is None, self._log.read_text(errors="replace")[-_TOLD:]
                await asyncio.sleep(_POLL_SEC)

    async def kill(self) -> None:
        """End it as a crash or a power cut does; nothing happens when it does not run."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.kill()
        await process.wait()

    async def __aenter__(self) -> Self:
        """Start it."""
        try:
            await self.start()
        except BaseException:
            await self.kill()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End it."""
        await self.kill()

    @property
    def _log(self) -> Path:
        return self.folder / "server.log"


def _refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    del reader
    writer.transport.abort()
