"""What HTTP asks of every answer, whatever it says: methods, headers, CORS, compression."""

from __future__ import annotations

import asyncio
import gzip
import time

import pytest

from para_server.config import ApiSettings
from para_server.para import Para

from .client import ROOT_SECRET, Client

ORIGIN = {"origin": "https://page.example"}
SECURITY = {
    "x-content-type-options": "nosniff",
    "x-xss-protection": "0",
    "cache-control": "no-cache, no-store, max-age=0, must-revalidate",
    "pragma": "no-cache",
    "expires": "0",
    "x-frame-options": "DENY",
}
VARY = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"


@pytest.fixture
def backend_name() -> str:
    return "memory"


@pytest.fixture
async def cats(app: Client) -> Client:
    await app.post("/v1/_batch", [{"id": f"c{n}", "type": "cat", "n": n} for n in range(20)])
    return app


@pytest.mark.parametrize(
    ("method", "path", "signed"),
    [
        ("GET", "/v1/cat", True),
        ("GET", "/v1/cat/nobody", True),
        ("POST", "/v1/cat/nobody", True),
        ("GET", "/v1/cat", False),
        ("GET", "/v1", False),
        ("GET", "/v1/_me", False),
        ("DELETE", "/v1/cat/nobody", True),
        ("GET", "/v1/utils/timestamp", True),
        ("GET", "/v1/a/b/c/d/e", True),
        ("GET", "/no/such/page", False),
        ("POST", "/jwt_auth", False),
    ],
)
async def test_every_answer_carries_the_same_headers(
    cats: Client, nobody: Client, method: str, path: str, *, signed: bool
) -> None:
    client = cats if signed else nobody
    plain = await client.send(method, path)
    assert SECURITY.items() <= plain.headers.items()
    assert plain.headers["vary"].startswith(VARY)
    assert plain.headers["content-length"] == str(len(plain.body))
    assert "access-control-allow-origin" not in plain.headers
    assert plain.headers.keys().isdisjoint({"server", "etag", "last-modified", "set-cookie"})
    assert "strict-transport-security" not in plain.headers
    if not plain.body:
        assert "content-type" not in plain.headers

    crossed = await client.send(method, path, headers=ORIGIN)
    assert crossed.status == plain.status
    assert crossed.headers["access-control-allow-origin"] == "*"
    exposed = crossed.headers["access-control-expose-headers"]
    assert exposed == "Mcp-Protocol-Version, Mcp-Session-Id"


@pytest.mark.parametrize("path", ["/v1/cat", "/v1/cat/c1", "/v1/no/such/path", "/jwt_auth", "/x"])
async def test_a_browser_may_ask_first(nobody: Client, path: str) -> None:
    asked = {
        **ORIGIN,
        "access-control-request-method": "PATCH",
        "access-control-request-headers": "authorization, x-amz-date, content-type",
    }
    reply = await nobody.send("OPTIONS", path, headers=asked)
    assert (reply.status, reply.body) == (200, b"")
    assert reply.headers["access-control-allow-origin"] == "*"
    assert reply.headers["access-control-allow-methods"] == "PATCH"
    assert reply.headers["access-control-allow-headers"] == asked["access-control-request-headers"]
    assert reply.headers.keys().isdisjoint(
        {"access-control-allow-credentials", "access-control-max-age", "www-authenticate"}
    )


async def test_headers_cannot_be_smuggled_into_a_preflight(nobody: Client) -> None:
    asked = {**ORIGIN, "access-control-request-method": "GET\r\nx-evil: 1"}
    reply = await nobody.send("OPTIONS", "/v1/cat", headers=asked)
    assert "x-evil" not in reply.headers


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/v1/cat", "GET, HEAD, POST"),
        ("/v1/cat/c1", "DELETE, GET, HEAD, PATCH, PUT"),
        ("/v1/_batch", "DELETE, GET, HEAD, PATCH, POST, PUT"),
    ],
)
async def test_options_and_405_tell_the_methods(cats: Client, path: str, allowed: str) -> None:
    options = await cats.send("OPTIONS", path)
    assert (options.status, options.body) == (200, b"")
    assert set(allowed.split(", ")) <= set(options.headers["allow"].split(", "))
    refused = await cats.send("BREW", path)
    assert refused.status == 405
    assert refused.json == {"code": 405, "message": "Method Not Allowed"}
    assert "GET" in refused.headers["allow"].split(", ")
    assert "HEAD" not in refused.headers["allow"].split(", ")


