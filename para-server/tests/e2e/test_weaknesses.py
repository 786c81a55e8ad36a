"""Weaknesses of Para 1.54, each with the tests that show that it is not there any more.

The first column is the number in the list of known weaknesses; paths start at ``tests``.

 1  signin/test_generic.py::test_what_a_client_writes_into_an_id_token_does_not_count
 1  signin/test_generic.py::test_the_id_token_and_the_profile_must_be_of_one_person
 1  signin/test_generic.py::test_an_app_that_does_not_use_the_provider_refuses
 2  e2e/test_weaknesses.py::test_what_cannot_be_decoded_is_decided_about_all_the_same
 2  unit/access/test_gate.py::test_an_error_of_a_look_up_ends_the_request
 3  e2e/test_weaknesses.py::test_only_the_one_path_tells_who_somebody_is
 4  e2e/test_weaknesses.py::test_who_a_user_is_is_not_for_users_to_change
 4  e2e/test_weaknesses.py::test_nobody_takes_the_place_of_a_user
 4  e2e/signin/test_accounts.py::test_an_unverified_address_in_a_profile_links_nothing
 4  e2e/signin/test_accounts.py::test_an_account_that_never_verified_its_address_is_not_linked
 4  e2e/signin/test_accounts.py::test_the_address_of_another_user_is_not_taken_over
 5  e2e/test_weaknesses.py::test_what_lets_users_sign_in_is_hidden_from_users
 5  e2e/test_detours.py::test_users_change_no_identifiers_even_where_they_write_generic_objects
 6  e2e/test_weaknesses.py::test_guests_are_guests_whatever_is_granted
 6  e2e/test_access_matrix.py::test_every_caller_is_answered_as_the_table_says
 7  e2e/test_weaknesses.py::test_permissions_of_others_are_told_to_nobody
 8  e2e/test_weaknesses.py::test_the_state_of_an_app_holds_for_every_caller
 8  e2e/signin/test_browser.py::test_an_app_that_is_off_signs_nobody_in
 9  e2e/test_weaknesses.py::test_a_user_who_is_switched_off_is_out
 9  e2e/signin/test_sessions.py::test_a_user_who_is_not_active_gets_no_new_token
 9  e2e/signin/test_browser.py::test_an_identity_token_can_be_exchanged_and_opens_nothing
10  e2e/test_weaknesses.py::test_a_try_to_sign_in_changes_nothing
10  e2e/signin/test_password.py::test_attempts_do_not_touch_when_the_identifier_was_updated
10  e2e/signin/test_password.py::test_nothing_is_made_of_what_is_no_account
10  e2e/signin/test_limits.py::test_an_address_that_fails_too_often_has_to_wait
11  e2e/test_refused_credentials.py::test_a_signature_is_replayed_in_vain
11  e2e/test_doors.py::test_a_signature_holds_for_some_minutes
12  e2e/test_weaknesses.py::test_only_the_own_profile_is_ones_own
12  e2e/test_weaknesses.py::test_nobody_makes_itself_an_administrator
13  e2e/test_weaknesses.py::test_a_grant_covers_whole_segments
14  e2e/test_weaknesses.py::test_an_odd_resource_revokes_nothing_else
15  e2e/signin/test_browser.py::test_no_token_leaves_for_a_host_that_looks_alike
15  e2e/signin/test_browser.py::test_a_browser_returns_to_pages_of_the_app_only
15  e2e/signin/test_browser.py::test_the_app_learns_the_cause_of_a_failure_encoded
15  e2e/signin/test_browser.py::test_a_cookie_is_of_no_other_kind_than_there_are
16  e2e/signin/test_browser.py::test_what_one_browser_starts_another_cannot_finish
16  signin/test_social.py::test_tokens_for_other_applications_are_refused
16  signin/test_generic.py::test_access_tokens_of_other_clients_are_refused_by_introspection
17  e2e/signin/test_password.py::
      test_a_locked_account_refuses_the_right_password_until_the_lock_ends
17  e2e/signin/test_password.py::test_after_a_lock_has_ended_wrong_passwords_are_counted_from_one
18  e2e/test_root_keys.py::test_keys_that_are_in_use_are_told_on_this_machine_only
18  e2e/test_weaknesses.py::test_setting_up_again_tells_and_changes_nothing
19  e2e/test_weaknesses.py::test_secrets_of_a_user_are_shown_to_itself_and_to_the_app
20  e2e/test_weaknesses.py::test_what_stands_in_an_address_is_not_logged
21  signin/test_generic.py::test_pictures_are_copied_and_the_token_stays_at_home
21  signin/test_outbound_addresses.py::test_hosts_with_private_addresses_are_refused
22  e2e/test_weaknesses.py::test_no_signature_is_not_an_empty_signature
22  unit/access/test_signing.py::test_a_signature_of_another_form_is_a_mismatch
"""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import pytest

