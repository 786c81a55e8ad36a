"""What the tests of HTTP ask for, and how they send it."""

from __future__ import annotations

from ..wire import Server  # noqa: TID252 - tests have no absolute names

LIMIT = 1_048_576
LARGE = "x" * 100_000
ASKED = {
    "object": ("GET", "/v1/cat/small", b"", 200),
    "large object": ("GET", "/v1/cat/large", b"", 200),
    "by id": ("GET", "/v1/_id/small", b"", 200),
    "nobody": ("GET", "/v1/cat/nobody", b"", 404),
    "me": ("GET", "/v1/_me", b"", 200),
    "time": ("GET", "/v1/utils/timestamp", b"", 200),
    "list": ("GET", "/v1/cat", b"", 200),
    "count": ("GET", "/v1/cat/search/count", b"", 200),
    "types": ("GET", "/v1/_types", b"", 200),
    "write": ("PUT", "/v1/dog/d1", b'{"name":"Rex"}', 200),
    "create": ("POST", "/v1/dog", b'{"id":"d2"}', 201),
    "broken": ("POST", "/v1/dog", b"{", 400),
    "no method": ("POST", "/v1/cat/small", b"", 405),
    "no path": ("GET", "/v1/a/b/c/d", b"", 404),
    "version": ("GET", "/v1", b"", 200),
    "sign-in": ("POST", "/jwt_auth", b"{}", 400),
    "no page": ("GET", "/no/such/page", b"", 404),
}


def first_packet(server: Server, data: bytes) -> tuple[bytes, bytes]:
    """Return head and body as far as they come with the first read of a client."""
    with server.connect() as connection:
        connection.sendall(data)
        head, end, body = connection.recv(1 << 16).partition(b"\r\n\r\n")
        assert end
        return head.lower(), body


def chunked(body: bytes, size: int) -> bytes:
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x;ext=1\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
