"""What clients rely on below HTTP: each rule exists because a client breaks without it."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
import requests
from aws_requests_auth.aws_auth import AWSRequestsAuth
from paraclient import ParaClient

from .conftest import RunningServer
from .helpers import an_object, ids

Send = Callable[..., requests.Response]


def signer(server: RunningServer, keys: dict[str, str]) -> AWSRequestsAuth:
    return AWSRequestsAuth(
        aws_access_key=keys["accessKey"],
        aws_secret_access_key=keys["secretKey"],
        aws_host=urlsplit(server.url).netloc,
        aws_region="us-east-1",
        aws_service="para",
    )


@pytest.fixture
def send(running_server: RunningServer, keys: dict[str, str]) -> Send:
    """Send a signed request and return the answer."""
    auth = signer(running_server, keys)

    def send(
        method: str,
        path: str,
        body: str | bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> requests.Response:
        url = running_server.url + path
        return requests.request(method, url, data=body, auth=auth, headers=headers, timeout=30)

    return send


@pytest.fixture
def cats(
    running_server: RunningServer, client: ParaClient, keys: dict[str, str]
) -> AWSRequestsAuth:
    """The signer of an app with a small and a large object."""
    client.createAll([an_object("small"), an_object("large", text="abc " * 25_000)])
    return signer(running_server, keys)


@contextmanager
def connected(server: RunningServer) -> Iterator[socket.socket]:
    host = urlsplit(server.url)
    with socket.create_connection((host.hostname, host.port), timeout=30) as connection:
        yield connection


def raw_request(
    server: RunningServer, auth: AWSRequestsAuth | None, path: str, accept: str
) -> bytes:
    headers = {"Accept-Encoding": accept} if accept else {}
    made = requests.Request("GET", server.url + path, headers=headers, auth=auth).prepare()
    lines = [f"GET {path} HTTP/1.1", f"Host: {urlsplit(server.url).netloc}"]
    lines += [f"{name}: {value}" for name, value in made.headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


@pytest.mark.parametrize("accept", ["", "gzip"], ids=["plain", "gzip"])
@pytest.mark.parametrize(
    "path",
    [
        "/v1/utils/timestamp",
        "/v1/_me",
        "/v1/cat/small",
        "/v1/cat/large",
        "/v1/cat/missing",
        "/v1/search/count",
        "/v1/cat",
        "/v1/cat/small as a guest",
        "/nowhere as a guest",
    ],
)
def test_the_first_part_of_the_body_comes_with_the_head(
    running_server: RunningServer, cats: AWSRequestsAuth, path: str, accept: str
) -> None:
    """The Java client takes an answer for empty when its head arrives alone (rule C-1)."""
    path, _, guest = path.partition(" ")
    auth = None if guest else cats

    def first_packet(_number: int) -> bytes:
        request = raw_request(running_server, auth, path, accept)
        with connected(running_server) as connection:
            connection.sendall(request)
            return connection.recv(1 << 20)

    with ThreadPoolExecutor(4) as pool:
        for packet in pool.map(first_packet, range(24)):
            head, _, body = packet.partition(b"\r\n\r\n")
            assert body, head
            assert b"transfer-encoding" not in head.lower()
            assert b"content-length" in head.lower()


def test_errors_are_envelopes(send: Send, running_server: RunningServer) -> None:
    """Clients cast the code to an integer and show the message (C-2)."""
    unsigned = requests.get(f"{running_server.url}/v1/cat/x", timeout=30)
    for answer in (send("GET", "/v1/cat/x"), send("POST", "/v1/cat", b"{"), unsigned):
        assert answer.json()["code"] == answer.status_code
        assert isinstance(answer.json()["message"], str)


def test_only_me_refuses_with_an_empty_body(running_server: RunningServer) -> None:
    refused = requests.get(f"{running_server.url}/v1/_me", timeout=30)
    assert (refused.status_code, refused.content) == (401, b"")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("DELETE", "/v1/cat/x", None),
        ("DELETE", "/v1/_batch?ids=x", None),
        ("PUT", "/v1/_settings", "{}"),
        ("PUT", "/v1/_settings/key", '{"value":1}'),
        ("DELETE", "/v1/_settings/key", None),
    ],
)
def test_what_has_no_answer_is_empty(send: Send, method: str, path: str, body: str | None) -> None:
    """Neither 204 (C-3) nor ``{}`` nor ``null`` (C-4)."""
    send("PUT", "/v1/cat/x", '{"name":"x"}')
    answer = send(method, path, body)
    assert (answer.status_code, answer.content) == (200, b"")


def test_plain_texts_are_bare(send: Send) -> None:
    """Every client compares the raw text with ``true`` (C-5)."""
    send("POST", "/v1/_batch", '[{"id":"a","type":"cat"},{"id":"b","type":"dog"}]')
    assert send("POST", "/v1/cat/a/links/b").text == "cat:a:dog:b"
    linked = send("GET", "/v1/cat/a/links/dog/b")
    assert linked.text == "true"
    assert linked.headers["Content-Type"].startswith("text/plain")
    assert send("GET", "/v1/utils/timestamp").text.isdigit()


def test_pages_have_the_shapes_that_clients_cast_to(send: Send) -> None:
    """Counts are integers, cursors are texts, items are always there (C-6, C-9)."""
    send("POST", "/v1/_batch", '[{"id":"a","type":"cat"},{"id":"b","type":"cat"}]')
    page = send("GET", "/v1/cat?limit=1").json()
    assert (page["totalHits"], len(page["items"]), type(page["lastKey"])) == (2, 1, str)
    assert {type(page["items"][0][name]) for name in ("id", "type")} == {str}
    assert type(page["items"][0]["timestamp"]) is int
    assert send("GET", "/v1/search/count").json() == {"items": [], "page": 0, "totalHits": 2}


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_a_body_is_json_whatever_it_is_called(send: Send, kind: str | None) -> None:
    """The Python client names no type at all (C-10)."""
    headers = {"Content-Type": kind} if kind else {}
    made = send("POST", "/v1/cat", b'{"name":"Kitty"}', headers=headers)
    assert (made.status_code, made.json()["name"]) == (201, "Kitty")


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "*/*", "image/png"])
def test_no_answer_depends_on_accept(send: Send, accept: str) -> None:
    """The C# client asks for XML too (C-11)."""
    assert send("GET", "/v1/_me", headers={"Accept": accept}).json()["type"] == "app"