from para_core.objects import User
from para_server.para import Para

from .access_world import World, build, fingerprint
from .client import Client, Reply, coded

TESTS = Path(__file__).parents[1]
DENIED = "You don't have permission to access this resource."
EVERYTHING: dict[str, Any] = {
    "*": {"*": ["?", "*"], "sysprop": ["?", "*"], "user": ["?", "*"], "webhook": ["?", "*"]}
}


@pytest.fixture
def backend_name() -> str:
    return "memory"


async def world_of(para: Para, permissions: dict[str, Any]) -> World:
    return await build(para, permissions, ("home", "other"))


# ---- the list ------------------------------------------------------------------------------------


def test_every_weakness_has_tests_that_are_there() -> None:
    rows = re.findall(r"^ ?(\d+)  (\S+)::\s*(\w+)$", __doc__ or "", re.MULTILINE)
    assert {int(number) for number, _, _ in rows} == set(range(1, 23))
    for _, path, name in rows:
        assert re.search(rf"^(async )?def {name}\(", (TESTS / path).read_text(), re.MULTILINE), name


# ---- requests ------------------------------------------------------------------------------------

ODD = ["a%25zz", "%", "%zz", "%c3%28", "%e0%80%af", "%00", "a%2F..%2Fb", "%F0%9F", "+%2B%", "%%25"]


@pytest.mark.parametrize("key", ODD)
async def test_what_cannot_be_decoded_is_decided_about_all_the_same(app: Client, key: str) -> None:
    world = await world_of(app.para, {"*": {"cat": ["?", "*"]}})
    before = await fingerprint(app.para, "home")
    for caller, status in (("user", 403), ("guest", 403), ("nobody", 401)):
        for method in ("GET", "PUT", "PATCH", "DELETE"):
            body = {"name": "new"} if method in ("PUT", "PATCH") else None
            reply = await world.client(caller).send(method, f"/v1/note/{key}", body)
            assert reply.status == status, (caller, method, reply)
    assert await fingerprint(app.para, "home") == before


ME = ["/v1/_me/x", "/v1/_mexico", "/v1/_me%2F", "/v1/_meme/n1", "/v1/_me/_me", "/v1/_ME"]


@pytest.mark.parametrize("path", ME)
async def test_only_the_one_path_tells_who_somebody_is(app: Client, path: str) -> None:
    world = await world_of(app.para, {"*": {"cat": ["?", "*"]}})
    before = await fingerprint(app.para, "home")
    for caller, status in (("user", 403), ("guest", 403), ("nobody", 401)):
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            body = {"name": "new"} if method in ("POST", "PUT", "PATCH") else None
            reply = await world.client(caller).send(method, path, body)
            assert reply.status == status, (caller, method, reply)
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        reply = await world.client("user").send(method, "/v1/_me", {"name": "new"})
        assert reply.status in (403, 404, 405), (method, reply)
    assert await fingerprint(app.para, "home") == before


async def test_no_signature_is_not_an_empty_signature(app: Client, nobody: Client) -> None:
    good = app.signed("GET", "/v1/_me")
    start = good["authorization"].partition("Signature=")[0]
    for authorization in (
        start,
        f"{start}Signature=",
        f"{start}Signature=null",
        f"{start}Signature={'0' * 64}",
        f"{start}Signature={'0' * 63}",
        "AWS4-HMAC-SHA256 Credential=app:myapp/x, SignedHeaders=host;x-amz-date, Signature=",
    ):
        headers = {**good, "authorization": authorization}
        for path in ("/v1/_me", "/v1/cat"):
            reply = await nobody.send("GET", path, headers=headers)
            assert reply.status in (401, 403), (authorization, reply)
    query = "X-Amz-Credential=app:myapp/20260101/us-east-1/para/aws4_request"
    for tail in ("", "&X-Amz-Signature=", "&X-Amz-Signature=&X-Amz-Date=" + good["x-amz-date"]):
        reply = await nobody.send("GET", "/v1/_me", raw_query=query + tail)
        assert reply.status in (400, 401, 403), (tail, reply)
        assert b"app:myapp" not in reply.body


