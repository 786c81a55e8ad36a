"""An independent signer for the tests, written from the description of AWS Signature Version 4."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

APP_KEY = "cGFyYS1leGFtcGxlLXNlY3JldC1vZi1mb3J0eS1ieXRlcy0wMDAwMQ=="
STAMP = "20260102T030405Z"
NOW = 1767323045.0
ALGORITHM = "AWS4-HMAC-SHA256"

Pairs = Sequence[tuple[str, str]]


@dataclass
class Draft:
    """A request to sign; ``path`` and ``query`` as they go on the wire are derived from it."""

    method: str = "GET"
    path: str = "/v1/notes"
    query: Pairs = ()
    body: bytes = b""
    host: str = "localhost:8080"
    stamp: str = STAMP
    headers: dict[str, str] = field(default_factory=dict)
    key: str = "app:myapp"
    secret: str = APP_KEY


def encoded(text: str) -> str:
    return quote(text, safe="-_.~")


def wire(pairs: Pairs) -> bytes:
    return "&".join(f"{encoded(name)}={encoded(value)}" for name, value in pairs).encode()


def sign(draft: Draft) -> dict[bytes, bytes]:
    """The request's headers with the signature among them."""
    lines = {"host": draft.host, "x-amz-date": draft.stamp} | draft.headers
    signed = ";".join(sorted(lines))
    signature = _signature(draft, draft.query, lines)
    authorization = (
        f"{ALGORITHM} Credential={draft.key}/{_scope(draft)}, "
        f"SignedHeaders={signed}, Signature={signature}"
    )
    sent = lines | {"authorization": authorization}
    return {name.encode(): value.encode() for name, value in sent.items()}


def presign(draft: Draft, *, expires: str = "") -> bytes:
    """The request's query with the signature in it."""
    pairs = [
        *draft.query,
        ("X-Amz-Algorithm", ALGORITHM),
        ("X-Amz-Credential", f"{draft.key}/{_scope(draft)}"),
        ("X-Amz-Date", draft.stamp),
        ("X-Amz-SignedHeaders", "host"),
    ]
    if expires:
        pairs.append(("X-Amz-Expires", expires))
    signature = _signature(draft, pairs, {"host": draft.host})
    return wire([*pairs, ("X-Amz-Signature", signature)])


def _signature(draft: Draft, query: Pairs, lines: dict[str, str]) -> str:
    first: dict[str, str] = {}
    for name, value in query:
        first.setdefault(name, value)
    canonical = "\n".join(
        [
            draft.method,
            quote(draft.path, safe="/-_.~"),
            "&".join(
                f"{n}={v}" for n, v in sorted((encoded(n), encoded(v)) for n, v in first.items())
            ),
            *(f"{name}:{_folded(lines[name])}" for name in sorted(lines)),
            "",
            ";".join(sorted(lines)),
            hashlib.sha256(draft.body).hexdigest(),
        ]
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = "\n".join([ALGORITHM, draft.stamp, _scope(draft), digest])
    key = f"AWS4{draft.secret}".encode()
    for part in _scope(draft).split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _scope(draft: Draft) -> str:
    return f"{draft.stamp[:8]}/us-east-1/para/aws4_request"


def _folded(value: str) -> str:
    return re.sub(r"\s+", " ", value)
