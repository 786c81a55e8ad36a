"""This server, as ``para-server`` starts it, and the dialect it shares with the original."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from benchmarks.peers.base import Peer
from benchmarks.wire import Credentials, Query, raw_request, signed_headers

__all__ = ["ROOT_SECRET", "ParaServer"]

ROOT_SECRET = "benchmark-root-secret-0123456789-0123456789-0123456789"  # noqa: S105 - of a throw-away
_APP = "bench"


class ParaServer(Peer):
    """Para for Python with SQLite, the embedded index and the cache.

    Each answered write is durable, and each search finds what was stored before it.
    """

    name: ClassVar[str] = "para"
    credentials = Credentials("app:para", ROOT_SECRET)

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.folder / "application.conf"

    def prepare(self) -> None:
        """Write the configuration."""
        values = {**self.defaults(), **self.settings}
        lines = [
            f"{key} = {msgspec.json.encode(value).decode()}\n" for key, value in values.items()
        ]
        self.config.write_text("".join(lines), encoding="utf-8")

    def defaults(self) -> dict[str, object]:
        """Return the settings of every run."""
        return {
            "para.app_name": "para",
            "para.env": "production",
            "para.address": "127.0.0.1",
            "para.port": self.port,
            "para.worker_id": 1,
            "para.print_logo": False,
            "para.pidfile_enabled": False,
            "para.access_log_enabled": False,
            "para.db.dir": str(self.folder / "data"),
            "para.lucene.dir": str(self.folder),
            "para.root_secret_override": ROOT_SECRET,
            "para.app_secret_key": "benchmark-0123456789-0123456789-0123456789",
        }

    def command(self) -> Sequence[str]:
        """Run the server of this environment."""
        return [str(Path(sys.executable).with_name("para-server")), "--config", str(self.config)]

    def is_ready(self) -> bool:
        """Ask who the root app is."""
        reply = self.connection.ask("GET", "/v1/_me", by=self.credentials)
        return reply.status == 200  # noqa: PLR2004 - HTTP

    def prepare_fill(self) -> None:
        """Make an app of its own for the objects, at the first call."""
        if self.credentials.access_key != "app:para":
            return
        reply = self.connection.ask("GET", f"/v1/_setup/{_APP}", by=self.credentials)
        self.credentials = Credentials(f"app:{_APP}", reply.json["secretKey"])

    def store(self, first: int, items: Sequence[Mapping[str, Any]]) -> None:
        """Send a batch.

        Raises:
            RuntimeError: Not all of it was stored.
        """
        batch = [
            {"type": "thing", "id": f"thing{first + at}", **item} for at, item in enumerate(items)
        ]
        body = msgspec.json.encode(batch)
        reply = self.connection.ask("POST", "/v1/_batch", body=body, by=self.credentials)
        if reply.status != 200 or len(reply.json) != len(batch):  # noqa: PLR2004 - HTTP
            raise RuntimeError(
                f"{self.name} answered a batch with {reply.status} {reply.body[:200]!r}"
            )

    def request(self, method: str, path: str, query: Query = (), body: bytes = b"") -> bytes:
        """Return a signed request; it may be sent as often as wanted for some minutes."""
        headers = signed_headers(method, path, query, body, host=self.host, by=self.credentials)
        return raw_request(method, path, self.host, headers, query=query, body=body)

    def get(self, number: int) -> bytes:
        """Read by type and id."""
        return self.request("GET", f"/v1/things/thing{number}")

    def list_page(self, page: int) -> bytes:
        """List a type."""
        return self.request("GET", "/v1/things", [("limit", "30"), ("page", str(page))])

    def filter(self, city: str, colour: str) -> bytes:
        """Find by two terms."""
        terms = [("terms", f"properties.city:{city}"), ("terms", f"properties.color:{colour}")]
        query = [*terms, ("matchall", "true"), ("limit", "30")]
        return self.request("GET", "/v1/things/search/terms", query)

    def search(self, one: str, other: str) -> bytes:
        """Find by a query string."""
        query = [("q", f"{one} AND {other}"), ("limit", "30")]
        return self.request("GET", "/v1/things/search", query)

    def create(self, item: Mapping[str, Any]) -> bytes:
        """Create with an id that the server makes."""
        return self.request(
            "POST", "/v1/fresh", body=msgspec.json.encode({"type": "fresh", **item})
        )

    def update(self, number: int, price: int) -> bytes:
        """Change a part."""
        return self.request("PATCH", f"/v1/things/thing{number}", body=b'{"price":%d}' % price)
