"""Connections: many requests on one, requests before answers, the end of one."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from ..wire import Reader, Server  # noqa: TID252 - tests have no absolute names
from .samples import ASKED, chunked


def test_a_connection_serves_many_requests(server: Server) -> None:
    with server.connect() as connection:
        reader = Reader(connection)
        for number in range(50):
            name = list(ASKED)[number % len(ASKED)]
            method, path, sent, status = ASKED[name]
            connection.sendall(server.request(method, path, sent))
            answer = reader.answer()
            assert answer.status == status, name
            assert "connection" not in answer.headers
            assert answer.body


@pytest.mark.parametrize("every", [1, 50, 300])
def test_requests_may_come_before_the_answers_to_earlier_ones(server: Server, every: int) -> None:
    """Quick ones and slow ones; the answers keep the order of the requests."""
    sent = b""
    for number in range(300):
        if number % every == 0:
            sent += server.request("PUT", f"/v1/pipe/p{number}", b'{"n":%d}' % number)
        else:
            sent += server.request("GET", "/v1/cat/small")
    with server.connect() as connection, ThreadPoolExecutor(1) as pool:
        writing = pool.submit(connection.sendall, sent)
        reader = Reader(connection)
        for number in range(300):
            answer = reader.answer()
            assert answer.status == 200
            wanted = f"p{number}" if number % every == 0 else "small"
            assert answer.json["id"] == wanted
        writing.result(10)


def test_one_connection_may_ask_for_more_than_it_reads(server: Server) -> None:
    sent = server.request("GET", "/v1/cat/large") * 40
    with server.connect() as connection:
        connection.sendall(sent)
        time.sleep(0.1)
        reader = Reader(connection)
        for _ in range(40):
            assert len(reader.answer().body) > 100_000


def test_connection_close_is_honoured(server: Server) -> None:
    for name in ("object", "list", "write", "nobody", "sign-in"):
        method, path, sent, status = ASKED[name]
        with server.connect() as connection:
            request = server.request(method, path, sent, headers=["Connection: close"])
            connection.sendall(request)
            reader = Reader(connection)
            answer = reader.answer()
            assert (answer.status, answer.headers["connection"]) == (status, "close")
            assert reader.is_closed()


def test_http_1_0_is_answered_and_closed(server: Server) -> None:
    request = server.request("GET", "/v1/cat/small").replace(b"HTTP/1.1", b"HTTP/1.0", 1)
    with server.connect() as connection:
        connection.sendall(request)
        reader = Reader(connection)
        assert reader.answer().json["id"] == "small"
        assert reader.is_closed()


@pytest.mark.parametrize("upgrade", ["h2c", "websocket"])
def test_an_offer_of_another_protocol_is_ignored(
    server: Server, upgrade: str, caplog: pytest.LogCaptureFixture
) -> None:
    offer = ["Connection: Upgrade, HTTP2-Settings", f"Upgrade: {upgrade}", "HTTP2-Settings: AAMA"]
    body = b'{"n":[1,2,3]}'
    in_chunks = server.request(
        "PUT", "/v1/dog/d9", body, headers=[*offer, "Transfer-Encoding: chunked"]
    )
    with server.connect() as connection:
        reader = Reader(connection)
        for _ in range(2):
            connection.sendall(server.request("GET", "/v1/cat/small", headers=offer))
            assert reader.answer().json["id"] == "small"
            connection.sendall(server.request("PUT", "/v1/dog/d3", body, headers=offer))
            assert reader.answer().json["n"] == [1, 2, 3]
            connection.sendall(server.request("GET", "/v1/cat", headers=offer))
            assert reader.answer().status == 200
            connection.sendall(in_chunks[: -len(body)] + chunked(body, 5))
            assert reader.answer().json["id"] == "d9"
            for byte in server.request("PUT", "/v1/dog/d3", body, headers=offer):
                connection.send(bytes([byte]))
            assert reader.answer().json["n"] == [1, 2, 3]
        connection.sendall(server.request("PUT", "/v1/dog/d3", body, headers=offer) * 3)
        assert [reader.answer().status for _ in range(3)] == [200] * 3
    assert caplog.text == ""


def test_offers_of_another_protocol_may_come_in_any_number(server: Server) -> None:
    offer = b"GET /v1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    with server.connect() as connection:
        connection.sendall(offer * 1_000)
        reader = Reader(connection)
        assert {reader.answer().status for _ in range(1_000)} == {200}
