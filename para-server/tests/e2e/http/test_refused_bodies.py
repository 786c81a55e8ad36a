"""Bodies that are refused: for who sends them, or for their size."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import uvicorn

from para_server.config import ApiSettings
from para_server.para import Para
from para_server.serving import server_config

from .. import wire  # noqa: TID252 - tests have no absolute names
from ..backends import MEMORY  # noqa: TID252 - tests have no absolute names
from ..client import ROOT_SECRET, Client  # noqa: TID252 - tests have no absolute names
from ..wire import Reader, Server, running  # noqa: TID252 - tests have no absolute names
from .samples import LARGE, LIMIT

SIGNED = (
    "Authorization: AWS4-HMAC-SHA256 Credential={app}/20260101/us-east-1/para/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=" + "0" * 64 + "\r\nX-Amz-Date: {date}"
)
REFUSED_AT_ONCE = {
    "nobody": ("POST /v1/cat", "", 401),
    "guest without grant": ("POST /v1/_batch", "Authorization: Anonymous app:myapp", 403),
    "broken token": ("PUT /v1/_import", "Authorization: Bearer a.b.c", 401),
    "unknown app": ("POST /v1/_batch", SIGNED.format(app="app:nobody", date="{now}"), 404),
    "old date": ("POST /v1/_batch", SIGNED.format(app="app:myapp", date="20200101T000000Z"), 400),
    "no date": ("POST /v1/_batch", SIGNED.format(app="app:myapp", date=""), 400),
}


@pytest.mark.parametrize("length", ["Content-Length: 65537", "Transfer-Encoding: chunked"])
@pytest.mark.parametrize("name", REFUSED_AT_ONCE)
def test_who_is_refused_in_any_case_is_refused_without_the_body(
    server: Server, name: str, length: str
) -> None:
    line, credentials, status = REFUSED_AT_ONCE[name]
    now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    lines = [f"{line} HTTP/1.1", f"Host: {server.host}", length]
    head = "\r\n".join([*lines, *([credentials.format(now=now)] if credentials else [])])
    answer = server.ask(head.encode() + b"\r\n\r\n")
    assert (answer.status, answer.json["code"]) == (status, status)


@pytest.mark.parametrize(
    ("line", "headers", "status"),
    [
        pytest.param("GET /v1", [], 200, id="open"),
        pytest.param("PUT /v1", [], 405, id="no-method"),
        pytest.param("PUT /v1/../cat", [], 400, id="no-path"),
        pytest.param(
            "OPTIONS /v1/cat",
            ["Origin: http://a.example", "Access-Control-Request-Method: PUT"],
            200,
            id="pre-flight",
        ),
    ],
)
def test_where_no_body_matters_none_is_waited_for(
    server: Server, line: str, headers: list[str], status: int
) -> None:
    lines = [f"{line} HTTP/1.1", f"Host: {server.host}", *headers, "Content-Length: 70000"]
    answer = server.ask("\r\n".join(lines).encode() + b"\r\n\r\n")
    assert answer.status == status


def test_who_loses_the_right_while_a_body_comes_is_refused(server: Server) -> None:
    request = server.request("POST", "/v1/cat", b'{"text":"' + LARGE.encode() + b'"}')
    with server.connect() as connection:
        connection.sendall(request[:-1000])
        server.call(set_active(server, is_active=False))
        try:
            connection.sendall(request[-1000:])
            answer = Reader(connection).answer()
        finally:
            server.call(set_active(server, is_active=True))
    assert (answer.status, answer.json["message"]) == (403, "App not active. [app:myapp]")


async def set_active(server: Server, *, is_active: bool) -> None:
    root = Client(server.para, "app:para", ROOT_SECRET)
    assert (await root.patch("/v1/app/myapp", {"active": is_active})).status == 200


@pytest.mark.parametrize("path", ["/jwt_auth", "/password_auth", "/signout", "/no/such/page"])
def test_outside_the_api_no_body_is_larger_than_an_object(server: Server, path: str) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: {server.host}\r\nContent-Length: {LIMIT + 1}\r\n\r\n"
    answer = server.ask(head.encode())
    assert (answer.status, answer.json["message"]) == (400, "The request is too large.")


@pytest.mark.parametrize("method", ["POST", "HEAD"])
def test_who_is_refused_while_it_waits_to_send_a_body_has_to_begin_anew(
    server: Server, method: str
) -> None:
    """Nobody can tell whether the body still comes."""
    head = f"{method} /v1/cat HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n"
    with server.connect() as connection:
        connection.sendall(head.encode() + b"Expect: 100-continue\r\n\r\n")
        reader = Reader(connection)
        answer = reader.answer(has_body=method != "HEAD")
        assert (answer.status, answer.headers["connection"]) == (401, "close")
        assert reader.is_closed()


def test_after_a_refusal_without_the_body_the_connection_goes_on(server: Server) -> None:
    body = b"x" * 3_000_000
    refused = b"POST /v1/cat HTTP/1.1\r\nHost: %b\r\nContent-Length: %d\r\n\r\n"
    with server.connect() as connection:
        connection.sendall(refused % (server.host.encode(), len(body)) + body)
        connection.sendall(server.request("GET", "/v1/cat/small"))
        reader = Reader(connection)
        assert [reader.answer().status, reader.answer().status] == [401, 200]


def test_a_body_that_comes_after_its_refusal_does_not_keep_the_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hasty(para: Para) -> uvicorn.Config:
        config = server_config(para)
        config.timeout_keep_alive = 1
        return config

    monkeypatch.setattr(wire, "server_config", hasty)
    settings = ApiSettings(root_secret_override=ROOT_SECRET)
    with running(settings, MEMORY, tmp_path) as server, server.connect() as connection:
        reader = Reader(connection)
        connection.sendall(b"POST /v1/cat HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n")
        assert reader.answer().status == 401
        connection.sendall(b"x" * 70_000)
        assert reader.is_closed()


def test_a_body_beyond_all_bounds_is_refused_before_it_is_read(server: Server) -> None:
    request = server.request("POST", "/v1/_batch", b"[]")
    lying = request.replace(b"Content-Length: 2", b"Content-Length: %d" % (LIMIT * 100 + 1))
    answer = server.ask(lying)
    assert answer.status == 400
    assert answer.json["code"] == 400
    waiting = lying[:-2].replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")
    with server.connect() as connection:
        connection.sendall(waiting)
        reader = Reader(connection)
        assert reader.answer().status == 400
        assert reader.is_closed()


def test_a_body_that_grows_beyond_all_bounds_is_refused(server: Server) -> None:
    """The client goes on sending, and still hears why it is refused."""
    request = server.request("PUT", "/v1/dog/d8", b"x", headers=["Transfer-Encoding: chunked"])
    piece = b"100000\r\n" + b" " * 0x100000 + b"\r\n"

    def send(connection: socket.socket) -> None:
        connection.sendall(request[:-1])
        for _ in range(105):
            connection.sendall(piece)
        connection.sendall(b"0\r\n\r\n")

    with server.connect() as connection, ThreadPoolExecutor(1) as pool:
        writing = pool.submit(send, connection)
        answer = Reader(connection).answer()
        assert answer.status == 400
        assert "too large" in str(answer.json["message"])
        writing.result(10)