async def test_options_needs_credentials_like_any_method(nobody: Client) -> None:
    assert (await nobody.send("OPTIONS", "/v1/cat")).status == 401


@pytest.mark.parametrize("path", ["/v1/cat", "/v1/cat/c1", "/v1/cat/none", "/v1/utils/newid"])
async def test_head_is_get_without_the_body(cats: Client, path: str) -> None:
    """The server below the application leaves out the body of an answer to HEAD."""
    get, head = await cats.get(path), await cats.send("HEAD", path)
    assert head.status == get.status
    assert head.headers.keys() == get.headers.keys()
    assert head.headers["content-length"] == get.headers["content-length"]


# ---- compression ---------------------------------------------------------------------------------


async def test_large_answers_are_compressed_for_those_who_take_it(cats: Client) -> None:
    plain = await cats.get("/v1/cat")
    assert "content-encoding" not in plain.headers
    zipped = await cats.send("GET", "/v1/cat", headers={"accept-encoding": "deflate, gzip;q=0.8"})
    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.headers["vary"] == f"{VARY}, accept-encoding"
    assert zipped.headers["content-length"] == str(len(zipped.body))
    assert gzip.decompress(zipped.body) == plain.body
    assert len(zipped.body) < len(plain.body)


@pytest.mark.parametrize(
    ("path", "encoding"),
    [
        ("/v1/cat?limit=0", "gzip"),
        ("/v1/cat", "deflate, br"),
        ("/v1/cat", "identity"),
        ("/v1/cat", ""),
        ("/v1/cat", "gzip;q=0"),
        ("/v1/cat", "x-gzippy"),
    ],
)
async def test_other_answers_are_not_compressed(cats: Client, path: str, encoding: str) -> None:
    path, _, query = path.partition("?")
    reply = await cats.send(
        "GET", path, raw_query=query, headers={"accept-encoding": encoding} if encoding else {}
    )
    assert "content-encoding" not in reply.headers
    assert reply.json["totalHits"] == 20


async def test_errors_are_compressed_as_well_when_they_are_long(cats: Client) -> None:
    path = f"/v1/cat/search/{'x' * 200}"
    headers = {"accept-encoding": "gzip"}
    reply = await cats.send("GET", path, query=[("q", "(")], headers=headers)
    assert reply.status == 400
    assert b"Invalid query string" in gzip.decompress(reply.body)


# ---- what no header changes ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "accept", ["text/html", "application/xml", "image/*;q=0.1", "", "nonsense"]
)
async def test_accept_never_matters(cats: Client, accept: str) -> None:
    reply = await cats.send("GET", "/v1/cat/c1", headers={"accept": accept})
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json")


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data", "", "x"])
async def test_bodies_are_json_whatever_their_type(cats: Client, kind: str) -> None:
    reply = await cats.send("POST", "/v1/cat", {"name": "x"}, headers={"content-type": kind})
    assert reply.status == 201


async def test_conditions_are_not_looked_at(cats: Client) -> None:
    headers = {"if-none-match": "*", "if-modified-since": "Wed, 01 Jan 2100 00:00:00 GMT"}
    assert (await cats.send("GET", "/v1/cat/c1", headers=headers)).status == 200
    assert (await cats.send("GET", "/v1/cat/c1", headers={"range": "bytes=0-1"})).status == 200


async def test_a_delete_may_have_a_body(cats: Client) -> None:
    assert (await cats.send("DELETE", "/v1/cat/c1", raw=b'""')).status == 200
    assert (await cats.get("/v1/cat/c1")).status == 404


# ---- answering at once ---------------------------------------------------------------------------


