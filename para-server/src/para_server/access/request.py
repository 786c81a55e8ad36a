"""A request as it came in, before anything of it is decoded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from para_server.http.spool import Spool

__all__ = ["RawRequest", "first_headers"]


@dataclass(slots=True)
class RawRequest:
    """The bytes that signatures cover and credentials are read from.

    Attributes:
        method: As received, normally upper-case.
        path: Still percent-encoded, with the context path, without the query.
        query: What follows the first ``?``; empty when there is none.
        headers: The first value of each header by lower-case name; see ``first_headers``.
        body: The whole body; empty when there is none, or when it lies in ``spool``.
        spool: A body too large for the memory.
    """

    method: str
    path: bytes
    query: bytes
    headers: Mapping[bytes, bytes]
    body: bytes = b""
    spool: Spool | None = None


def first_headers(headers: Sequence[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Return the first value of each header of an ASGI scope."""
    return dict(reversed(headers))
