"""HTTP as clients meet it: on a socket, byte by byte."""

from __future__ import annotations

import gzip
import logging
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
import uvicorn

from para_server.config import ApiSettings
from para_server.para import Para
from para_server.serving import server_config

from . import wire
from .backends import MEMORY
from .client import ROOT_SECRET, Client
from .wire import Reader, Server, running

LIMIT = 1_048_576
LARGE = "x" * 100_000
SIGNED = (
    "Authorization: AWS4-HMAC-SHA256 Credential={app}/20260101/us-east-1/para/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=" + "0" * 64 + "\r\nX-Amz-Date: {date}"
)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    settings = ApiSettings(root_secret_override=ROOT_SECRET, cache_enabled=True)
    with TemporaryDirectory() as folder, running(settings, MEMORY, Path(folder)) as server:
        server.call(server.app.put("/v1/cat/small", {"name": "Tom"}))
        server.call(server.app.put("/v1/cat/large", {"text": LARGE}))
        many = [{"id": f"m{n}", "type": "many", "text": "y" * 10_000} for n in range(100)]
        server.call(server.app.post("/v1/_batch", many))
        yield server


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No test here may make the server log an error."""
    yield
    records = caplog.get_records("call")
    loud = [record for record in records if record.levelno >= logging.ERROR]
    assert not loud, [record.getMessage() for record in loud]


# ---- C-1: the head and the first byte of the body leave together ---------------------------------

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


# ---- connections ---------------------------------------------------------------------------------


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


def test_head_has_the_length_and_no_body(server: Server) -> None:
    get = server.ask(server.request("GET", "/v1/cat/small"))
    with server.connect() as connection:
        reader = Reader(connection)
        connection.sendall(server.request("HEAD", "/v1/cat/small"))
        head = reader.answer(has_body=False)
        assert (head.status, head.headers) == (200, get.headers)
        connection.sendall(server.request("GET", "/v1/cat/small"))
        assert reader.answer().body == get.body


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


# ---- bodies --------------------------------------------------------------------------------------


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


def chunked(body: bytes, size: int) -> bytes:
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x;ext=1\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


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


# ---- long lines and many headers -----------------------------------------------------------------


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


# ---- malformed requests --------------------------------------------------------------------------

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


# ---- slow clients --------------------------------------------------------------------------------


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
