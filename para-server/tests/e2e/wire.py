"""A server on a real socket, in a thread of its own, and raw connections to it."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import uvicorn

from para_core.testing.signing import query_text
from para_server.config import ApiSettings
from para_server.para import Para
from para_server.serving import server_config

from .backends import backends
from .client import ROOT_SECRET, Client

TIMEOUT_SEC = 10


@dataclass
class Server:
    """A running server; ``call`` runs something in its loop."""

    port: int
    para: Para
    loop: asyncio.AbstractEventLoop
    app: Client

    def call(self, work: Coroutine[None, None, object]) -> object:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(TIMEOUT_SEC)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def connect(self) -> socket.socket:
        made = socket.create_connection(("127.0.0.1", self.port), TIMEOUT_SEC)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def request(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        query: Sequence[tuple[str, str]] = (),
        headers: Sequence[str] = (),
    ) -> bytes:
        """Return the bytes of a signed request."""
        signed = self.app.signed(method, path, query, body, host=self.host)
        text = query_text(query)
        lines = [
            f"{method} {path}{'?' if text else ''}{text} HTTP/1.1",
            f"Host: {self.host}",
            *(f"{name}: {value}" for name, value in signed.items()),
            *headers,
        ]
        if body and not any(h.lower().startswith("transfer-encoding") for h in headers):
            lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    def ask(self, data: bytes) -> Answer:
        """Send bytes on a new connection and return the answer to them."""
        with self.connect() as connection:
            connection.sendall(data)
            return Reader(connection).answer()


@dataclass
class Answer:
    """One answer as it came over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, object]:
        found: dict[str, object] = msgspec.json.decode(self.body)
        return found


@dataclass
class Reader:
    """Reads answers one after the other."""

    connection: socket.socket
    buffer: bytes = b""
    received: list[int] = field(default_factory=list)  # sizes of the packets

    def _more(self) -> None:
        data = self.connection.recv(1 << 16)
        if not data:
            message = f"closed after {self.buffer[:200]!r}"
            raise ConnectionError(message)
        self.received.append(len(data))
        self.buffer += data

    def answer(self, *, has_body: bool = True) -> Answer:
        while b"\r\n\r\n" not in self.buffer:
            self._more()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        matched = re.fullmatch(r"HTTP/1\.1 (\d{3}) .*", lines[0])
        assert matched is not None, lines[0]
        headers = dict(line.lower().split(": ", 1) for line in lines[1:])
        assert len(headers) <= len(lines) - 1
        length = int(headers.get("content-length", "0")) if has_body else 0
        while len(self.buffer) < length:
            self._more()
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return Answer(int(matched[1]), headers, body)

    def is_closed(self) -> bool:
        """Wait until the server closes the connection; nothing else may come."""
        return self.buffer == b"" and self.connection.recv(1) == b""


@contextmanager
def running(settings: ApiSettings, backend: str, folder: Path) -> Iterator[Server]:
    """Run a server with an app in it until the context ends."""
    started: list[Server] = []
    failed: list[BaseException] = []
    ready = threading.Event()
    stop: list[Callable[[], None]] = []

    async def main() -> None:
        async with backends(backend, folder) as made, Para(settings, made) as para:
            listener = socket.create_server(("127.0.0.1", 0))
            server = uvicorn.Server(server_config(para))
            stop.append(lambda: setattr(server, "should_exit", True))
            root = Client(para, "app:para", ROOT_SECRET)
            keys = (await root.get(f"{settings.context_path}/v1/_setup/myapp")).json
            app = Client(para, "app:myapp", keys["secretKey"])
            port = listener.getsockname()[1]
            started.append(Server(port, para, asyncio.get_running_loop(), app))
            with listener:
                asyncio.get_running_loop().call_later(0.01, ready.set)
                await server.serve(sockets=[listener])

    def run() -> None:
        import uvloop

        try:
            uvloop.run(main())
        except BaseException as error:  # noqa: BLE001 - the test that waits has to hear of it
            failed.append(error)
        ready.set()

    thread = threading.Thread(target=run, name="server of a test")
    thread.start()
    try:
        assert ready.wait(TIMEOUT_SEC)
        if failed:
            raise failed[0]
        yield started[0]
    finally:
        for end in stop:
            end()
        thread.join(TIMEOUT_SEC)
    assert not failed, failed