# ---- users ---------------------------------------------------------------------------------------


async def test_who_a_user_is_is_not_for_users_to_change(app: Client) -> None:
    world = await world_of(app.para, EVERYTHING)
    told = {
        "email": "boss@example.com",
        "identifier": "boss@example.com",
        "active": False,
        "groups": "admins",
        "name": "New Name",
    }
    kept = ("email", "identifier", "active", "groups")
    for caller in ("owner", "user", "guest"):
        before = (await world.client("app").get("/v1/user/owner")).json
        reply = await world.client(caller).patch("/v1/user/owner", told)
        assert reply.status == 200, reply
        after = (await world.client("app").get("/v1/user/owner")).json
        assert [after[name] for name in kept] == [before[name] for name in kept]
    assert (await world.client("admin").patch("/v1/user/owner", told)).json["groups"] == "users"


async def test_nobody_takes_the_place_of_a_user(app: Client) -> None:
    world = await world_of(app.para, {"*": {"user": ["?", "*"], "_batch": ["?", "*"]}})
    home = world.client("app")
    await home.patch("/v1/user/owner", {"twoFA": True, "twoFAkey": "hidden"})
    before = await fingerprint(app.para, "home")
    told = {"identifier": "mine@example.com", "email": "mine@example.com", "name": "Mine"}
    for caller in ("user", "owner", "guest"):
        client = world.client(caller)
        for reply in (
            await client.post("/v1/users", {**told, "id": "owner"}),
            await client.post("/v1/_batch", [{**told, "id": "owner", "type": "user"}]),
            await client.put("/v1/_batch", [{**told, "id": "owner", "type": "note"}]),
        ):
            assert reply.status == 400 or reply.json == [], (caller, reply)
    assert await fingerprint(app.para, "home") == before
    shown = (await world.client("user").put("/v1/user/owner", {**told, "active": False})).json
    assert (shown["name"], shown["email"], shown["active"]) == ("Mine", "owner@example.com", True)
    kept = (await home.get("/v1/user/owner")).json
    assert (kept["identifier"], kept["twoFAkey"], kept["twoFA"]) == (
        "owner@example.com",
        "hidden",
        True,
    )
    assert (await home.put("/v1/user/owner", told)).json["email"] == "mine@example.com"


async def test_what_lets_users_sign_in_is_hidden_from_users(app: Client) -> None:
    world = await world_of(app.para, EVERYTHING)
    secrets = {name: f"hidden-{name}" for name in ("password", "token", "etoken", "etoken2")}
    body = {"name": "identifier", "creatorid": "owner", "lockedUntil": 1, **secrets}
    key = "owner@example.com"
    assert (await world.client("app").put(f"/v1/sysprop/{key}", body)).status == 200
    for caller in ("user", "owner", "guest", "admin"):
        client = world.client(caller)
        for reply in (
            await client.get(f"/v1/sysprop/{key}"),
            await client.get(f"/v1/_id/{key}"),
            await client.get("/v1/_batch", ids=[key]),
            await client.get("/v1/sysprop"),
            await client.get("/v1/search", q="identifier"),
            await client.get("/v1/sysprop", select="id,password,token,etoken,properties"),
        ):
            assert reply.status == 200
            assert b"hidden" not in reply.body, (caller, reply)
            assert b"owner@example.com" in reply.body
    for caller in ("user", "app"):
        for query in ("hidden*", "properties.password:hidden*", "hidden-token", "_exists_:etoken"):
            reply = await world.client(caller).get("/v1/search", q=query)
            assert reply.json["totalHits"] == 0, (caller, query)
    shown = (await world.client("app").get(f"/v1/sysprop/{key}")).json
    assert {name: shown[name] for name in secrets} == secrets


