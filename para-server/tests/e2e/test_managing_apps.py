"""Constraints, permissions, settings, types and keys of an app."""

from __future__ import annotations

import asyncio
from base64 import b64encode

import pytest

from para_server.para import Para

from .client import Client, coded

REQUIRED = {"required": {"message": "messages.required"}}


# ---- constraints -------------------------------------------------------------------------------


async def test_a_constraint_is_added_shown_and_removed(app: Client) -> None:
    path = "/v1/_constraints/note/text/required"
    assert (await app.put(path, {})).json == {"note": {"text": REQUIRED}}
    assert (await app.get("/v1/_constraints/note")).json == {"note": {"text": REQUIRED}}
    refused = await app.post("/v1/note", {"name": "x"})
    assert refused.json == {"code": 400, "message": "text is required."}
    assert (await app.delete(path)).json == {}
    assert (await app.delete(path)).json == {}
    assert (await app.post("/v1/note", {"name": "x"})).status == 201


async def test_core_constraints_are_always_there(app: Client) -> None:
    shown = (await app.get("/v1/_constraints")).json
    assert {"user", "app", "tag", "vote", "linker", "address"} <= shown.keys()
    assert (await app.get("/v1/_constraints/tag")).json == {"tag": {"tag": REQUIRED}}
    assert (await app.get("/v1/_constraints/nosuch")).json == {}


@pytest.mark.parametrize(
    ("name", "body"),
    [
        pytest.param("nosuch", b"{}", id="unknown-name"),
        pytest.param("min", b"{}", id="no-value"),
        pytest.param("min", b"", id="no-body"),
        pytest.param("required", b"[", id="no-json"),
        pytest.param("required", b"null", id="null"),
        pytest.param("REQUIRED", b"{}", id="capitals"),
    ],
)
async def test_what_is_no_constraint_changes_nothing(app: Client, name: str, body: bytes) -> None:
    reply = await app.send("PUT", f"/v1/_constraints/note/text/{name}", raw=body)
    assert (reply.status, reply.json) == (200, {})


async def test_constraints_that_come_at_once_are_all_kept(app: Client) -> None:
    names = [f"f{n}" for n in range(8)]
    await asyncio.gather(*(app.put(f"/v1/_constraints/note/{f}/required", {}) for f in names))
    shown = (await app.get("/v1/_constraints/note")).json
    assert sorted(shown["note"]) == names


# ---- permissions -------------------------------------------------------------------------------


async def test_a_permission_is_granted_checked_and_revoked(app: Client) -> None:
    path = f"/v1/_permissions/u1/{coded('books')}"
    assert (await app.put(path, ["post", "GET"])).json == {"u1": {"books": ["GET", "POST"]}}
    assert (await app.get(f"{path}/GET")).text == "true"
    assert (await app.get(f"{path}/DELETE")).text == "false"
    assert (await app.get("/v1/_permissions")).json == {"u1": {"books": ["GET", "POST"]}}
    assert (await app.delete(path)).json == {"u1": {}}
    assert (await app.get(f"{path}/GET")).text == "false"


async def test_what_holds_for_everybody_is_shown_with_a_subject(app: Client) -> None:
    everybody = {"news": ["?", "GET"]}
    await app.put(f"/v1/_permissions/*/{coded('news')}", ["?", "GET"])
    assert (await app.get("/v1/_permissions/u1")).json == {"u1": {}, "*": everybody}
    assert (await app.get("/v1/_permissions/*")).json == {"*": everybody}


@pytest.mark.parametrize(
    "segment",
    [coded("a~~~"), b64encode(b"a~~~").decode().replace("/", "%2F"), "a~~~"],
    ids=["url-safe", "standard", "plain"],
)
async def test_a_resource_is_base64_in_either_alphabet_or_plain(app: Client, segment: str) -> None:
    await app.put(f"/v1/_permissions/u1/{coded('other')}", ["GET"])
    shown = (await app.put(f"/v1/_permissions/u1/{segment}", ["PUT"])).json
    assert shown == {"u1": {"other": ["GET"], "a~~~": ["PUT"]}}
    assert (await app.delete(f"/v1/_permissions/u1/{segment}")).json == {"u1": {"other": ["GET"]}}


