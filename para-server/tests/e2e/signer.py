"""Signs requests as Para's clients do."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True)
class Signer:
    """The keys of an app, and the host that it calls."""

    access_key: str
    secret: str
    host: str

    def headers(
        self,
        method: str,
        path: str,
        query: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
        *,
        age_sec: int = 0,
    ) -> dict[str, str]:
        """Return the headers that sign a request made ``age_sec`` seconds ago."""
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() - age_sec))
        heads = f"host:{self.host}\nx-amz-date:{stamp}\n"
        canonical = _canonical(method, path, query, body, heads)
        return _signature(canonical, stamp, self.access_key, self.secret)


def query_text(query: Sequence[tuple[str, str]]) -> str:
    """Return parameters as they stand in an address."""
    return "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in query)


def _canonical(
    method: str, path: str, query: Sequence[tuple[str, str]], body: bytes, heads: str
) -> str:
    first: dict[str, str] = {}
    for name, value in query:
        first.setdefault(name, value)
    pairs = sorted((_quoted(name), _quoted(value)) for name, value in first.items())
    return "\n".join(
        [
            method,
            quote(path, safe="/-_.~"),
            "&".join(f"{name}={value}" for name, value in pairs),
            heads,
            "host;x-amz-date",
            hashlib.sha256(body).hexdigest(),
        ]
    )


def _signature(canonical: str, stamp: str, access_key: str, secret: str) -> dict[str, str]:
    scope = f"{stamp[:8]}/us-east-1/para/aws4_request"
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}"
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    credential = f"Credential={access_key}/{scope}"
    return {
        "x-amz-date": stamp,
        "authorization": f"AWS4-HMAC-SHA256 {credential}, "
        f"SignedHeaders=host;x-amz-date, Signature={signature}",
    }


def _quoted(text: str) -> str:
    return quote(text, safe="-_.~")
