"""What nobody should send: answered in the envelope, nothing half written, the server goes on."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator

import pytest

from para_core.nesting import MAX_DEPTH
from para_server.config import ApiSettings
from para_server.para import Para

from .client import ROOT_SECRET, Client, Reply

LIMIT = 20_000  # bytes


@pytest.fixture
def settings() -> ApiSettings:
    return ApiSettings(
        root_secret_override=ROOT_SECRET, cache_enabled=True, max_entity_size_bytes=LIMIT
    )


@pytest.fixture
async def app(para: Para, root: Client) -> AsyncIterator[Client]:
    """Afterwards the server must still work, and hold what was there before."""
    made = await root.get("/v1/_setup/myapp")
    client = Client(para, "app:myapp", made.json["secretKey"])
    await client.put("/v1/cat/bystander", {"name": "bystander"})
    yield client
    assert (await client.get("/v1/cat/bystander")).json["name"] == "bystander"
    assert (await client.get("/v1/cat/search/ids", ids="bystander")).json["totalHits"] == 1
    assert (await client.post("/v1/dog", {"name": "after"})).status == 201


def is_refused(reply: Reply, status: int = 400) -> bool:
    """Tell whether an answer is the envelope with this status and a message for people."""
    assert reply.headers["content-type"].startswith("application/json"), reply
    envelope = reply.json
    assert envelope.keys() == {"code", "message"}, reply
    assert envelope["code"] == reply.status, reply
    assert envelope["message"].strip(), reply
    assert "Traceback" not in envelope["message"], reply
    assert len(envelope["message"]) < 1000, reply
    return reply.status == status


def nested(levels: int, *, kind: str = "list") -> bytes:
    opening, closing = (b"[", b"]") if kind == "list" else (b'{"a":', b"}")
    return opening * levels + b"1" + closing * levels


BROKEN = {
    "nothing": b"",
    "blanks": b" \n\t ",
    "half an object": b'{"name":',
    "no quotes": b"{name:1}",
    "single quotes": b"{'name':1}",
    "a comma too many": b'{"a":1,}',
    "a bare word": b"hello",
    "NaN": b'{"a":NaN}',
    "infinity": b'{"a":-Infinity}',
    "control character": b'{"a":"\x01"}',
    "no UTF-8": b'{"a":"\xff\xfe"}',
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "half a surrogate": b'{"a":"\\ud800"}',
    "bad escape": b'{"a":"\\x"}',
    "nul": b"\x00",
    "null": b"null",
    "number": b"5",
    "true": b"true",
    "text": b'"text"',
    "empty text": b'""',
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN.keys())
async def test_a_body_that_is_no_json_value_of_the_right_kind_is_400(
    app: Client, body: bytes
) -> None:
    for method, path in (
        ("POST", "/v1/cat"),
        ("PUT", "/v1/cat/c1"),
        ("PATCH", "/v1/cat/bystander"),
        ("POST", "/v1/_batch"),
        ("PUT", "/v1/_batch"),
        ("PATCH", "/v1/_batch"),
    ):
        assert is_refused(await app.send(method, path, raw=body)), (method, path)
    assert (await app.get("/v1/search", limit=0)).json["totalHits"] == 1


async def test_the_wrong_top_level_is_400(app: Client) -> None:
    assert is_refused(await app.post("/v1/cat", [{"name": "x"}]))
    assert is_refused(await app.put("/v1/cat/x", []))
    assert is_refused(await app.patch("/v1/cat/bystander", [{"name": "x"}]))
    assert is_refused(await app.post("/v1/_batch", {"id": "x"}))
    assert is_refused(await app.patch("/v1/_batch", {"id": "x"}))


async def test_what_follows_the_json_value_is_ignored(app: Client) -> None:
    made = await app.send("PUT", "/v1/cat/c1", raw=b' {"n":1} trailing {"n":2}')
    assert (made.status, made.json["n"]) == (200, 1)


async def test_a_byte_order_mark_is_no_json(app: Client) -> None:
    assert is_refused(await app.send("PUT", "/v1/cat/c1", raw=b'\xef\xbb\xbf{"n":1}'))


@pytest.mark.parametrize("kind", ["list", "object"])
@pytest.mark.parametrize("levels", [150, 198, 199, 200, 201, 500, 900, 1_500, 5_000])
async def test_deep_nesting_is_stored_or_refused_but_nothing_between(
    app: Client, levels: int, kind: str
) -> None:
    body = b'{"id":"deep","deep":' + nested(levels, kind=kind) + b"}"
    made = await app.send("POST", "/v1/cat", raw=body)
    read = await app.get("/v1/cat/deep")
    if made.status == 201:
        assert read.status == 200
        assert read.body.count(b"[" if kind == "list" else b'"a":') == levels
        assert (await app.patch("/v1/cat/deep", {"more": 1})).status == 200
        assert (await app.get("/v1/_batch", ids="deep")).status == 200
        assert (await app.get("/v1/cat/search/ids", ids="deep")).json["totalHits"] == 1
    else:
        assert is_refused(made)
        assert read.status == 404
    assert made.status == (201 if levels < MAX_DEPTH else 400)


@pytest.mark.parametrize("path", ["/v1/cat", "/v1/_batch"])
async def test_ten_thousand_levels_are_400(app: Client, path: str) -> None:
    for body in (
        nested(10_000),
        b'{"a":' + nested(10_000) + b"}",
        b'[{"id":"x","a":' + nested(9_000) + b"}]",
        b"[" * 10_000,
    ):
        reply = await app.send("POST", path, raw=body[:LIMIT])
        assert reply.status in (200, 400)
        if reply.status == 200:
            assert reply.json == []
        else:
            assert is_refused(reply)


# ---- sizes ---------------------------------------------------------------------------------------


async def test_an_object_that_is_too_large_is_400(app: Client) -> None:
    message = f"Request is too large - the maximum is {LIMIT // 1024} KB."
    body = {"text": "x" * LIMIT}
    for reply in (
        await app.post("/v1/cat", body),
        await app.put("/v1/cat/c1", body),
        await app.patch("/v1/cat/bystander", body),
    ):
        assert is_refused(reply)
        assert reply.json["message"] == message
    just = {"text": "x" * (LIMIT - len(b'{"text":""}'))}
    assert (await app.put("/v1/cat/c1", just)).status == 200


async def test_an_object_that_grows_too_large_bit_by_bit_stops_somewhere(app: Client) -> None:
    for number in range(3):
        reply = await app.patch("/v1/cat/bystander", {f"f{number}": "x" * (LIMIT - 100)})
        assert reply.status in (200, 400)


async def test_a_batch_that_is_too_large_is_400(app: Client) -> None:
    large = [{"type": "cat", "text": "x" * 1000} for _ in range(LIMIT // 10)]
    for send in (app.post, app.put, app.patch):
        reply = await send("/v1/_batch", large)
        assert is_refused(reply)
        assert reply.json["message"] == (
            "Batch request is too large - the maximum total batch size is "
            f"{LIMIT * 100 // 1024} KB."
        )
    assert (await app.get("/v1/cat", limit=0)).json["totalHits"] == 1


async def test_a_batch_with_an_item_that_is_too_large_is_400(app: Client) -> None:
    reply = await app.post("/v1/_batch", [{"id": "a"}, {"text": "x" * LIMIT}])
    assert is_refused(reply)
    assert "containing items larger than" in reply.json["message"]
    assert (await app.get("/v1/_id/a")).status == 404
    many = [{"id": f"c{n}", "text": "x" * 1000} for n in range(100)]
    assert len((await app.post("/v1/_batch", many)).json) == 100


async def test_a_body_that_comes_without_an_end_is_cut_off(app: Client) -> None:
    reply = await app.send("POST", "/v1/_batch", raw=b"[" + b" " * (LIMIT * 100 + 10) + b"]")
    assert is_refused(reply)


# ---- queries -------------------------------------------------------------------------------------

UNREADABLE = ["(", "a AND", "a:[1 TO", '"open', "a:b:c", "*x", "a^", "[", "a AND OR b", "\\"]


@pytest.mark.parametrize("how", ["", "/search", "/search/terms", "/search/wildcard"])
@pytest.mark.parametrize("query", UNREADABLE)
async def test_an_unreadable_query_is_400(app: Client, query: str, how: str) -> None:
    reply = await app.get(f"/v1/cat{how}", q=query, field="name")
    assert is_refused(reply)
    assert reply.json["message"] == (
        f"Invalid query string syntax q={query} in request GET /v1/cat{how}"
    )


def many_clauses(number: int) -> str:
    return " OR ".join(f"a{n}" for n in range(number))


ANSWERED = [
    "a" * 50_000,
    "name:/" + "(a|b)*" * 166 + "/",
    "name:/(a*)*b/",
    "a" * 1_000 + "~2",
    "\x00" * 100,
]
REFUSED = [
    many_clauses(10_000),
    "(" * 1_000 + "a" + ")" * 1_000,
    "(" * 30_000,
    "+" * 30_000,
    "NOT " * 10_000 + "a",
    "a:(" + many_clauses(5_000) + ")",
    " ".join(["a*"] * 2_000),
    "\\" * 20_001,
    "[a TO " * 1_000,
    "name:/" + "(a|b)*" * 500 + "/",
]


def name_of(query: str) -> str:
    return f"{query[:12]!r}...{len(query)}"


@pytest.mark.parametrize("query", ANSWERED, ids=name_of)
async def test_a_monstrous_query_is_answered_soon(app: Client, query: str) -> None:
    began = time.process_time()
    reply = await app.get("/v1/cat", q=query)
    assert time.process_time() - began < 3
    assert (reply.status, reply.json["items"]) == (200, [])


@pytest.mark.parametrize("query", REFUSED, ids=name_of)
async def test_a_query_beyond_all_limits_is_refused_soon(app: Client, query: str) -> None:
    began = time.process_time()
    reply = await app.get("/v1/cat", q=query)
    assert time.process_time() - began < 3
    assert reply.json.keys() == {"code", "message"}
    assert reply.status == 400


@pytest.mark.parametrize(
    "query",
    [
        {"how": "terms", "terms": [f"f{n}:{n}" for n in range(2_000)]},
        {"how": "in", "field": "name", "terms": [str(n) for n in range(5_000)]},
        {"how": "ids", "ids": [str(n) for n in range(5_000)]},
        {"how": "tagged", "tags": [str(n) for n in range(2_000)]},
        {"how": "prefix", "field": "name", "prefix": "x" * 40_000},
        {"how": "wildcard", "field": "name", "q": "*?" * 5_000, "status": 400},
        {"how": "similar", "fields": "name", "like": "word " * 10_000},
        {"how": "nearby", "latlng": "1,1", "radius": "9" * 300},
        {"how": "nested", "field": "a.b", "q": "x OR y"},
    ],
    ids=lambda query: str(query["how"]),
)
async def test_a_monstrous_search_is_answered_soon(app: Client, query: dict[str, object]) -> None:
    status = query.get("status", 200)
    parameters = {name: query[name] for name in query.keys() - {"how", "status"}}
    began = time.process_time()
    reply = await app.get(f"/v1/cat/search/{query['how']}", **parameters)
    assert time.process_time() - began < 3
    assert reply.status == status
    assert reply.json.keys() >= ({"items"} if status == 200 else {"code", "message"})


# ---- values of declared fields -------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        {"tags": "no list"},
        {"tags": [1, None, {}]},
        {"votes": "many"},
        {"version": "one"},
        {"version": 1e300},
        {"version": 2**70},
        {"timestamp": "yesterday"},
        {"timestamp": -(2**65)},
        {"name": ["a", "b"]},
        {"name": {"a": 1}},
        {"stored": "perhaps"},
        {"indexed": [True]},
        {"id": 5},
        {"id": {"a": 1}},
        {"parentid": 5},
        {"properties": "text"},
        {"properties": {"a": 1}, "b": 2},
        {"": 1},
        {"a" * 2_000: 1},
        {"a.b.c": 1, "a": {"b": 2}},
        {"$where": 1, "_id": 2, "__proto__": {}},
        {str(n): n for n in range(1_000)},
        {"number": 10**400},
        {"number": -(10**18) * 10},
        {"x": [[1], ["a"], [{"b": None}]]},
        {"mixed": [1, "a", True, None, 2.5]},
    ],
    ids=lambda body: json.dumps(body)[:40],
)
async def test_odd_values_are_taken_or_refused(app: Client, body: dict[str, object]) -> None:
    made = await app.post("/v1/cat", body)
    if made.status != 201:
        assert is_refused(made)
        return
    key = made.json["id"]
    assert isinstance(key, str)
    read = await app.get(f"/v1/cat/{key}")
    assert read.json == made.json
    found = (await app.get("/v1/cat/search/ids", ids=key)).json
    assert found["items"] == [made.json]
    assert (await app.get("/v1/cat")).json["totalHits"] == 2


async def test_fields_of_many_kinds_in_turn_are_no_trouble(app: Client) -> None:
    values: list[object] = [1, "text", True, 1.5, [1], {"a": 1}, None, "2024-01-01", [{"k": "v"}]]
    for number, value in enumerate(values):
        assert (await app.put(f"/v1/cat/x{number}", {"field": value})).status == 200
    page = (await app.get("/v1/cat", sort="properties.field", limit=50)).json
    assert page["totalHits"] == len(page["items"]) == len(values) + 1
    assert (await app.get("/v1/cat", q="properties.field:text")).json["totalHits"] == 1


# ---- paths ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/a/b/c", 404),
        ("GET", "/v1/cat/search/default/more", 404),
        ("GET", "/v1/_batch/x/y/z", 404),
        ("GET", "/v1/cat//bystander", 404),
        ("PUT", "/v1//cat", 404),
        ("POST", "/v1//", 404),
        ("GET", "/v1//cat", 404),
        ("GET", "//v1/cat", 404),
        ("GET", "/v1/cat/./bystander", 400),
        ("GET", "/v1/cat/../cat", 400),
        ("GET", "/v1/%ZZ/a", 404),
        ("GET", "/v1/cat/%FF%FE", 404),
        ("GET", "/v1/cat/%C3%28", 404),
        ("POST", "/v1/cat/bystander", 405),
        ("PATCH", "/v1/cat", 405),
        ("DELETE", "/v1/cat", 405),
        ("POST", "/v1/_unknown", 405),
        ("TRACE", "/v1/cat", 405),
        ("BREW", "/v1/cat", 405),
        ("get", "/v1/cat", 405),
    ],
)
async def test_a_path_or_method_that_is_not_there_is_refused(
    app: Client, method: str, path: str, status: int
) -> None:
    reply = await app.send(method, path)
    assert is_refused(reply, status)
    assert ("allow" in reply.headers) is (status == 405)


@pytest.mark.parametrize("path", ["/v1/cat/", "/v1/cat/bystander/", "/v1/_types/", "/v1/"])
async def test_a_slash_at_the_end_changes_nothing(app: Client, path: str) -> None:
    with_slash, without = await app.get(path), await app.get(path[:-1])
    assert with_slash.status == without.status == 200
    assert with_slash.body == without.body
