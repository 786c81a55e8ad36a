"""A way to a server that a test can cut, block, or make one-way."""

from __future__ import annotations

import asyncio
import ssl

from para_core.testing.closing import close_server

__all__ = ["Line"]


class Line:
    """Passes on what comes to ``port``, in both directions, until the test says otherwise."""

    def __init__(self, host: str, port: int, *, tls: ssl.SSLContext | None = None) -> None:
        """Lead to this server once it is restored; with ``tls``, whoever comes has to encrypt."""
        self._target, self._tls = (host, port), tls
        self._tasks: set[asyncio.Task[None]] = set()
        self._forth, self._back = asyncio.Event(), asyncio.Event()
        self._server: asyncio.Server | None = None
        self.port = 0
        self.passed = 0  # bytes to the server

    async def restore(self) -> None:
        """Let connections through, again or for the first time."""
        self.free()
        if self._server is None:
            self._server = await asyncio.start_server(
                self._accept, "127.0.0.1", self.port, ssl=self._tls
            )
            self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """End all connections and refuse new ones; what was held back is lost."""
        server, self._server = self._server, None
        if server is not None:
            await close_server(server)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def free(self) -> None:
        """Let everything through, also what was held back."""
        self._forth.set()
        self._back.set()

    def block(self) -> None:
        """Let nothing through, and keep the connections."""
        self._forth.clear()
        self._back.clear()

    def hold_answers(self) -> None:
        """Let everything through to the server, and nothing back."""
        self._back.clear()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection in a task that is known before it begins, so that none is left."""
        if self._server is None:
            writer.transport.abort()
            return
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: writer.transport.abort())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there: asyncio.StreamWriter | None = None
        try:
            back, there = await asyncio.open_connection(*self._target)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(reader, there, self._forth, is_forth=True))
                group.create_task(self._pump(back, writer, self._back))
        except* (asyncio.CancelledError, OSError):
            pass
        finally:
            if there is not None:
                there.transport.abort()

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        is_free: asyncio.Event,
        *,
        is_forth: bool = False,
    ) -> None:
        while data := await reader.read(65536):
            await is_free.wait()
            writer.write(data)
            if is_forth:
                self.passed += len(data)
        writer.close()
