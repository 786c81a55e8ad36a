"""The floor: what uvicorn itself takes. No Python server on it can be faster."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import msgspec

from benchmarks.peers.base import Peer
from benchmarks.wire import raw_request

__all__ = ["Floor"]

_APPLICATION = """
BODY = b"{" + b" " * 598 + b"}"
HEAD = [(b"content-type", b"application/json"), (b"content-length", b"600")]

async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": HEAD})
        await send({"type": "http.response.body", "body": BODY})
"""


class Floor(Peer):
    """A bare ASGI application: 600 bytes for whatever is asked, and nothing done for it."""

    name: ClassVar[str] = "floor"

    def prepare(self) -> None:
        """Write the application."""
        (self.folder / "floor.py").write_text(_APPLICATION, encoding="utf-8")

    def command(self) -> Sequence[str]:
        """Run uvicorn with the loop and the parser that this server uses."""
        fast = ["--loop", "uvloop", "--http", "httptools", "--no-access-log"]
        place = ["--host", "127.0.0.1", "--port", str(self.port), "--log-level", "warning"]
        return [sys.executable, "-m", "uvicorn", "floor:app", *place, *fast]

    def is_ready(self) -> bool:
        """Ask anything."""
        return self.connection.ask("GET", "/").status == 200  # noqa: PLR2004 - HTTP

    def store(self, first: int, items: Sequence[Mapping[str, Any]]) -> None:
        """Nothing is stored."""

    def get(self, number: int) -> bytes:
        """Ask."""
        del number
        return raw_request("GET", "/x", self.host, {})

    def list_page(self, page: int) -> bytes:
        """Ask."""
        return self.get(page)

    def filter(self, city: str, colour: str) -> bytes:
        """Ask."""
        del city, colour
        return self.get(0)

    def search(self, one: str, other: str) -> bytes:
        """Ask."""
        del one, other
        return self.get(0)

    def create(self, item: Mapping[str, Any]) -> bytes:
        """Send the object; it is not read."""
        return raw_request("POST", "/x", self.host, {}, body=msgspec.json.encode(item))

    def update(self, number: int, price: int) -> bytes:
        """Ask."""
        del price
        return self.get(number)
