"""Reading the body of a request, and handing it on."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from typing import TYPE_CHECKING

from para_server.http.answers import AnswerError

if TYPE_CHECKING:
    from starlette.types import Message, Receive

    from para_server.http.spool import Spool

__all__ = [
    "TooLargeError",
    "declared_bytes",
    "has_body",
    "has_large_body",
    "read_body",
    "replayed",
    "spool_body",
]

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


def declared_bytes(headers: Mapping[bytes, bytes]) -> int:
    """Return the size of a body as its head says; 0 when it does not."""
    return int(headers.get(b"content-length", b"0"))


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
    parts: list[bytes] = []
    async for piece in _pieces(headers, receive, most):
        if take is not None:
            take(len(piece))
        parts.append(piece)
    return parts[0] if len(parts) == 1 else b"".join(parts)


async def spool_body(
    headers: Mapping[bytes, bytes], receive: Receive, most: int, spool: Spool
) -> None:
    """Put the whole body of a request into a file.

    Args:
        headers: Of the request.
        receive: The way in, of ASGI.
        most: Bytes that it may have.
        spool: Where it goes.

    Raises:
        TooLargeError: It is larger than ``most`` bytes; no more was read of it.
        AnswerError: 400, when it ended early; 503, when there is no room for it.
    """
    async for piece in _pieces(headers, receive, most):
        await spool.add(piece)
    spool.end()


async def _pieces(
    headers: Mapping[bytes, bytes], receive: Receive, most: int
) -> AsyncGenerator[bytes, None]:
    """Yield the pieces of a body as they come; the errors are those of ``read_body``."""
    if declared_bytes(headers) > most:
        raise TooLargeError
    size, is_more = 0, True
    while is_more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise AnswerError(400, "The request ended early.")
        piece = message.get("body", b"")
        size += len(piece)
        if size > most:
            raise TooLargeError
        yield piece
        is_more = message.get("more_body", False)


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
