"""Archives: taken from a server, put into one, and compared."""

from __future__ import annotations

import http.client
import io
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

import msgspec

from benchmarks.peers import ParaServer
from benchmarks.wire import signed_headers

__all__ = ["Export", "Import", "all_objects"]

_PORTION = 1 << 16  # bytes
_LONGEST_SEC = 3600


@dataclass
class Export:
    """A client that takes an export as fast as it comes."""

    server: ParaServer
    file: IO[bytes] = field(default_factory=io.BytesIO)
    took_sec: float = 0
    size: int = 0

    def run(self) -> None:
        """Take all of it."""
        path = "/v1/_export"
        by = self.server.credentials
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        began = time.perf_counter()
        connection.request(
            "GET", path, headers=signed_headers("GET", path, (), b"", host=self.server.host, by=by)
        )
        answer = connection.getresponse()
        while portion := answer.read(_PORTION):
            self.size += self.file.write(portion)
        self.took_sec = time.perf_counter() - began
        connection.close()

    @property
    def objects(self) -> int:
        """How many objects the archive says that it has."""
        with zipfile.ZipFile(self.file) as box:
            return int(msgspec.json.decode(box.comment)["objects"])


@dataclass
class Import:
    """A client that puts an archive into the app of a server."""

    server: ParaServer
    archive: bytes
    took_sec: float = 0
    count: int = 0

    def run(self) -> None:
        """Send it and wait for the answer.

        Raises:
            RuntimeError: It was refused.
        """
        path, host, by = "/v1/_import", self.server.host, self.server.credentials
        headers = signed_headers("PUT", path, (), self.archive, host=host, by=by)
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=_LONGEST_SEC)
        began = time.perf_counter()
        connection.request(
            "PUT", path, self.archive, {**headers, "Content-Type": "application/zip"}
        )
        answer = connection.getresponse()
        told = answer.read()
        connection.close()
        if answer.status != http.client.OK:
            raise RuntimeError(f"an import was answered {answer.status} {told[:200]!r}")
        self.took_sec = time.perf_counter() - began
        self.count = msgspec.json.decode(told)["count"]


def all_objects(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the JSON of all objects of an archive, but not the records of imports."""
    with zipfile.ZipFile(file) as box:
        for name in box.namelist():
            for raw in _objects(box.read(name)):
                if _kind(raw).type != "paraimport":
                    yield bytes(raw)


class _Kind(msgspec.Struct):
    type: str


_objects: Any = msgspec.json.Decoder(list[msgspec.Raw]).decode
_kind: Any = msgspec.json.Decoder(_Kind).decode
