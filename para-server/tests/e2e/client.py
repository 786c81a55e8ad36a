"""A signed client that talks to a whole app in the same process, as a server would hear it."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from para_core.testing.signing import Draft, query_text, sign, stamp_at
from para_server.para import Para

ROOT_SECRET = "root-secret-of-the-tests-0123456789-0123456789"  # noqa: S105 - not a secret
HOST = "localhost:8080"


@dataclass
class Reply:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 - any JSON value
        return msgspec.json.decode(self.body) if self.body else None

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Client:
    """Sends requests as an app, a user, a guest or nobody."""

    para: Para
    access_key: str = ""
    secret: str = ""
    token: str = ""
    guest_of: str = ""
    extra: dict[str, str] = field(default_factory=dict)

    async def send(  # noqa: PLR0913 - a request has that many parts
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        raw: bytes | None = None,
        query: Sequence[tuple[str, str]] = (),
        raw_query: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        data = raw if raw is not None else b"" if body is None else msgspec.json.encode(body)
        text = query_text(query)
        if raw_query is not None:  # as it stands on the wire
            text, query = raw_query, parse_qsl(raw_query, keep_blank_values=True)
        heads = {"host": HOST, **self.extra, **self._credentials(method, path, query, data)}
        heads.update(headers or {})
        if data:
            heads["content-length"] = str(len(data))
        return await self._exchange(method, path, text, heads, data)

    async def get(self, path: str, **query: object) -> Reply:
        return await self.send("GET", path, query=_pairs(query))

    async def post(self, path: str, body: object = None, **query: object) -> Reply:
        return await self.send("POST", path, body, query=_pairs(query))

    async def put(self, path: str, body: object = None, **query: object) -> Reply:
        return await self.send("PUT", path, body, query=_pairs(query))

    async def patch(self, path: str, body: object = None, **query: object) -> Reply:
        return await self.send("PATCH", path, body, query=_pairs(query))

    async def delete(self, path: str, **query: object) -> Reply:
        return await self.send("DELETE", path, query=_pairs(query))

    async def _exchange(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> Reply:
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
            "scheme": "http",
            "client": ("127.0.0.1", 1),
            "root_path": "",
            "http_version": "1.1",
            "server": ("127.0.0.1", 8080),
        }
        sent: list[Any] = []

        async def receive() -> Any:  # noqa: ANN401 - an ASGI message
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:  # noqa: ANN401 - an ASGI message
            sent.append(message)

        await self.para(scope, receive, send)
        heads: dict[str, str] = {}
        for name, value in sent[0]["headers"]:
            known = heads.get(name.decode())
            heads[name.decode()] = value.decode() if known is None else f"{known}, {value.decode()}"
        return Reply(sent[0]["status"], heads, b"".join(m.get("body", b"") for m in sent[1:]))

    def _credentials(
        self, method: str, path: str, query: Sequence[tuple[str, str]], body: bytes
    ) -> dict[str, str]:
        if self.token:
            return {"authorization": f"Bearer {self.token}"}
        if self.guest_of:
            return {"authorization": f"Anonymous {self.guest_of}"}
        if not self.secret:
            return {}
        return self.signed(method, path, query, body)

    def signed(  # noqa: PLR0913 - what is signed, and when
        self,
        method: str,
        path: str,
        query: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
        *,
        age_sec: int = 0,
        host: str = HOST,
    ) -> dict[str, str]:
        """Return the headers that sign a request made ``age_sec`` seconds ago."""
        stamp = stamp_at(time.time() - age_sec)
        draft = Draft(
            method, path, query, body, host, stamp, key=self.access_key, secret=self.secret
        )
        return sign(draft)


def coded(resource: str) -> str:
    """Return a resource as it stands in a path of ``/v1/_permissions``."""
    return base64.urlsafe_b64encode(resource.encode()).decode().rstrip("=")


def _pairs(query: Mapping[str, object]) -> list[tuple[str, str]]:
    return [
        (name, str(one))
        for name, value in query.items()
        for one in (value if isinstance(value, list) else [value])
    ]