async def test_everything_of_a_subject_is_revoked(app: Client) -> None:
    for path in ("a", "b"):
        await app.put(f"/v1/_permissions/u1/{coded(path)}", ["GET"])
    assert (await app.delete("/v1/_permissions/u1")).json == {"u1": {}}
    assert (await app.get("/v1/_permissions")).json == {}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param(b"[]", "No allowed methods specified.", id="empty"),
        pytest.param(b'[""," "]', "No allowed methods specified.", id="blanks"),
        pytest.param(b"[5]", "The body must be an array of texts.", id="number"),
        pytest.param(b"{}", "The body must be an array.", id="map"),
        pytest.param(b"null", "The body must be an array.", id="null"),
    ],
)
async def test_a_grant_of_nothing_is_400(app: Client, body: bytes, message: str) -> None:
    reply = await app.send("PUT", f"/v1/_permissions/u1/{coded('books')}", raw=body)
    assert reply.json == {"code": 400, "message": message}
    assert (await app.get("/v1/_permissions")).json == {}


async def test_nobody_is_allowed_anything_in_the_root_app(root: Client) -> None:
    path = f"/v1/_permissions/u1/{coded('books')}"
    await root.put(path, ["GET"])
    assert (await root.get(f"{path}/GET")).text == "false"


async def test_grants_and_constraints_make_no_types(app: Client) -> None:
    before = (await app.get("/v1/_types")).json
    await app.put(f"/v1/_permissions/u1/{coded('mirrors')}", ["GET"])
    await app.put("/v1/_constraints/ghost/a/required", {})
    assert (await app.get("/v1/_types")).json == before


# ---- settings ----------------------------------------------------------------------------------


async def test_a_setting_is_put_read_and_removed(app: Client) -> None:
    value = {"a": {"b": None, "c": [None, 1]}}
    put = await app.put("/v1/_settings/x", {"value": value})
    assert (put.status, put.body) == (200, b"")
    assert (await app.get("/v1/_settings/x")).json == {"value": {"a": {"c": [None, 1]}}}
    assert (await app.delete("/v1/_settings/x")).body == b""
    assert (await app.get("/v1/_settings/x")).body == b'{"value":null}'


async def test_all_settings_are_replaced(app: Client) -> None:
    await app.put("/v1/_settings/x", {"value": 1})
    put = await app.put("/v1/_settings", {"y": 2, "none": None, " ": 3})
    assert (put.status, put.body) == (200, b"")
    assert (await app.get("/v1/_settings")).json == {"y": 2}
    await app.put("/v1/_settings", {})
    assert (await app.get("/v1/_settings")).json == {}


async def test_null_leaves_a_setting_as_it_is(app: Client) -> None:
    await app.put("/v1/_settings/x", {"value": 1})
    await app.put("/v1/_settings/x", {"value": None})
    assert (await app.get("/v1/_settings/x")).json == {"value": 1}


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'{"other":5}'], ids=repr)
async def test_a_setting_without_a_value_is_400(app: Client, body: bytes) -> None:
    await app.put("/v1/_settings/x", {"value": 1})
    reply = await app.send("PUT", "/v1/_settings/x", raw=body)
    assert reply.json == {"code": 400, "message": "Bad Request"}
    assert (await app.get("/v1/_settings")).json == {"x": 1}


async def test_settings_are_no_part_of_the_app(app: Client) -> None:
    await app.put("/v1/_settings/x", {"value": "hidden"})
    assert b"hidden" not in (await app.get("/v1/_me")).body


# ---- types -------------------------------------------------------------------------------------


async def test_types_are_known_once_there_was_an_object(app: Client) -> None:
    await app.post("/v1/city", {"type": "city", "name": "Sofia"})
    types = (await app.get("/v1/_types")).json
    assert (types["cities"], types["users"]) == ("city", "user")
    counts = (await app.get("/v1/_types", count="TRUE")).json
    assert (counts["city"], counts["user"], len(counts)) == (1, 0, 11)


# ---- keys --------------------------------------------------------------------------------------


async def test_new_keys_make_the_old_ones_worthless(para: Para, app: Client) -> None:
    keys = (await app.post("/v1/_newkeys")).json
    assert keys["accessKey"] == "app:myapp"
    assert keys["info"] == "Save the secret key! It is showed only once!"
    assert (await app.get("/v1/_me")).status == 403
    renewed = Client(para, "app:myapp", keys["secretKey"])
    assert (await renewed.get("/v1/_me")).status == 200


# ---- sizes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["_settings", "_settings/x", "_constraints/note/text/pattern", "_permissions/u1/Ym9va3M"],
)
async def test_what_becomes_part_of_an_app_is_no_larger_than_an_object(
    app: Client, path: str
) -> None:
    body = b'{"value":"' + b"x" * (1 << 20) + b'"}'
    reply = await app.send("PUT", f"/v1/{path}", raw=body)
    message = "Request is too large - the maximum is 1024 KB."
    assert reply.json == {"code": 400, "message": message}