async def until_found(app: Client, path: str, status: int = 200) -> None:
    end = time.monotonic() + 5
    while (await app.get(path)).status != status:
        assert time.monotonic() < end
        await asyncio.sleep(0.001)


async def test_work_may_be_done_after_the_answer(app: Client) -> None:
    at_once = {"x-para-respond-immediately": "true"}
    reply = await app.send("PUT", "/v1/cat/tom", {"n": 1}, headers=at_once)
    assert (reply.status, reply.body) == (200, b"")
    await until_found(app, "/v1/cat/tom")
    await app.send("POST", "/v1/_batch", [{"id": "jim"}, {"id": "joe"}], headers=at_once)
    await until_found(app, "/v1/_id/joe")
    await app.send("DELETE", "/v1/_batch", query=[("ids", "joe")], headers=at_once)
    await until_found(app, "/v1/_id/joe", 404)
    bad = await app.send("POST", "/v1/cat", raw=b"{", headers=at_once)
    assert (bad.status, bad.body) == (200, b"")


@pytest.mark.parametrize("value", ["TRUE", "1", "yes", "false"])
async def test_only_the_exact_word_makes_it_answer_at_once(app: Client, value: str) -> None:
    headers = {"x-para-respond-immediately": value}
    reply = await app.send("PUT", "/v1/cat/tom", {"n": 1}, headers=headers)
    assert reply.json["n"] == 1


async def test_reads_never_answer_at_once(cats: Client) -> None:
    reply = await cats.send("GET", "/v1/cat/c1", headers={"x-para-respond-immediately": "true"})
    assert reply.json["id"] == "c1"


async def test_work_after_the_answer_is_done_before_the_server_stops(
    settings: ApiSettings, root: Client
) -> None:
    """The application waits for it while its back-ends are still open."""
    headers = {"x-para-respond-immediately": "true"}
    for number in range(50):
        await root.send("PUT", f"/v1/cat/c{number}", {"n": number}, headers=headers)
    await root.para.api.close()
    found = await root.get("/v1/_batch", ids=[f"c{number}" for number in range(50)])
    assert len(found.json) == 50
    assert settings.root_secret_override == ROOT_SECRET


# ---- settings ------------------------------------------------------------------------------------


class TestWithoutExtras:
    @pytest.fixture
    def settings(self) -> ApiSettings:
        return ApiSettings(
            root_secret_override=ROOT_SECRET,
            cors_enabled=False,
            gzip_enabled=False,
            print_version=False,
            context_path="/ctx",
        )

    async def test_what_is_switched_off_is_off(self, para: Para) -> None:
        root = Client(para, "app:para", ROOT_SECRET)
        headers = {**ORIGIN, "accept-encoding": "gzip"}
        reply = await root.send("GET", "/ctx/v1/_types", headers=headers)
        assert reply.status == 200
        assert reply.headers.keys().isdisjoint(
            {"vary", "content-encoding", "access-control-allow-origin"}
        )
        asked = {**ORIGIN, "access-control-request-method": "GET"}
        assert (await Client(para).send("OPTIONS", "/ctx/v1/cat", headers=asked)).status == 401
        assert "version" not in (await root.get("/ctx/v1")).json

    async def test_the_context_path_is_in_front_of_everything(self, para: Para) -> None:
        root = Client(para, "app:para", ROOT_SECRET)
        made = await root.post("/ctx/v1/cat", {"id": "a b"})
        assert made.headers["location"] == "/ctx/v1/cats/a%20b"
        assert (await root.get(made.headers["location"])).json["objectURI"] == "/cats/a%20b"
        assert (await root.get("/v1/cat/a%20b")).status == 404
        assert (await root.get("/ctxx/v1/cat/a%20b")).status == 404
        nobody = Client(para)
        assert (await nobody.get("/ctx/")).status == 200
        assert (await nobody.get("/")).status == 404
        body = {"appid": "app:para", "provider": "password", "token": "a@b.c::"}
        assert (await nobody.post("/ctx/jwt_auth", body)).status in (400, 403)
        assert (await nobody.post("/jwt_auth", body)).status == 404
