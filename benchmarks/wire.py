"""Requests as bytes, signed as by Para's clients, and a small blocking connection."""

from __future__ import annotations

import http.client
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from para_core.testing.signing import Draft, query_text, sign, stamp_at

__all__ = [
    "Connection",
    "Credentials",
    "Query",
    "Reply",
    "raw_request",
    "signed_headers",
]

Query = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Credentials:
    """The keys of an app."""

    access_key: str
    secret: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    body: bytes
    kind: str = ""

    @property
    def json(self) -> Any:  # noqa: ANN401 - any JSON value
        """The body, decoded; ``None`` when it is empty."""
        return msgspec.json.decode(self.body) if self.body else None


class Connection:
    """One kept-alive connection to a server on this machine."""

    def __init__(self, port: int, *, timeout_sec: float = 60) -> None:
        self.host = f"127.0.0.1:{port}"
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_sec)

    def ask(  # noqa: PLR0913 - a request has that many parts
        self,
        method: str,
        path: str,
        *,
        query: Query = (),
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        by: Credentials | None = None,
    ) -> Reply:
        """Send one request, signed if there are credentials, and wait for its answer.

        Raises:
            OSError: Nobody answers.
        """
        heads = dict(headers or {})
        if by is not None:
            heads |= signed_headers(method, path, query, body, host=self.host, by=by)
        if body:
            heads.setdefault("Content-Type", "application/json")
        try:
            self._connection.request(method, _target(path, query), body or None, heads)
            answer = self._connection.getresponse()
            return Reply(answer.status, answer.read(), answer.headers.get_content_type())
        except http.client.HTTPException as error:
            self.close()
            raise ConnectionError(str(error)) from error
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Close; the next request opens it again."""
        self._connection.close()


def raw_request(  # noqa: PLR0913 - a request has that many parts
    method: str,
    path: str,
    host: str,
    headers: Mapping[str, str],
    *,
    query: Query = (),
    body: bytes = b"",
) -> bytes:
    """Return a whole request as it goes over the wire."""
    lines = [f"{method} {_target(path, query)} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def signed_headers(  # noqa: PLR0913 - what is signed
    method: str, path: str, query: Query, body: bytes, *, host: str, by: Credentials
) -> dict[str, str]:
    """Return the headers that sign a request now."""
    stamp = stamp_at(time.time())
    draft = Draft(method, path, query, body, host, stamp, key=by.access_key, secret=by.secret)
    return sign(draft)


def _target(path: str, query: Query) -> str:
    return f"{path}?{query_text(query)}" if query else path
