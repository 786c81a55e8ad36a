"""Signs requests as Para's clients do, for tests and measurements that speak to a whole server.

It is written from the description of AWS Signature Version 4 and shares nothing with the code that
verifies signatures, so that each can show a mistake of the other.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["Draft", "Pairs", "escaped", "presign", "query_text", "sign", "stamp_at"]

Pairs = Sequence[tuple[str, str]]

_ALGORITHM = "AWS4-HMAC-SHA256"
_SCOPE = "us-east-1/para/aws4_request"
_RESERVED = re.compile(rb"[^A-Za-z0-9\-_.~]")


@dataclass(frozen=True)
class Draft:
    """A request that is to be signed.

    ``path`` as it goes on the wire, ``query`` without escapes, ``stamp`` as of ``stamp_at``;
    ``headers`` are signed besides ``Host`` and ``X-Amz-Date``, their names in lower case.
    """

    method: str
    path: str
    query: Pairs = ()
    body: bytes = b""
    host: str = "localhost:8080"
    stamp: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    key: str = ""
    secret: str = ""

    @property
    def scope(self) -> str:
        """What the signature holds for, and where."""
        return f"{self.stamp[:8]}/{_SCOPE}"


def sign(draft: Draft) -> dict[str, str]:
    """Return the headers that sign a request, and those that are signed; all but ``host``."""
    lines = {"x-amz-date": draft.stamp, **draft.headers}
    signature = _signature(draft, draft.query, {"host": draft.host, **lines})
    names = ";".join(sorted({"host", *lines}))
    credential = f"Credential={draft.key}/{draft.scope}"
    told = f"{_ALGORITHM} {credential}, SignedHeaders={names}, Signature={signature}"
    return {**lines, "authorization": told}


def presign(draft: Draft, *, expires: str = "") -> Pairs:
    """Return the query of a request with its signature in it; ``expires`` in seconds."""
    pairs = [
        *draft.query,
        ("X-Amz-Algorithm", _ALGORITHM),
        ("X-Amz-Credential", f"{draft.key}/{draft.scope}"),
        ("X-Amz-Date", draft.stamp),
        ("X-Amz-SignedHeaders", "host"),
        *([("X-Amz-Expires", expires)] if expires else []),
    ]
    return [*pairs, ("X-Amz-Signature", _signature(draft, pairs, {"host": draft.host}))]


def stamp_at(seconds: float) -> str:
    """Return a time since the Unix epoch as signatures tell it."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(seconds))


def query_text(pairs: Pairs) -> str:
    """Return parameters as they stand in an address."""
    return "&".join(f"{escaped(name)}={escaped(value)}" for name, value in pairs)


def escaped(text: str, *, but: bytes = b"") -> str:
    """Return a text with everything escaped but letters, digits, ``-_.~`` and those of ``but``."""

    def escape(found: re.Match[bytes]) -> bytes:
        return found[0] if found[0] in but else b"%%%02X" % found[0][0]

    return _RESERVED.sub(escape, text.encode()).decode()


def _signature(draft: Draft, query: Pairs, lines: Mapping[str, str]) -> str:
    first = dict(reversed(query))  # of a repeated parameter the first value counts
    canonical = "\n".join(
        [
            draft.method,
            escaped(draft.path, but=b"/"),
            "&".join(f"{n}={v}" for n, v in sorted((escaped(n), escaped(first[n])) for n in first)),
            *(f"{name}:{_folded(lines[name])}" for name in sorted(lines)),
            "",
            ";".join(sorted(lines)),
            hashlib.sha256(draft.body).hexdigest(),
        ]
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = "\n".join([_ALGORITHM, draft.stamp, draft.scope, digest])
    key = f"AWS4{draft.secret}".encode()
    for part in draft.scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()


def _folded(value: str) -> str:
    return re.sub(r"\s+", " ", value)
