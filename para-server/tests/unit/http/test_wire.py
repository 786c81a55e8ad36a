from __future__ import annotations

import gzip
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from para_server.http.answers import JSON, Answer, error_answer
from para_server.http.protocol import ANSWER, JoiningTransport
from para_server.http.wire import Dispatcher, preflight

if TYPE_CHECKING:
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

LONG = b'{"text":"' + b"x" * 500 + b'"}'


class Transport:
    """Remembers what was written."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.is_closed = False

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def writelines(self, parts: list[bytes]) -> None:
        self.written.append(b"".join(parts))

    def close(self) -> None:
        self.is_closed = True

    def get_extra_info(self, name: str) -> str:
        return f"the {name}"


class Cycle(SimpleNamespace):
    """What uvicorn knows of one request and its answer."""

    def __init__(self, **changes: Any) -> None:  # noqa: ANN401 - any attribute
        self.raw = Transport()
        known: dict[str, Any] = {
            "scope": {"method": "GET", "scheme": "http"},
            "transport": JoiningTransport(self.raw),  # type: ignore[arg-type]
            "flow": SimpleNamespace(write_paused=False),
            "default_headers": [(b"date", b"now")],
            "message_event": SimpleNamespace(set=lambda: None),
            "keep_alive": True,
            "disconnected": False,
            "response_started": False,
            "response_complete": False,
            "waiting_for_100_continue": False,
            "on_response": lambda: None,
        }
        super().__init__(**{**known, **changes})


def send_now(
    dispatcher: Dispatcher, cycle: Cycle, answer: Answer, headers: dict[bytes, bytes] | None = None
) -> bool:
    stand_in = cast("RequestResponseCycle", cycle)
    return dispatcher.send_now(stand_in, headers or {}, answer, "Bearer")


def sent_now(answer: Answer, headers: dict[bytes, bytes] | None = None, **changes: Any) -> bytes:  # noqa: ANN401
    cycle = Cycle(**changes)
    assert send_now(Dispatcher(), cycle, answer, headers)
    [data] = cycle.raw.written
    assert cycle.raw.is_closed is not cycle.keep_alive
    return data


async def sent(dispatcher: Dispatcher, answer: Answer, **scope: Any) -> list[Any]:  # noqa: ANN401
    messages: list[Any] = []

    async def send(message: Any) -> None:  # noqa: ANN401 - an ASGI message
        messages.append(message)

    heads = scope.pop("headers", {})
    await dispatcher.send({"method": "GET", "scheme": "http", **scope}, heads, send, answer)
    return messages


def test_a_whole_answer_leaves_in_one_write() -> None:
    data = sent_now(Answer(200, b'{"a":1}', JSON, [(b"location", b"/x")]))
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"HTTP/1.1 200 OK"
    assert body == b'{"a":1}'
    for line in (
        b"date: now",
        b"content-type: application/json",
        b"content-length: 7",
        b"location: /x",
        b"www-authenticate: Bearer",
        b"x-content-type-options: nosniff",
    ):
        assert lines.count(line) == 1, line
    assert not any(line.startswith((b"connection", b"access-control")) for line in lines)


def test_a_connection_that_is_not_kept_is_closed() -> None:
    assert b"\r\nconnection: close\r\n" in sent_now(Answer(), keep_alive=False)


def test_heads_that_recur_are_the_same_for_the_same_kind_of_answer_only() -> None:
    dispatcher = Dispatcher()
    seen = set()
    for answer in (Answer(), Answer(201, b"{}", JSON), Answer(200, b"{}", JSON), error_answer(404)):
        for headers in ({}, {b"origin": b"x"}):
            cycle = Cycle()
            send_now(dispatcher, cycle, answer, headers)
            seen.add(cycle.raw.written[0])
    assert len(seen) == 8


def test_a_value_cannot_break_out_of_its_line() -> None:
    data = sent_now(Answer(201, b"", None, [(b"location", b"/a\r\nx-evil: 1\n\nbody")]))
    assert b"\r\nlocation: /ax-evil: 1body\r\n" in data


@pytest.mark.parametrize(
    "changes",
    [{"flow": SimpleNamespace(write_paused=True)}, {"response_started": True}],
    ids=["slow reader", "started"],
)
def test_nothing_is_sent_at_once_when_it_has_to_wait(changes: dict[str, Any]) -> None:
    cycle = Cycle(**changes)
    assert not send_now(Dispatcher(), cycle, Answer())
    assert cycle.raw.written == []


def test_nothing_is_sent_to_who_has_left() -> None:
    cycle = Cycle(disconnected=True)
    assert send_now(Dispatcher(), cycle, Answer())
    assert cycle.raw.written == []


@pytest.mark.parametrize(
    ("accepted", "body", "kind", "zipped"),
    [
        (b"gzip", LONG, JSON, True),
        (b"deflate, gzip;q=0.5", LONG, b"text/plain;charset=UTF-8", True),
        (b"GZIP", LONG, JSON, True),
        (b"gzip", b"{}", JSON, False),
        (b"gzip", LONG, b"application/zip", False),
        (b"gzip", LONG, None, False),
        (b"gzip;q=0", LONG, JSON, False),
        (b"gzip; q=0.000", LONG, JSON, False),
        (b"br", LONG, JSON, False),
        (b"gzippy", LONG, JSON, False),
        (None, LONG, JSON, False),
    ],
    ids=repr,
)
def test_compression(
    accepted: bytes | None, body: bytes, kind: bytes | None, *, zipped: bool
) -> None:
    headers = {} if accepted is None else {b"accept-encoding": accepted}
    data = sent_now(Answer(200, body, kind), headers)
    head, _, told = data.partition(b"\r\n\r\n")
    assert (b"content-encoding: gzip" in head) is zipped
    assert (gzip.decompress(told) if zipped else told) == body
    assert b"content-length: %d" % len(told) in head


async def test_what_cannot_leave_at_once_goes_the_asgi_way() -> None:
    cycle = Cycle(flow=SimpleNamespace(write_paused=True))
    slow = {ANSWER: {"cycle": lambda: cycle}}
    scopes: list[dict[str, Any]] = [{}, {"extensions": slow}]
    for scope in (*scopes, {"method": "HEAD", "extensions": slow}):
        start, body = await sent(Dispatcher(), Answer(200, b"{}", JSON), **scope)
        assert (start["status"], body["body"]) == (200, b"{}")
        assert (b"content-length", b"2") in start["headers"]


async def test_only_encrypted_connections_hear_of_strict_transport_security() -> None:
    plain = await sent(Dispatcher(), Answer())
    secure = await sent(Dispatcher(), Answer(), scheme="https")
    assert b"strict-transport-security" not in dict(plain[0]["headers"])
    assert b"strict-transport-security" in dict(secure[0]["headers"])


async def test_cors_and_gzip_can_be_switched_off() -> None:
    off = Dispatcher(is_cors_enabled=False, is_gzip_enabled=False)
    headers = {b"origin": b"x", b"accept-encoding": b"gzip"}
    start, body = await sent(off, Answer(200, LONG, JSON), headers=headers)
    assert (
        dict(start["headers"])
        .keys()
        .isdisjoint({b"access-control-allow-origin", b"vary", b"content-encoding"})
    )
    assert body["body"] == LONG
    assert not off.is_preflight(
        "OPTIONS", {b"origin": b"x", b"access-control-request-method": b"GET"}
    )


def test_a_preflight_repeats_what_is_asked() -> None:
    asked = {
        b"access-control-request-method": b"PUT",
        b"access-control-request-headers": b"x-a, x-b",
        b"access-control-request-private-network": b"true",
    }
    assert dict(preflight(asked).headers) == {
        b"access-control-allow-methods": b"PUT",
        b"access-control-allow-headers": b"x-a, x-b",
        b"access-control-allow-private-network": b"true",
    }


# ---- the joining transport -----------------------------------------------------------------------


def joining() -> tuple[JoiningTransport, Transport]:
    raw = Transport()
    return JoiningTransport(raw), raw  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [1, 100_000])
def test_head_and_first_bytes_of_the_body_are_joined(size: int) -> None:
    transport, raw = joining()
    transport.write(b"head")
    assert raw.written == []
    transport.write(b"b" * size)
    transport.write(b"more")
    assert raw.written == [b"head" + b"b" * size, b"more"]


def test_a_head_without_a_body_leaves_when_the_answer_is_complete() -> None:
    transport, raw = joining()
    transport.write(b"head")
    transport.flush()
    transport.write(b"next head")
    assert raw.written == [b"head"]
    transport.close()
    assert raw.written == [b"head", b"next head"]
    assert raw.is_closed


def test_a_permission_to_go_on_is_not_held_back() -> None:
    transport, raw = joining()
    transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert raw.written == [b"HTTP/1.1 100 Continue\r\n\r\n"]
    transport.write(b"HTTP/1.1 200 OK\r\n\r\n")
    assert len(raw.written) == 1


def test_everything_else_is_the_transports_own() -> None:
    transport, _ = joining()
    told: Any = transport
    assert told.get_extra_info("peername") == "the peername"