async def test_guests_are_guests_whatever_is_granted(app: Client) -> None:
    names = ["_settings", "_newkeys", "_export", "_import", "_permissions", "_constraints"]
    granted = {"*": {"*": ["?", "*"], **{name: ["?", "*"] for name in [*names, "_reindex", "app"]}}}
    world = await world_of(app.para, granted)
    guest, before = world.client("guest"), await fingerprint(app.para, "home")
    for method, path, body in (
        ("GET", "/v1/_settings", None),
        ("PUT", "/v1/_settings", {"a": 1}),
        ("POST", "/v1/_newkeys", None),
        ("GET", "/v1/_export", None),
        ("PUT", "/v1/_import", {"a": 1}),
        ("GET", "/v1/_permissions", None),
        ("PUT", f"/v1/_permissions/x/{coded('x')}", ["*"]),
        ("GET", "/v1/_constraints", None),
        ("PUT", "/v1/_constraints/note/name/required", {}),
        ("POST", "/v1/_reindex", None),
    ):
        reply = await guest.send(method, path, body)
        assert reply.status == 403, (method, path, reply)
        assert reply.json["message"] == f"{DENIED} [user: [GUEST], resource: {method} {path}]"
    assert (await guest.get("/v1/app/app:home")).status == 404
    assert (await guest.patch("/v1/app/app:home", {"name": "new"})).status in (400, 403)
    assert (await guest.get("/v1/_me")).status == 401
    assert await fingerprint(app.para, "home") == before


async def test_permissions_of_others_are_told_to_nobody(app: Client) -> None:
    world = await world_of(app.para, {"*": {"cat": ["?", "*"]}, "owner": {"secrets": ["GET"]}})
    for caller in ("user", "guest", "stranger"):
        client = world.client(caller)
        for path in ("/v1/_permissions", "/v1/_permissions/owner", "/v1/_permissions/*"):
            assert (await client.get(path)).status == 403, (caller, path)
    own = await world.client("owner").get("/v1/_permissions/owner")
    assert own.json == {"owner": {"secrets": ["GET"]}, "*": {"cat": ["?", "*"]}}
    check = f"/v1/_permissions/owner/{coded('secrets')}/GET"
    assert (await world.client("user").get(check)).text == "true"
    assert (await world.client("guest").get(check)).status == 403
    everybody = await world.client("guest").get(f"/v1/_permissions/*/{coded('cat')}/GET")
    assert everybody.text == "true"


async def test_the_permissions_in_the_object_of_an_app_are_for_the_app(app: Client) -> None:
    world = await world_of(app.para, EVERYTHING)
    for caller in ("user", "admin"):
        shown = (await world.client(caller).get("/v1/app/app:home")).json
        assert shown["id"] == "app:home"
        assert "resourcePermissions" not in shown
    assert "resourcePermissions" in (await world.client("app").get("/v1/app/app:home")).json


@pytest.mark.parametrize(
    ("state", "method", "message"),
    [
        ({"active": False}, "GET", "App not active. [app:home]"),
        ({"active": False}, "PUT", "App not active. [app:home]"),
        ({"readOnly": True}, "PUT", "App is in read-only mode. [app:home]"),
        ({"readOnly": True}, "DELETE", "App is in read-only mode. [app:home]"),
    ],
    ids=["inactive-read", "inactive-write", "read-only-put", "read-only-delete"],
)
async def test_the_state_of_an_app_holds_for_every_caller(
    app: Client, root: Client, state: dict[str, bool], method: str, message: str
) -> None:
    world = await world_of(app.para, EVERYTHING)
    assert (await root.put("/v1/app/app:home", {"name": "x"})).status == 400  # no way around

    def switch(fresh: Any) -> None:  # noqa: ANN401 - an app
        fresh.active = state.get("active", True)
        fresh.read_only = state.get("readOnly", False)

    await app.para.services.apps.change("home", switch)
    body = {"name": "new"} if method == "PUT" else None
    for caller in ("app", "user", "owner", "admin", "guest"):
        reply = await world.client(caller).send(method, "/v1/note/n1", body)
        assert (reply.status, reply.json["message"]) == (403, message), caller
    sign_in = {"appid": "app:home", "provider": "password", "token": "owner@example.com::x"}
    assert (await Client(app.para).post("/jwt_auth", sign_in)).status == 403


