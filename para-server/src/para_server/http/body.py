"""Reading the body of a request, and handing it on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from para_server.http.answers import AnswerError

if TYPE_CHECKING:
    from starlette.types import Message, Receive

__all__ = ["TooLargeError", "has_body", "has_large_body", "read_body", "replayed"]

_SMALL = 1 << 16  # bytes; uvicorn takes in as many of each body before anybody reads it


class TooLargeError(AnswerError):
    """A body that is larger than anybody may send."""

    def __init__(self, message: str = "The request is too large.") -> None:
        super().__init__(400, message)


def has_body(headers: Mapping[bytes, bytes]) -> bool:
    """Tell whether a body follows the head of a request."""
    length = headers.get(b"content-length")
    return b"transfer-encoding" in headers if length is None else length != b"0"


def has_large_body(headers: Mapping[bytes, bytes]) -> bool:
    """Tell whether a body follows whose size is unknown, or worth a question before it is read."""
    length = headers.get(b"content-length")
    return b"transfer-encoding" in headers if length is None else int(length) > _SMALL


async def read_body(
    headers: Mapping[bytes, bytes],
    receive: Receive,
    most: int,
    take: Callable[[int], None] | None = None,
) -> bytes:
    """Return the whole body of a request that has one.

    Args:
        headers: Of the request.
        receive: The way in, of ASGI.
        most: Bytes that it may have.
        take: Told of the size of each piece that came; what it raises ends the reading.

    Raises:
        TooLargeError: It is larger than ``most`` bytes; no more was read of it.
        AnswerError: 400, when it ended early.
    """
    if int(headers.get(b"content-length", b"0")) > most:
        raise TooLargeError
    parts: list[bytes] = []
    size, is_more = 0, True
    while is_more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise AnswerError(400, "The request ended early.")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most:
            raise TooLargeError
        if take is not None:
            take(len(parts[-1]))
        is_more = message.get("more_body", False)
    return parts[0] if len(parts) == 1 else b"".join(parts)


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