def test_whole_objects_with_nulls_come_back_in(send: Send) -> None:
    """PHP sends every base key, null or not, and what is derived from others (C-12)."""
    body = dict.fromkeys(
        ["id", "timestamp", "appid", "parentid", "creatorid", "updated", "objectURI", "plural"]
    )
    made = send("POST", "/v1/cat", json.dumps({**body, "name": "Kitty", "color": "grey"})).json()
    assert made["name"] == "Kitty"
    assert not {key for key, value in made.items() if value is None}
    again = send("PATCH", f"/v1/cat/{made['id']}", json.dumps({**made, **body, "color": "red"}))
    assert again.json()["id"] == made["id"]
    assert (again.json()["timestamp"], again.json()["color"]) == (made["timestamp"], "red")


def test_a_delete_may_have_a_body(send: Send) -> None:
    """The C# client sends two quotes (C-13)."""
    send("PUT", "/v1/cat/x", '{"name":"x"}')
    assert send("DELETE", "/v1/cat/x", '""').status_code == 200
    assert send("GET", "/v1/cat/x").status_code == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("default", 2),
        ("default?type", 2),
        ("default?type=", 2),
        ("default?q&type", 0),
        ("default?q=&type=", 0),
        ("count?type", 2),
        ("wildcard?field&type", 0),
    ],
)
def test_a_bare_parameter_is_an_empty_one(send: Send, query: str, found: int) -> None:
    """JavaScript and PHP send null values that way (C-14)."""
    send("POST", "/v1/_batch", '[{"id":"a","type":"cat"},{"id":"b","type":"dog"}]')
    assert send("GET", f"/v1/search/{query}").json()["totalHits"] == found


@pytest.mark.parametrize(
    ("desc", "order"),
    [("true", ["b", "a"]), ("True", ["b", "a"]), ("1", ["b", "a"]),
     ("false", ["a", "b"]), ("False", ["a", "b"]), ("0", ["a", "b"])],
)  # fmt: skip
def test_switches_have_many_spellings(send: Send, desc: str, order: list[str]) -> None:
    """C# sends ``True``, PHP sends ``1`` (C-16)."""
    items = [{"id": key, "type": "cat", "timestamp": n} for n, key in enumerate("ab", 1)]
    send("POST", "/v1/_batch", json.dumps(items))
    found = send("GET", f"/v1/cat?desc={desc}&limit=30").json()["items"]
    assert [each["id"] for each in found] == order


def test_two_hundred_long_ids_fit_into_one_address(client: ParaClient) -> None:
    """Scoold reads votes that way, and the address may have 64 KiB (C-17)."""
    wanted = [f"vote:{n:018d}:profile:{n:018d}:{'x' * 200}" for n in range(200)]
    client.createAll([an_object(key, name="vote") for key in wanted])
    assert ids(client.readAll(wanted)) == wanted
    client.deleteAll(wanted)
    assert client.getCount("cat") == 0


def test_a_plus_in_a_path_is_a_plus(send: Send) -> None:
    """Percent-decoding happens once and knows no forms (C-18)."""
    assert send("PUT", "/v1/cat/a+b%2520c", '{"name":"x"}').json()["id"] == "a+b%20c"
    assert send("GET", "/v1/_id/a%2Bb%2520c").json()["id"] == "a+b%20c"


def test_many_callers_store_large_batches(
    client: ParaClient, another: Callable[[], ParaClient]
) -> None:
    def store(batch: int) -> list[str]:
        objects = [an_object(f"cat{batch}-{n}", n=n) for n in range(250)]
        return ids(another().createAll(objects))

    with ThreadPoolExecutor(5) as pool:
        made = [key for keys in pool.map(store, range(10)) for key in keys]
    assert len(set(made)) == client.getCount("cat") == 2500
