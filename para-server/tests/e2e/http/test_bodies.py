"""Bodies come whole, however they are sent."""

from __future__ import annotations

import gzip

import msgspec
import pytest

from ..wire import Reader, Server  # noqa: TID252 - tests have no absolute names
from .samples import chunked


def test_a_client_may_wait_for_100_continue(server: Server) -> None:
    body = b'{"text":"' + b"x" * 500_000 + b'"}'
    request = server.request("PUT", "/v1/dog/d4", body, headers=["Expect: 100-continue"])
    with server.connect() as connection:
        connection.sendall(request[: -len(body)])
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        reader = Reader(connection)
        answer = reader.answer()
        assert answer.status == 200
        assert answer.json["id"] == "d4"
        connection.sendall(server.request("GET", "/v1/cat/small"))
        assert reader.answer().json["id"] == "small"


@pytest.mark.parametrize("size", [1, 7, 5_000])
def test_a_body_may_come_in_chunks(server: Server, size: int) -> None:
    body = b'{"text":"' + b"x" * 3_000 + b'"}'
    request = server.request("PUT", "/v1/dog/d5", body, headers=["Transfer-Encoding: chunked"])
    with server.connect() as connection:
        reader = Reader(connection)
        for _ in range(2):
            connection.sendall(request[: -len(body)] + chunked(body, size))
            assert reader.answer().json["text"] == "x" * 3_000


def test_a_request_may_come_byte_by_byte(server: Server) -> None:
    with server.connect() as connection:
        for byte in server.request("PUT", "/v1/dog/d6", b'{"n":1}'):
            connection.send(bytes([byte]))
        assert Reader(connection).answer().json["n"] == 1


@pytest.mark.parametrize("is_in_chunks", [False, True])
def test_a_form_of_a_stranger_comes_whole(server: Server, *, is_in_chunks: bool) -> None:
    form = {"id": "f1", "type": "form", "captchaSecretKey": "s", "notifyEmails": ["a@b.co"]}
    made = server.ask(server.request("POST", "/v1/form", msgspec.json.encode(form)))
    assert made.status == 201
    field = b'--B\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
    texts = [field % (name, b"", b"x") for name in (b"name", b"message")]
    file = field % (b"file", b'; filename="f"', b"x" * 2_000_000)
    body = b"".join([*texts, file, b"--B--\r\n"])
    head = (
        b"POST /v1/_forms/myapp/f1 HTTP/1.1\r\nHost: x\r\n"
        b"Content-Type: multipart/form-data; boundary=B\r\n"
    )
    if is_in_chunks:
        sent = head + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(body, 50_000)
    else:
        sent = head + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    with server.connect() as connection:
        reader = Reader(connection)
        for _ in range(2):
            connection.sendall(sent)
            answer = reader.answer()
            assert answer.status == 403
            assert "CAPTCHA" in str(answer.json["message"])


def test_a_large_body_comes_whole(server: Server) -> None:
    text = "ü" * 500_000
    body = f'{{"text":"{text}"}}'.encode()
    answer = server.ask(server.request("PUT", "/v1/dog/d7", body))
    assert answer.json["text"] == text
    zipped = server.ask(server.request("GET", "/v1/dog/d7", headers=["Accept-Encoding: gzip"]))
    assert text.encode() in gzip.decompress(zipped.body)
