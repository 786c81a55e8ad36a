"""Clients that send a part of a request and no more: they hold neither connections nor room."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from para_server.config import ApiSettings

from .backends import MEMORY
from .client import ROOT_SECRET
from .http.samples import chunked
from .wire import TIMEOUT_SEC, Reader, Server, running

UPLOAD = b"POST /v1/_forms/x/y HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data\r\n"
LENGTH = b"Content-Length: %d\r\n\r\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """One second for a head, and for each ten thousand bytes of a body."""
    settings = ApiSettings(
        root_secret_override=ROOT_SECRET,
        head_timeout_sec=1,
        body_timeout_sec=1,
        body_min_bytes=10_000,
    )
    with TemporaryDirectory() as folder, running(settings, MEMORY, Path(folder)) as server:
        yield server


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[Server]:
    settings = ApiSettings(root_secret_override=ROOT_SECRET)
    with running(settings, MEMORY, tmp_path) as server:
        yield server


def drip(connection: socket.socket, piece: bytes, seconds: float) -> bool:
    """Send a piece every tenth of a second; tell whether the server had enough of it before."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            connection.sendall(piece)
        except OSError:
            return True
        time.sleep(0.1)
    return False


def closes(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def test_a_connection_that_asks_nothing_is_closed(server: Server) -> None:
    with server.connect() as connection:
        connection.settimeout(5)
        assert closes(connection)


@pytest.mark.parametrize("before", [False, True], ids=["first", "after another"])
def test_a_head_that_does_not_end_is_refused_in_time(server: Server, *, before: bool) -> None:
    with server.connect() as connection:
        connection.settimeout(5)
        reader = Reader(connection)
        if before:
            connection.sendall(server.request("GET", "/v1/_types"))
            assert reader.answer().status == 200
        began = time.monotonic()
        connection.sendall(b"GET /v1 HTTP/1.1\r\nHost: x\r\n")
        answer = reader.answer()
        assert (answer.status, answer.headers["connection"]) == (408, "close")
        assert answer.json["code"] == 408
        assert 0.9 < time.monotonic() - began < 3
        assert closes(connection)


def test_a_head_that_comes_byte_by_byte_has_no_more_time(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(b"GET /v1 HTTP/1.1\r\nX: ")
        assert drip(connection, b"x", 60)


@pytest.mark.parametrize("sent", [b"", b"x" * 100], ids=["nothing", "a little"])
@pytest.mark.parametrize("length", [100_000, 1_000])
def test_a_body_that_does_not_come_is_refused_in_time(
    server: Server, length: int, sent: bytes
) -> None:
    with server.connect() as connection:
        connection.settimeout(5)
        connection.sendall(UPLOAD + LENGTH % length + sent)
        reader = Reader(connection)
        answer = reader.answer()
        assert (answer.status, answer.headers["connection"]) == (408, "close")
        assert closes(connection)
    assert server.para.api._held.held == 0


def test_a_body_that_drips_is_refused(server: Server) -> None:
    with server.connect() as connection:
        connection.settimeout(5)
        connection.sendall(UPLOAD + LENGTH % 1_000_000)
        drip(connection, b"x" * 10, 1.5)
        assert Reader(connection).answer().status == 408


def test_a_refused_body_that_drips_does_not_keep_the_connection(server: Server) -> None:
    with server.connect() as connection:
        connection.settimeout(5)
        connection.sendall(b"POST /v1/cat HTTP/1.1\r\nHost: x\r\n" + LENGTH % 1_000_000)
        assert Reader(connection).answer().status == 401
        assert drip(connection, b"x" * 10, 60)


@pytest.mark.parametrize("is_in_chunks", [False, True])
def test_a_body_that_goes_on_may_take_longer(server: Server, *, is_in_chunks: bool) -> None:
    body = b'{"text":"' + b"x" * 100_000 + b'"}'
    more = ["Transfer-Encoding: chunked"] if is_in_chunks else []
    request = server.request("PUT", "/v1/dog/slow", body, headers=more)
    head = request[: -len(body)]
    sent = chunked(body, 5_000) if is_in_chunks else body
    with server.connect() as connection:
        connection.sendall(head)
        for start in range(0, len(sent), 4_000):
            connection.sendall(sent[start : start + 4_000])
            time.sleep(0.1)
        assert Reader(connection).answer().status == 200


def test_a_connection_that_waits_for_its_next_request_is_left_alone(server: Server) -> None:
    """It has the time of kept connections, which is longer here."""
    with server.connect() as connection:
        reader = Reader(connection)
        for pause in (2, 0):
            connection.sendall(server.request("GET", "/v1/_types"))
            assert reader.answer().status == 200
            time.sleep(pause)


def test_who_declares_much_and_sends_nothing_takes_no_room(patient: Server) -> None:
    length = patient.para.services.settings.max_upload_bytes
    body = b"x" * 8_000_000
    with ExitStack() as stack:
        for _ in range(14):
            connection = stack.enter_context(patient.connect())
            connection.sendall(UPLOAD + LENGTH % length)
        time.sleep(0.2)
        with patient.connect() as connection:
            connection.sendall(UPLOAD + LENGTH % len(body) + body)
            assert Reader(connection).answer().status == 400


def test_what_came_of_bodies_takes_room_until_they_are_answered(
    patient: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patient.para.api._held, "most", 500_000)
    head = UPLOAD + b"Transfer-Encoding: chunked\r\n\r\n"
    mine, other = chunked(b"x" * 400_000, 9_000), chunked(b"x" * 200_000, 9_000)
    with patient.connect() as first, patient.connect() as second:
        first.sendall(head + mine[:-5])
        deadline = time.monotonic() + 5
        while patient.para.api._held.held < 400_000:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert patient.para.api._held.held == 400_000
        second.sendall(head + other)
        reader = Reader(second)
        assert reader.answer().status == 503
        first.sendall(mine[-5:])
        assert Reader(first).answer().status == 400
        second.sendall(UPLOAD + LENGTH % 200_000 + b"x" * 200_000)
        assert reader.answer().status == 400
    assert patient.para.api._held.held == 0


def test_large_bodies_of_who_has_yet_to_prove_it_have_room_together(
    patient: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signature covers the body: whoever knows the name of an app may send a large one."""
    room = patient.para.api._taken_in
    monkeypatch.setattr(room, "most", 500_000)
    mine = patient.request("POST", "/v1/_batch", b" " * 399_998 + b"[]")
    other = patient.request("POST", "/v1/_batch", b" " * 199_998 + b"[]")
    with patient.connect() as first, patient.connect() as second:
        first.sendall(mine[:-1])
        wait_until(lambda: room.held > 300_000)
        second.sendall(other)
        reader = Reader(second)
        answer = reader.answer()
        assert (answer.status, answer.headers["retry-after"]) == (503, "1")
        first.sendall(mine[-1:])
        assert Reader(first).answer().status == 200
        wait_until(lambda: room.held == 0)
    assert patient.ask(other).status == 200
    wait_until(lambda: room.held == 0)


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT_SEC
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)