async def test_a_user_who_is_switched_off_is_out(app: Client) -> None:
    world = await world_of(app.para, EVERYTHING)
    client = world.client("owner")
    assert (await client.get("/v1/_me")).status == 200
    assert (await world.client("app").patch("/v1/user/owner", {"active": False})).status == 200
    assert (await client.get("/v1/note/n1")).status == 401
    me: Reply = await client.get("/v1/_me")
    assert (me.status, me.body) == (401, b"")
    assert (await client.get("/jwt_auth")).status == 401
    await world.client("app").patch("/v1/user/owner", {"active": True})
    assert (await client.get("/v1/_me")).status == 200


async def test_a_try_to_sign_in_changes_nothing(app: Client) -> None:
    world = await world_of(app.para, {})
    before = await fingerprint(app.para, "home")
    for token in (
        "boss@example.com::not-the-password",
        "boss@example.com:Boss:not-the-password",
        "nobody@example.com:short",
        "nobody@example.com::",
        "fb:1::not-the-password",
    ):
        asked = {"appid": "app:home", "provider": "password", "token": token}
        reply = await Client(app.para).post("/jwt_auth", asked)
        assert reply.status == 400, (token, reply)
    after = await fingerprint(app.para, "home")
    counted = {key for key in after if after[key] != before.get(key)}
    assert counted <= {"boss@example.com"}  # where failed tries are counted
    assert after["boss"] == before["boss"]
    assert await fingerprint(app.para, "other") == await fingerprint(world.para, "other")


# ---- permissions ---------------------------------------------------------------------------------


async def test_only_the_own_profile_is_ones_own(app: Client) -> None:
    world = await world_of(app.para, {"*": {"x": ["GET"]}, "owner": {"note": ["-"]}})
    owner = world.client("owner")
    before = await fingerprint(app.para, "home")
    for method, path in (
        ("DELETE", "/v1/_permissions/owner"),
        ("GET", "/v1/_settings/owner"),
        ("DELETE", "/v1/_settings/owner"),
        ("GET", "/v1/ghost/owner"),
        ("PATCH", "/v1/note/owner"),
        ("DELETE", "/v1/note/n1/links/user/owner"),
        ("DELETE", "/v1/_constraints/owner"),
        ("PUT", "/v1/users/owner"),
        ("PATCH", "/v1/_id/owner"),
    ):
        body = {"name": "new"} if method in ("PATCH", "PUT") else None
        reply = await owner.send(method, path, body)
        assert reply.status in (403, 404, 405), (method, path, reply)
    assert await fingerprint(app.para, "home") == before
    assert (await owner.get("/v1/users/owner")).status == 200
    assert (await owner.get("/v1/_id/owner")).status == 200


async def test_nobody_makes_itself_an_administrator(app: Client) -> None:
    world = await world_of(app.para, EVERYTHING)
    user = world.client("user")
    mine = {"groups": "admins", "identifier": "user@example.com", "email": "user@example.com"}
    made = {**mine, "identifier": "new@example.com", "email": "new@example.com", "id": "new"}
    for reply in (
        await user.patch("/v1/user/user", mine),
        await user.put("/v1/user/user", {**mine, "active": True, "name": "User"}),
        await user.post("/v1/users", {**made, "name": "New", "active": True}),
        await user.post("/v1/_batch", [{**mine, "id": "user", "type": "user", "active": True}]),
        await user.patch("/v1/_batch", [{**mine, "id": "user"}]),
        await user.post("/v1/User", {**made, "id": "new2", "name": "New"}),
        await world.client("guest").put("/v1/user/user", {**mine, "name": "User"}),
    ):
        assert b'"admins"' not in reply.body, reply
    for key in ("user", "new", "new2"):
        found = await app.para.services.users.find(world.apps["home"], key)
        assert found is None or (isinstance(found, User) and found.groups == "users"), key


