"""Request lines and headers: long ones, and what is no HTTP."""

from __future__ import annotations

import socket

import pytest

from ..wire import Reader, Server  # noqa: TID252 - tests have no absolute names


@pytest.mark.parametrize("length", [8_000, 32_000, 65_000])
def test_a_request_line_may_be_64_kib_long(server: Server, length: int) -> None:
    ids = [("ids", f"vote:{n:020}:{n:026}") for n in range(length // 62)]
    request = server.request("GET", "/v1/_batch", query=[*ids, ("ids", "small")])
    line = request.partition(b"\r\n")[0]
    assert length * 0.9 < len(line) <= 65_536
    answer = server.ask(request)
    assert answer.status == 200
    assert b'"id":"small"' in answer.body


def test_a_request_line_of_exactly_64_kib_is_served(server: Server) -> None:
    short = server.request("GET", "/v1/_batch", query=[("ids", "small"), ("x", "")])
    missing = 65_536 - len(short.partition(b"\r\n")[0])
    request = server.request("GET", "/v1/_batch", query=[("ids", "small"), ("x", "y" * missing)])
    assert len(request.partition(b"\r\n")[0]) == 65_536
    assert b'"id":"small"' in server.ask(request).body


@pytest.mark.parametrize("length", [66_000, 70_000, 131_072, 200_000, 1_000_000])
def test_a_longer_line_is_refused_and_never_cut(server: Server, length: int) -> None:
    query = [("x", "y" * length), ("ids", "small")]
    answer = server.ask(server.request("GET", "/v1/_batch", query=query))
    assert (answer.status, answer.json["code"]) == (400, 400)


@pytest.mark.parametrize("where", ["path", "name", "value", "many"])
def test_a_head_without_an_end_is_refused(server: Server, where: str) -> None:
    start = {
        "path": b"GET /",
        "name": b"GET /v1 HTTP/1.1\r\nHost: x\r\nX",
        "value": b"GET /v1 HTTP/1.1\r\nHost: x\r\nX: ",
        "many": b"GET /v1 HTTP/1.1\r\nHost: x\r\n",
    }[where]
    piece = b"A: b\r\n" * 5_000 if where == "many" else b"y" * 30_000
    with server.connect() as connection:
        connection.sendall(start)
        with pytest.raises(OSError, match=r"reset|Broken|closed"):
            send_forever(connection, piece)


def send_forever(connection: socket.socket, piece: bytes) -> None:
    """Send 60 MB, or until the server closes the connection."""
    for _ in range(2_000):
        connection.sendall(piece)


MALFORMED = {
    "no HTTP": b"hello\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "HTTP/3": b"GET /v1 HTTP/3.0\r\n\r\n",
    "bad header": b"GET /v1 HTTP/1.1\r\nno colon\r\n\r\n",
    "blank in name": b"GET /v1 HTTP/1.1\r\nX Y: 1\r\n\r\n",
    "control in value": b"GET /v1 HTTP/1.1\r\nX: a\x00b\r\n\r\n",
    "bad length": b"POST /v1/cat HTTP/1.1\r\nContent-Length: ten\r\n\r\n",
    "negative length": b"POST /v1/cat HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
    "two lengths": b"POST /v1/cat HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "length and chunks": b"POST /v1/cat HTTP/1.1\r\nContent-Length: 5\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "bad chunk": b"POST /v1/cat HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "raw umlaut": "GET /v1/cät HTTP/1.1\r\n\r\n".encode(),
    "raw latin-1": b"GET /v1/c\xe4t HTTP/1.1\r\n\r\n",
    "raw blank": b"GET /v1/a b HTTP/1.1\r\n\r\n",
    "no path": b"GET  HTTP/1.1\r\n\r\n",
    "star": b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    "authority": b"CONNECT example.org:80 HTTP/1.1\r\nHost: x\r\n\r\n",
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_no_http_is_400_in_the_envelope(server: Server, data: bytes) -> None:
    with server.connect() as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        reader = Reader(connection)
        answer = reader.answer()
        assert answer.status in (400, 404, 405)
        assert answer.json["code"] == answer.status
        assert answer.headers["content-type"].startswith("application/json")
        assert reader.is_closed()


@pytest.mark.parametrize("char", ['"', "<", ">", "^", "`", "{", "}", "|", "\\"])
def test_raw_characters_that_do_not_belong_in_a_path_are_no_failure(
    server: Server, char: str
) -> None:
    answer = server.ask(f"GET /v1/a{char}b HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert answer.status in (400, 401)
    assert answer.json["code"] == answer.status
