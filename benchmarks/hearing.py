"""A receiver of webhooks that remembers what it was told of each object, and in which order."""

from __future__ import annotations

import itertools
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec

__all__ = ["Hearing", "a_hearing"]


class Hearing:
    """What was told: numbers of objects, each delivery when it came first."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._known: set[str] = set()
        self.numbers: dict[str, list[int]] = defaultdict(list)
        self.repeated = 0
        self.port = 0

    def take(self, delivery: str, body: bytes) -> None:
        """Take note of a delivery."""
        items = msgspec.json.decode(body)["items"]
        with self._turn:
            if delivery in self._known:
                self.repeated += 1
                return
            self._known.add(delivery)
            for item in items:
                self.numbers[item["id"]].append(item["n"])

    def lost(self, key: str, upto: int) -> int:
        """Return how many of the numbers below one were never told of an object."""
        with self._turn:
            return len(set(range(upto)).difference(self.numbers[key]))

    def unordered(self) -> int:
        """Return how many numbers came after a higher one of their object."""
        with self._turn:
            pairs = [itertools.pairwise(told) for told in self.numbers.values()]
            return sum(later < earlier for each in pairs for earlier, later in each)


class _Server(ThreadingHTTPServer):
    """Takes it as usual that connections end in the middle."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a connection that broke off."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


@contextmanager
def a_hearing() -> Iterator[Hearing]:
    """Listen on a free port of this machine."""
    hearing = Hearing()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            size = int(self.headers["Content-Length"])
            body = self.rfile.read(size)
            if len(body) < size:  # whoever sent it was killed
                self.close_connection = True
                return
            hearing.take(self.headers["X-Para-Delivery"], body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *about: object) -> None:
            """Say nothing."""

    server = _Server(("127.0.0.1", 0), Handler)
    hearing.port = int(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hearing
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
