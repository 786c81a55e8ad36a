"""What an answered request leaves behind: nothing that only the garbage collector would find."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from ..wire import Reader, Server  # noqa: TID252 - tests have no absolute names

MANY = 20
REQUESTS = (
    ("POST", "/v1/cat", b'{"id":"c1","name":"Tom"}'),
    ("PATCH", "/v1/cat/c1", b'{"age":3}'),
    ("GET", "/v1/cat/c1", b""),
    ("GET", "/v1/cat", b""),
    ("GET", "/v1/search", b""),
    ("POST", "/v1/_batch", b'[{"type":"cat","id":"c2"}]'),
    ("GET", "/v1/cat/nobody", b""),
    ("POST", "/v1/cat", b"no object"),
    ("DELETE", "/v1/cat/c1", b""),
)


@pytest.fixture
def without_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("without_collector")
@pytest.mark.parametrize(
    ("method", "path", "body"), REQUESTS, ids=[f"{method} {path}" for method, path, _ in REQUESTS]
)
def test_a_request_that_was_answered_is_not_kept(
    server: Server, method: str, path: str, body: bytes
) -> None:
    with server.connect() as connection:
        reader = Reader(connection)
        for _ in range(MANY):
            connection.sendall(server.request(method, path, body))
            reader.answer()
        connection.sendall(server.request("GET", "/v1/_me"))
        reader.answer()
        held = [one for one in gc.get_objects() if type(one) is RequestResponseCycle]
    assert len(held) < MANY / 2, "a connection keeps its last one, those before may not be gone"
