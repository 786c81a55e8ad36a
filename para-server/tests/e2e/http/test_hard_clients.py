"""Clients that leave early, read slowly, or come in a crowd."""

from __future__ import annotations

import socket
import time

import pytest

from ..wire import Reader, Server  # noqa: TID252 - tests have no absolute names


@pytest.mark.parametrize("cut", [1, 20, 150, -7, -1])
def test_a_client_that_leaves_early_is_forgotten(server: Server, cut: int) -> None:
    for _ in range(5):
        with server.connect() as connection:
            connection.sendall(server.request("PUT", "/v1/dog/early", b'{"n":12345}')[:cut])
    time.sleep(0.05)
    assert server.ask(server.request("GET", "/v1/dog/early")).status == 404


def test_clients_that_leave_before_the_answer_do_no_harm(server: Server) -> None:
    data = server.request("GET", "/v1/many", query=[("limit", "100")])
    for _ in range(20):
        with server.connect() as connection:
            connection.sendall(data)
            linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)  # a reset
    assert server.ask(data).status == 200


def test_slow_readers_get_everything_and_hold_up_nobody(server: Server) -> None:
    data = server.request("GET", "/v1/many", query=[("limit", "100")])
    slow = []
    for _ in range(10):
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.settimeout(10)
        connection.connect(("127.0.0.1", server.port))
        connection.sendall(data * 3)
        slow.append(connection)
    time.sleep(0.1)
    began = time.monotonic()
    assert server.ask(server.request("GET", "/v1/cat/small")).status == 200
    assert time.monotonic() - began < 1
    for connection in slow:
        with connection:
            reader = Reader(connection)
            for _ in range(3):
                answer = reader.answer()
                assert len(answer.body) > 1_000_000
                assert len(answer.json["items"]) == 100  # type: ignore[arg-type]


def test_many_connections_at_once_are_served(server: Server) -> None:
    data = server.request("GET", "/v1/cat/small")
    connections = [server.connect() for _ in range(300)]
    for connection in connections:
        connection.sendall(data)
    for connection in connections:
        with connection:
            assert Reader(connection).answer().json["id"] == "small"
