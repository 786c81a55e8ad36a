"""Who may come in: signatures, unknown apps, guests and users, as HTTP shows it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from para_server.para import Para

from .client import Client

Headers = dict[str, str]
DENIED = "You don't have permission to access this resource."


@pytest.fixture
def backend_name() -> str:
    return "memory"


@pytest.fixture
def wrong(app: Client) -> Client:
    return Client(app.para, app.access_key, "x" * 54)


def tampered(field: str, alter: Callable[[str], str]) -> Callable[[Headers], Headers]:
    return lambda headers: {**headers, field: alter(headers[field])}


def without(field: str) -> Callable[[Headers], Headers]:
    return lambda headers: {name: value for name, value in headers.items() if name != field}


SIGNATURES = {
    "one digit changed": (
        tampered("authorization", lambda text: text[:-1] + ("0" if text[-1] != "0" else "1")),
        403,
        "Invalid signature for request GET /v1/cat coming from app myapp",
    ),
    "signature missing": (
        tampered("authorization", lambda text: text.partition(", Signature=")[0]),
        401,
        "Full authentication is required to access this resource",
    ),
    "headers missing": (
        tampered("authorization", lambda text: text.replace("SignedHeaders=", "X=")),
        401,
        "Full authentication is required to access this resource",
    ),
    "date missing": (without("x-amz-date"), 400, "Request has expired."),
    "date blank": (tampered("x-amz-date", lambda _: " "), 400, "Request has expired."),
    "date unreadable": (
        tampered("x-amz-date", lambda _: "yesterday"),
        401,
        "Full authentication is required to access this resource",
    ),
    "app unknown": (
        tampered("authorization", lambda text: text.replace("app:myapp", "app:nobody")),
        404,
        "App not found.",
    ),
    "app blank": (
        tampered("authorization", lambda text: text.replace("app:myapp", "")),
        401,
        f"{DENIED} [GET /v1/cat]",
    ),
    "scheme unknown": (
        lambda _: {"authorization": "Basic dXNlcjpwYXNz"},
        401,
        f"{DENIED} [GET /v1/cat]",
    ),
    "nothing": (lambda _: {}, 401, f"{DENIED} [GET /v1/cat]"),
    "blank": (lambda _: {"authorization": "  "}, 401, f"{DENIED} [GET /v1/cat]"),
    "broken token": (
        lambda _: {"authorization": "Bearer a.b.c"},
        401,
        f"{DENIED} [GET /v1/cat]",
    ),
    "empty token": (lambda _: {"authorization": "Bearer "}, 401, f"{DENIED} [GET /v1/cat]"),
    "guest of nobody": (
        lambda _: {"authorization": "Anonymous app:nobody"},
        403,
        f"{DENIED} [user: [GUEST], resource: GET /v1/cat]",
    ),
    "guest without grant": (
        lambda _: {"authorization": "Anonymous app:myapp"},
        403,
        f"{DENIED} [user: [GUEST], resource: GET /v1/cat]",
    ),
    "a very long line": (
        lambda _: {"authorization": "AWS4-HMAC-SHA256 " + "Credential=x," * 4_000},
        401,
        None,
    ),
    "binary": (lambda _: {"authorization": "\x01\x02=\x03/\x04"}, 400, "Request has expired."),
}


@pytest.mark.parametrize(("alter", "status", "message"), SIGNATURES.values(), ids=SIGNATURES.keys())
async def test_a_request_that_is_not_signed_well_is_refused(
    app: Client,
    nobody: Client,
    alter: Callable[[Headers], Headers],
    status: int,
    message: str | None,
) -> None:
    headers = alter(app.signed("GET", "/v1/cat"))
    reply = await nobody.send("GET", "/v1/cat", headers=headers)
    assert reply.status == status, reply
    assert reply.json["code"] == status
    if message is not None:
        assert reply.json["message"] == message
    assert reply.headers["content-type"] == "application/json;charset=UTF-8"


@pytest.mark.parametrize(
    ("age_sec", "status"),
    [(0, 200), (880, 200), (-880, 200), (920, 400), (-920, 400), (10**7, 400)],
    ids=["now", "old enough", "fast clock", "too old", "from the future", "months ago"],
)
async def test_a_signature_holds_for_some_minutes(
    app: Client, nobody: Client, age_sec: int, status: int
) -> None:
    headers = app.signed("GET", "/v1/cat", age_sec=age_sec)
    assert (await nobody.send("GET", "/v1/cat", headers=headers)).status == status


async def test_a_changed_byte_anywhere_is_refused(app: Client, nobody: Client) -> None:
    body = b'{"name":"Tom"}'
    headers = app.signed("PUT", "/v1/cat/c1", (), body)
    sends: list[dict[str, Any]] = [
        {"method": "PUT", "path": "/v1/cat/c1", "raw": b'{"name":"Tim"}'},
        {"method": "PUT", "path": "/v1/cat/c2", "raw": body},
        {"method": "POST", "path": "/v1/cat/c1", "raw": body},
        {"method": "PUT", "path": "/v1/cat/c1", "raw": body, "query": [("select", "id")]},
        {"method": "PUT", "path": "/v1/cat/c1", "raw": body, "headers": {"host": "evil.example"}},
    ]
    for sent in sends:
        reply = await nobody.send(**{**sent, "headers": {**headers, **sent.get("headers", {})}})
        assert reply.status == 403
        assert reply.json["message"].startswith(f"Invalid signature for request {sent['method']}")
    assert (await app.get("/v1/cat", limit=0)).json["totalHits"] == 0
    fine = await nobody.send("PUT", "/v1/cat/c1", raw=body, headers=headers)
    assert fine.status == 200


async def test_a_wrong_secret_opens_no_door(wrong: Client, app: Client) -> None:
    for method, path in (
        ("GET", "/v1/cat"),
        ("POST", "/v1/cat"),
        ("DELETE", "/v1/_batch"),
        ("POST", "/v1/_newkeys"),
        ("GET", "/v1/_export"),
        ("GET", "/v1/no/such/path/at/all"),
        ("OPTIONS", "/v1/cat"),
        ("HEAD", "/v1/cat"),
    ):
        assert (await wrong.send(method, path)).status == 403, (method, path)
    assert (await app.get("/v1/search", limit=0)).json["totalHits"] == 0


async def test_new_keys_close_the_door_for_the_old_ones(app: Client) -> None:
    keys = (await app.post("/v1/_newkeys")).json
    assert (await app.get("/v1/_me")).status == 403
    renewed = Client(app.para, keys["accessKey"], keys["secretKey"])
    assert (await renewed.get("/v1/_me")).json["id"] == "app:myapp"


async def test_some_paths_are_open_to_all(nobody: Client, wrong: Client) -> None:
    for client in (nobody, wrong):
        for path in ("/v1", "/v1/", "/v1/_health", "/v1/_setup"):
            assert (await client.get(path)).status == 200, path
        info = (await client.get("/v1")).json
        assert info["version"].startswith("1.")
    me = await nobody.get("/v1/_me")
    assert (me.status, me.body) == (401, b"")


async def test_keys_of_the_root_app_are_told_once(para: Para, nobody: Client) -> None:
    replies = [(await nobody.get("/v1/_setup")).json for _ in range(3)]
    assert replies[-1] == replies[-2] == {"code": 200, "message": "All set!"}


# ---- guests and users ----------------------------------------------------------------------------


async def grant(app: Client, subject: str, path: str, *methods: str) -> None:
    reply = await app.put(f"/v1/_permissions/{subject}/{path}", list(methods))
    assert reply.status == 200


async def signed_in(app: Client, identifier: str) -> Client:
    reply = await Client(app.para).post(
        "/jwt_auth",
        {
            "appid": app.access_key,
            "provider": "password",
            "token": f"{identifier}:Some Body:open-sesame",
        },
    )
    assert reply.status == 200, reply.text
    jwt = reply.json["jwt"]
    assert jwt["refresh"] < jwt["expires"]
    return Client(app.para, token=jwt["access_token"])


async def test_guests_do_what_they_were_granted_and_no_more(app: Client) -> None:
    await app.put("/v1/cat/tom", {"name": "Tom"})
    guest = Client(app.para, guest_of="app:myapp")
    assert (await guest.get("/v1/cat/tom")).status == 403
    await grant(app, "*", "cat", "?", "GET")
    assert (await guest.get("/v1/cat/tom")).json["name"] == "Tom"
    assert (await guest.get("/v1/cat")).json["totalHits"] == 1
    for reply in (
        await guest.post("/v1/cat", {"name": "x"}),
        await guest.delete("/v1/cat/tom"),
        await guest.get("/v1/dog"),
        await guest.post("/v1/_newkeys"),
        await guest.get("/v1/_settings"),
        await guest.get("/v1/_export"),
    ):
        assert reply.status in (401, 403), reply
    assert (await app.get("/v1/cat")).json["totalHits"] == 1


async def test_users_own_what_they_make(app: Client) -> None:
    await app.put("/v1/_settings/security.allow_unverified_emails", {"value": True})
    anne, bob = await signed_in(app, "anne@example.com"), await signed_in(app, "bob@example.com")
    me = (await anne.get("/v1/_me")).json
    assert (me["type"], me["email"]) == ("user", "anne@example.com")
    assert "password" not in me
    assert (await anne.post("/v1/note", {"text": "mine"})).status == 403
    await grant(app, "*", "note", "POST", "GET", "PATCH", "DELETE", "OWN")
    note = (await anne.post("/v1/note", {"text": "mine", "creatorid": "somebody"})).json
    assert note["creatorid"] == me["id"]
    path = f"/v1/note/{note['id']}"
    assert (await bob.get(path)).status == 404
    assert (await bob.patch(path, {"text": "theirs"})).status == 400
    assert (await bob.delete(path)).status == 400
    assert (await bob.get("/v1/note")).json["items"] == []
    assert (await anne.patch(path, {"text": "changed"})).json["text"] == "changed"
    assert (await anne.delete(path)).status == 200
    assert (await bob.get(f"/v1/user/{me['id']}")).status == 403
    assert (await anne.get(f"/v1/user/{me['id']}")).json["id"] == me["id"]


async def test_a_user_that_was_deleted_is_out(app: Client) -> None:
    await app.put("/v1/_settings/security.allow_unverified_emails", {"value": True})
    anne = await signed_in(app, "anne@example.com")
    key = (await anne.get("/v1/_me")).json["id"]
    assert (await app.get("/v1/search", limit=0)).json["totalHits"] == 2  # and the identifier
    assert (await app.delete(f"/v1/user/{key}")).status == 200
    assert (await app.get("/v1/search", limit=0)).json["totalHits"] == 0
    assert (await anne.get("/v1/_me")).status == 401


async def test_an_app_that_is_not_active_or_read_only_is_told_so(root: Client, app: Client) -> None:
    await root.patch("/v1/app/myapp", {"active": False})
    reply = await app.get("/v1/cat")
    assert (reply.status, reply.json["message"]) == (403, "App not active. [app:myapp]")
    await root.patch("/v1/app/myapp", {"active": True})
    assert (await app.get("/v1/cat")).status == 200


async def test_refusals_take_no_time_to_speak_of(app: Client, wrong: Client) -> None:
    began = time.process_time()
    for _ in range(300):
        assert (await wrong.post("/v1/cat", {"name": "x" * 1_000})).status == 403
    assert time.process_time() - began < 2
