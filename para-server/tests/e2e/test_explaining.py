"""What an app's owner is told about a decision over HTTP, and what the request itself says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from para_server.para import Para

from .client import Client, coded


@pytest.fixture
def backend_name() -> str:
    return "memory"


async def granted(app: Client, subject: str, resource: str, *flags: str) -> None:
    reply = await app.put(f"/v1/_permissions/{subject}/{coded(resource)}", list(flags))
    assert reply.status == 200


async def signed_in(app: Client, name: str) -> Client:
    await app.put("/v1/_settings/security.allow_unverified_emails", {"value": True})
    token = f"{name}@example.com:{name}:open-sesame"
    asked = {"appid": app.access_key, "provider": "password", "token": token}
    reply = await Client(app.para).post("/jwt_auth", asked)
    assert reply.status == 200, reply.text
    return Client(app.para, token=reply.json["jwt"]["access_token"])


async def explained(app: Client, subject: str, line: Sequence[str]) -> dict[str, Any]:
    method, resource = line
    path = f"/v1/_permissions/{subject}/{coded(resource)}/{method}"
    reply = await app.get(path, explain="true")
    assert reply.status == 200, reply.text
    answer: dict[str, Any] = reply.json
    return answer


async def test_the_owner_of_an_app_is_told_which_rule_decides(app: Client) -> None:
    anne = await signed_in(app, "anne")
    key = (await anne.get("/v1/_me")).json["id"]
    await granted(app, "*", "notes", "GET", "POST", "DELETE", "OWN")
    await granted(app, "*", "public", "?", "GET")
    await app.put("/v1/note/foreign", {"name": "Bob's", "creatorid": "bob"})
    for subject, line, rule, status in (
        (key, ("GET", "notes"), "exact", 200),
        (key, ("GET", "notes/foreign"), "own", 404),
        (key, ("DELETE", "note/foreign"), "own", 400),
        (key, ("PATCH", "notes/foreign"), "above", 403),
        (key, ("GET", f"users/{key}"), "profile", 200),
        (key, ("GET", "_settings"), "nothing", 403),
        ("bob", ("GET", "note/foreign"), "above", 200),
        ("%3F", ("GET", "public/1"), "above", 200),
        ("%3F", ("GET", "notes"), "guest", 403),
        ("*", ("GET", "notes/foreign"), "above", 200),
    ):
        found = await explained(app, subject, line)
        assert (found["rule"], found["status"]) == (rule, status), (subject, line, found)
        assert found["allowed"] == (status == 200)
    assert (await explained(app, "bob", ("GET", "notes")))["unknownUser"] is True
    assert (await explained(app, key, ("GET", "notes")))["entry"] == {
        "subject": "*",
        "resource": "notes",
        "flags": ["OWN", "GET", "POST", "DELETE"],
    }


async def test_an_explanation_is_what_the_request_is_answered(app: Client) -> None:
    anne = await signed_in(app, "anne")
    key = (await anne.get("/v1/_me")).json["id"]
    await granted(app, key, "notes", "GET", "DELETE", "OWN")
    await granted(app, "*", "cats", "?", "GET")
    await app.put("/v1/cat/tom", {"name": "Tom"})
    await app.put("/v1/note/mine", {"name": "mine", "creatorid": key})
    await app.put("/v1/note/foreign", {"name": "not mine", "creatorid": "bob"})
    guest = Client(app.para, guest_of="app:myapp")
    for who, subject in ((anne, key), (guest, "%3F")):
        for line in (
            ("GET", "notes"),
            ("GET", "notes/mine"),
            ("GET", "notes/foreign"),
            ("DELETE", "note/foreign"),
            ("GET", "cats/tom"),
            ("DELETE", "cats/tom"),
            ("POST", "_newkeys"),
            ("GET", "_permissions"),
            ("GET", f"_permissions/{key}"),
            ("GET", "_types"),
        ):
            found = await explained(app, subject, line)
            reply = await who.send(line[0], f"/v1/{line[1]}")
            assert reply.status == found["status"], (subject, line, found, reply)
            if reply.status >= 400:
                assert reply.json["message"] in (found["message"], "Not an app.")


async def test_the_state_of_the_app_and_of_the_user_is_told(app: Client) -> None:
    await granted(app, "*", "*", "*")
    await app.post("/v1/users", {"id": "u7", "identifier": "u7@example.com", "active": False,
                                 "email": "u7@example.com", "name": "U"})  # fmt: skip
    assert (await explained(app, "u7", ("GET", "notes")))["rule"] == "inactive-user"
    await app.para.services.apps.change("myapp", lambda fresh: setattr(fresh, "read_only", True))
    assert (await explained(app, "*", ("POST", "notes")))["rule"] == "read-only-app"
    assert (await explained(app, "*", ("GET", "notes")))["rule"] != "read-only-app"


async def test_only_apps_are_told(app: Client, nobody: Client, para: Para) -> None:
    anne = await signed_in(app, "anne")
    await granted(app, "*", "*", "?", "*")
    path = f"/v1/_permissions/*/{coded('notes')}/GET"
    for who, status in (
        (anne, 403),
        (Client(para, guest_of="app:myapp"), 403),
        (nobody, 401),
    ):
        reply = await who.get(path, explain="true")
        assert reply.status == status, reply.text
        assert "rule" not in reply.json
    assert (await anne.get(path)).text == "true"
    assert (await anne.get(path, explain="false")).text == "true"
