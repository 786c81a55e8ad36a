"""Answers: status, body and head, as bytes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from http import HTTPStatus

import msgspec

__all__ = [
    "EMPTY",
    "Answer",
    "AnswerError",
    "StreamingAnswer",
    "bytes_answer",
    "error_answer",
    "json_answer",
    "reason_of",
    "text_answer",
]

JSON = b"application/json"
JSON_UTF8 = b"application/json;charset=UTF-8"
TEXT = b"text/plain;charset=UTF-8"

_encode = msgspec.json.encode


class Answer:
    """What goes back to a client."""

    __slots__ = ("body", "headers", "kind", "status")

    def __init__(
        self,
        status: int = 200,
        body: bytes = b"",
        kind: bytes | None = None,
        headers: Sequence[tuple[bytes, bytes]] = (),
    ) -> None:
        self.status, self.body, self.kind, self.headers = status, body, kind, headers


class StreamingAnswer(Answer):
    """An answer whose body is made while it is sent; it goes out in chunks.

    An error in the middle of it breaks the connection off, so that no client takes a part for the
    whole; so does a client that takes nothing for a minute. Not for what the original's Java client
    reads, which takes chunks for nothing.
    """

    __slots__ = ("chunks",)

    def __init__(
        self,
        chunks: AsyncGenerator[bytes, None],
        kind: bytes,
        headers: Sequence[tuple[bytes, bytes]] = (),
    ) -> None:
        super().__init__(200, b"", kind, headers)
        self.chunks = chunks


EMPTY = Answer()


class AnswerError(Exception):
    """A handler's way to answer with the error envelope.

    For refusals that belong to the protocol; what services find wrong is a ``ParaError``.
    """

    def __init__(
        self, status: int, message: str = "", headers: Sequence[tuple[bytes, bytes]] = ()
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers


def reason_of(status: int) -> str:
    """Return the standard phrase of a status."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def json_answer(value: object, status: int = 200) -> Answer:
    """Answer with a value as JSON."""
    return Answer(status, _encode(value), JSON)


def bytes_answer(body: bytes, status: int = 200) -> Answer:
    """Answer with JSON that is encoded already."""
    return Answer(status, body, JSON)


def text_answer(text: str, kind: bytes = TEXT) -> Answer:
    """Answer with bare text."""
    return Answer(200, text.encode(), kind)


def error_answer(
    status: int, message: str = "", headers: Sequence[tuple[bytes, bytes]] = ()
) -> Answer:
    """Answer with the error envelope; a blank message becomes the phrase of the status."""
    envelope = {"code": status, "message": message if message.strip() else reason_of(status)}
    return Answer(status, _encode(envelope), JSON, headers)
