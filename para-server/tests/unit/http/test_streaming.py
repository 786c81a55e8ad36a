from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from types import SimpleNamespace
from typing import Any

import pytest

from para_core.errors import BackendError
from para_server.http import wire
from para_server.http.answers import StreamingAnswer
from para_server.http.protocol import ANSWER
from para_server.http.wire import Dispatcher

KIND = b"application/zip"


async def pieces(
    *parts: bytes, fails: bool = False, told: list[bytes] | None = None
) -> AsyncGenerator[bytes, None]:
    try:
        for part in parts:
            yield part
    finally:
        if told is not None:
            told.append(part)
    if fails:
        raise BackendError("the database is gone")


async def sent(
    method: str, chunks: AsyncGenerator[bytes, None], into: list[Any], *, leaves_after: int = 99
) -> None:
    cycle = SimpleNamespace(disconnected=False)

    async def send(message: Any) -> None:  # noqa: ANN401 - an ASGI message
        into.append(message)
        cycle.disconnected = len(into) > leaves_after

    answer = StreamingAnswer(chunks, KIND, [(b"content-disposition", b"attachment")])
    scope = {"method": method, "scheme": "http", "extensions": {ANSWER: {"cycle": lambda: cycle}}}
    await Dispatcher().send(scope, {b"accept-encoding": b"gzip"}, send, answer, "Bearer")


async def test_chunks_leave_one_by_one_as_they_are() -> None:
    messages: list[Any] = []
    await sent("GET", pieces(b"one", b"two"), messages)
    start, *bodies = messages
    heads = dict(start["headers"])
    assert (start["status"], heads[b"content-type"]) == (200, KIND)
    assert heads[b"content-disposition"] == b"attachment"
    assert heads[b"www-authenticate"] == b"Bearer"
    assert not {b"content-length", b"content-encoding"} & heads.keys()
    assert [m["body"] for m in bodies] == [b"one", b"two", b""]
    assert [m.get("more_body", False) for m in bodies] == [True, True, False]


async def test_the_head_alone_makes_no_chunks() -> None:
    messages: list[Any] = []
    chunks = pieces(b"one")
    await sent("HEAD", chunks, messages)
    assert [m.get("body") for m in messages] == [None, b""]
    assert await anext(chunks) == b"one"


async def test_a_failure_leaves_the_answer_without_its_end() -> None:
    messages: list[Any] = []
    with pytest.raises(BackendError, match="gone"):
        await sent("GET", pieces(b"one", fails=True), messages)
    assert messages[-1]["more_body"]


async def test_nothing_more_is_made_for_a_client_that_left() -> None:
    messages: list[Any] = []
    last: list[bytes] = []
    chunks = pieces(b"one", b"two", b"three", b"four", told=last)
    await sent("GET", chunks, messages, leaves_after=1)
    assert [m.get("body") for m in messages] == [None, b"one"]
    assert last == [b"two"], "it is let go at once"


async def test_a_client_that_takes_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "_STALLED_SEC", 0.05)
    last: list[bytes] = []

    async def send(message: Any) -> None:  # noqa: ANN401 - an ASGI message
        if message.get("body") == b"two":
            await asyncio.Event().wait()

    answer = StreamingAnswer(pieces(b"one", b"two", b"three", told=last), KIND)
    scope = {"method": "GET", "scheme": "http"}
    with pytest.raises(TimeoutError):
        await Dispatcher().send(scope, {}, send, answer)
    assert last == [b"two"]