async def test_a_grant_covers_whole_segments(app: Client) -> None:
    world = await world_of(
        app.para, {"user": {"note/n1": ["*"], "cat": ["GET"]}, "owner": {"not": ["*"]}}
    )
    home = world.client("app")
    for kind in ("notesecret", "cats2", "catalogue", "category"):
        await home.put(f"/v1/{kind}/c1", {"name": kind})
    await home.put("/v1/note/n12", {"name": "neighbour"})
    user, owner = world.client("user"), world.client("owner")
    assert (await user.get("/v1/note/n1")).status == 200
    assert (await user.get("/v1/note/n1/links/tag")).status == 200
    for path in (
        "/v1/note/n12",
        "/v1/note/n12/links/tag",
        "/v1/note",
        "/v1/notesecret/c1",
        "/v1/catalogue/c1",
        "/v1/category/c1",
        "/v1/cats2/c1",
        "/v1/note/n1%2Flinks",
    ):
        assert (await user.get(path)).status == 403, path
    assert (await owner.get("/v1/note/n1")).status == 403
    assert (await owner.get("/v1/notes/n1")).status == 403


@pytest.mark.parametrize("segment", ["!!!", "%2525", "a_b-c", "%D0%B4", "Kg="])
async def test_an_odd_resource_revokes_nothing_else(app: Client, segment: str) -> None:
    held = {"owner": {"note": ["GET"], "cat": ["*"]}, "user": {"note": ["GET"]}}
    world = await world_of(app.para, held)
    client = world.client("app")
    before = (await client.get("/v1/_permissions")).json
    reply = await client.delete(f"/v1/_permissions/owner/{segment}")
    assert reply.status in (200, 400), reply
    assert (await client.get("/v1/_permissions")).json == before


# ---- secrets -------------------------------------------------------------------------------------


async def test_setting_up_again_tells_and_changes_nothing(app: Client, nobody: Client) -> None:
    before = await fingerprint(app.para, "para")
    for _ in range(3):
        reply = await nobody.get("/v1/_setup")
        assert reply.json == {"code": 200, "message": "All set!"}
    again = await Client(app.para, "app:para", "x" * 56).get("/v1/_setup/myapp")
    assert again.status == 403
    assert await fingerprint(app.para, "para") == before


async def test_secrets_of_a_user_are_shown_to_itself_and_to_the_app(app: Client) -> None:
    world = await world_of(app.para, EVERYTHING)
    names = ("twoFAkey", "twoFAbackupKeyHash", "idpAccessToken", "idpRefreshToken", "idpIdToken")
    secrets = {name: f"hidden-{name}" for name in names}
    assert (await world.client("app").patch("/v1/user/owner", secrets)).status == 200
    for caller in ("app", "owner"):
        shown = (await world.client(caller).get("/v1/user/owner")).json
        assert {name: shown[name] for name in names} == secrets
    for caller in ("user", "guest", "admin"):
        client = world.client(caller)
        for path in ("/v1/user/owner", "/v1/user", "/v1/search", "/v1/_id/owner"):
            reply = await client.get(path)
            assert reply.status == 200
            assert b"hidden" not in reply.body, (caller, path)
        linked = await client.post("/v1/note/n1/links/owner")
        assert linked.status == 200
        assert b"hidden" not in (await client.get(f"/v1/linker/{linked.text}")).body
        for name in names:
            await client.patch("/v1/user/owner", {name: "overwritten"})
    shown = (await world.client("app").get("/v1/user/owner")).json
    assert {name: shown[name] for name in names} == secrets
    for query in ("hidden*", "twoFAkey:hidden*", "_exists_:idpAccessToken", "idpIdToken:[a TO z]"):
        assert (await world.client("app").get("/v1/user", q=query)).json["totalHits"] == 0


async def test_what_stands_in_an_address_is_not_logged(
    app: Client, nobody: Client, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "open-sesame-in-the-address"  # noqa: S105 - not a secret
    with caplog.at_level(logging.DEBUG):
        for path in ("/password_auth", "/ldap_auth", "/jwt_auth", "/v1/_me", "/v1/note"):
            for name in ("password", "token", "Authorization", "X-Amz-Signature"):
                await nobody.send("GET", path, query=[("email", "a@b.co"), (name, secret)])
        wrong = {"appid": app.access_key, "provider": "password", "token": f"a@b.co::{secret}"}
        await nobody.post("/jwt_auth", wrong)
        await nobody.send("GET", "/v1/_me", headers={"authorization": f"Bearer {secret}.x.y"})
    told = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    assert secret not in told
