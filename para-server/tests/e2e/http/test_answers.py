"""The head and the first byte of the body leave together, however one asks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from ..wire import Reader, Server  # noqa: TID252 - tests have no absolute names
from .samples import ASKED, first_packet


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("name", ASKED)
def test_head_and_body_come_together(server: Server, name: str, *, zipped: bool) -> None:
    method, path, sent, status = ASKED[name]
    headers = ["Accept-Encoding: gzip"] if zipped else []
    for close in ([], ["Connection: close"]):
        head, body = first_packet(
            server, server.request(method, path, sent, headers=[*headers, *close])
        )
        assert head.startswith(b"http/1.1 %d " % status), head
        assert b"\r\ncontent-length: " in head
        assert b"transfer-encoding" not in head
        assert body
        assert (b"\r\nconnection: close" in head) is bool(close)


@pytest.mark.parametrize("path", ["/v1/cat", "/v1/search", "/v1/cat/search/tagged"])
def test_a_query_that_cannot_be_read_is_the_error_of_its_sender_only(
    server: Server, path: str
) -> None:
    answer = server.ask(server.request("GET", path, query=[("q", "name:(")]))
    assert answer.status == 400
    assert b"Invalid query string syntax q=name:( in request GET " in answer.body


def test_an_unsigned_request_gets_its_refusal_in_one_piece(server: Server) -> None:
    for path in ("/v1/cat", "/v1/cat/small"):
        head, body = first_packet(server, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert head.startswith(b"http/1.1 401 ")
        assert body.startswith(b'{"code":401,')


@pytest.mark.parametrize(
    "authorization",
    [
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=app:myapp",
        "AWS4-HMAC-SHA256 Credential=app:myapp/x/y/z/w, SignedHeaders=, Signature=",
        "AWS4-HMAC-SHA256 Credential=app:myapp/20240101/x/y/z, SignedHeaders=no, Signature=0",
        "AWS4-HMAC-SHA256 Credential=app:para/20240101/x/x/x, SignedHeaders=host, Signature=\u00fc",
        "Bearer eyJhbGciOiJub25lIn0.e30.",
        "Anonymous ;",
        "=/",
    ],
    ids=lambda text: text[:60],
)
def test_odd_credentials_are_refused_in_one_piece(server: Server, authorization: str) -> None:
    for date in ("", "X-Amz-Date: 20240101T000000Z\r\n"):
        lines = f"Host: x\r\n{date}Authorization: {authorization}\r\n\r\n"
        head, body = first_packet(server, f"GET /v1/cat/small HTTP/1.1\r\n{lines}".encode())
        assert head.split(b" ")[1] in (b"400", b"401", b"403", b"404")
        assert body.startswith(b'{"code":4')


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("path", ["/v1/cat/small", "/v1/cat/large", "/v1/_id/small"])
def test_no_answer_is_lost_under_load(server: Server, path: str, *, zipped: bool) -> None:
    data = server.request("GET", path, headers=["Accept-Encoding: gzip"] if zipped else [])

    def bodies(_: int) -> int:
        return sum(bool(first_packet(server, data)[1]) for _ in range(25))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(bodies, range(8))) == 200


def test_head_has_the_length_and_no_body(server: Server) -> None:
    get = server.ask(server.request("GET", "/v1/cat/small"))
    with server.connect() as connection:
        reader = Reader(connection)
        connection.sendall(server.request("HEAD", "/v1/cat/small"))
        head = reader.answer(has_body=False)
        assert (head.status, head.headers) == (200, get.headers)
        connection.sendall(server.request("GET", "/v1/cat/small"))
        assert reader.answer().body == get.body
