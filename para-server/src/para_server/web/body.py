"""Reading the body of a request, and handing it on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from para_server.http.answers import AnswerError

if TYPE_CHECKING:
    from starlette.types import Message, Receive

__all__ = ["read_body", "replayed"]


async def read_body(headers: Mapping[bytes, bytes], receive: Receive, most: int) -> bytes:
    """Return the whole body.

    Raises:
        AnswerError: It is larger than ``most`` bytes, or ended early.
    """
    length = headers.get(b"content-length")
    if length == b"0" or (length is None and b"transfer-encoding" not in headers):
        return b""
    parts, size, is_more = [], 0, True
    while is_more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise AnswerError(400, "The request ended early.")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most:
            raise AnswerError(400, "The request is too large.", [(b"connection", b"close")])
        is_more = message.get("more_body", False)
    return b"".join(parts)


def replayed(body: bytes, receive: Receive) -> Receive:
    """Return a way in that has the whole body once, and then waits as the other does."""
    is_told = False

    async def again() -> Message:
        nonlocal is_told
        if is_told:
            return await receive()
        is_told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
