"""From profiles to users: who is known, who is linked, who is new, and who is not let in."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from para_core.contracts.dao import Record
from para_core.contracts.signin import IdpTokens, Profile
from para_core.errors import UnavailableError
from para_core.objects import App, User
from para_server.services.store import Save

from ..client import Client, Reply  # noqa: TID252 - tests have no absolute names
from .people import PASSWORD, Vouching, a_user, bearer, jwt, sign_in

ANN = "ann@myapp.test"
VERIFIED = Profile(identifier="custom:ann", email=ANN, email_is_verified=True, name="Ann")
UNVERIFIED = replace(VERIFIED, email_is_verified=False)


async def the_app(app: Client) -> App:
    found = await app.para.services.apps.find("myapp")
    assert found is not None
    return found


async def come(nobody: Client, vouching: Vouching, profile: Profile) -> Reply:
    vouching.profiles["token"] = profile
    return await sign_in(nobody, "token", provider="vouching")


async def test_somebody_new_becomes_an_active_user(
    app: Client, nobody: Client, vouching: Vouching
) -> None:
    reply = await come(nobody, vouching, VERIFIED)
    user = reply.json["user"]
    assert (user["active"], user["groups"], user["name"]) == (True, "users", "Ann")
    assert user["identityProvider"] == "custom"
    known = (await app.get("/v1/_id/custom:ann")).json
    assert (known["creatorid"], known["name"]) == (user["id"], "identifier")
    assert "verifiedEmail" not in user


async def test_a_new_user_without_an_address_gets_one_that_is_made_up(
    app: Client, nobody: Client, vouching: Vouching
) -> None:
    profile = Profile(identifier="custom:bob", fallback_email="{id}@vouching.test")
    user = (await come(nobody, vouching, profile)).json["user"]
    assert user["email"] == f"{user['id']}@vouching.test"
    assert user["name"] == "No Name"


async def test_who_comes_again_is_known_by_the_identifier_and_follows_the_profile(
    app: Client, nobody: Client, vouching: Vouching
) -> None:
    first = (await come(nobody, vouching, VERIFIED)).json["user"]
    changed = replace(VERIFIED, email="ann@new.test", name="Ann B", picture="https://a.test/b.png")
    again = (await come(nobody, vouching, changed)).json["user"]
    assert again["id"] == first["id"]
    told = (again["email"], again["name"], again["picture"])
    assert told == ("ann@new.test", "Ann B", "https://a.test/b.png")


async def test_accounts_are_linked_when_both_sides_have_verified_the_address(
    app: Client, nobody: Client, vouching: Vouching
) -> None:
    userid = await a_user(app, nobody, ANN)
    user = (await come(nobody, vouching, VERIFIED)).json["user"]
    assert (user["id"], user["identifier"]) == (userid, "custom:ann")
    assert (await sign_in(nobody, f"{ANN}::{PASSWORD}")).status == 200


async def test_an_unverified_address_in_a_profile_links_nothing(
    app: Client, nobody: Client, vouching: Vouching
) -> None:
    await a_user(app, nobody, ANN)
    assert (await come(nobody, vouching, UNVERIFIED)).status == 400
    assert (await app.get("/v1/_id/custom:ann")).status == 404
    assert (await app.get("/v1/users")).json["totalHits"] == 1


async def test_an_account_that_never_verified_its_address_is_not_linked(
    app: Client, nobody: Client, vouching: Vouching
) -> None:
    await app.put("/v1/_settings/security.allow_unverified_emails", {"value": True})
    squatter = await sign_in(nobody, f"{ANN}:Mallory:{PASSWORD}")
    assert squatter.status == 200
    assert (await come(nobody, vouching, VERIFIED)).status == 400
    assert (await app.get("/v1/_id/custom:ann")).status == 404


async def test_an_account_made_by_an_unverified_profile_is_not_linked(
    app: Client, nobody: Client, vouching: Vouching
) -> None:
    mallory = replace(UNVERIFIED, identifier="custom:mallory")
    assert (await come(nobody, vouching, mallory)).status == 200
    assert (await come(nobody, vouching, VERIFIED)).status == 400


async def test_nobody_but_the_server_says_that_an_address_is_verified(
    app: Client, nobody: Client, vouching: Vouching
) -> None:
    await app.put("/v1/_permissions/*/dXNlcnM", ["?", "POST"])
    guest = Client(nobody.para, guest_of="app:myapp")
    mallory = {"identifier": "gh:666", "email": ANN, "name": "Mallory", "active": True}
    forged = {**mallory, "verifiedEmail": ANN, "tokenSecret": "x" * 44, "twoFAstep": 10**9}
    made = await guest.post("/v1/users", forged)
    assert made.status == 201
    stored = await app.para.services.users.find(await the_app(app), made.json["id"])
    assert stored is not None
    assert (stored.verified_email, stored.two_fa_step) == ("", 0)
    assert stored.token_secret != "x" * 44
    assert (await come(nobody, vouching, VERIFIED)).status == 400


async def test_a_user_whom_the_app_has_made_is_linked(
    app: Client, nobody: Client, vouching: Vouching
) -> None:
    made = {"identifier": "gh:1", "email": ANN, "name": "Ann", "active": True}
    userid = (await app.post("/v1/users", made)).json["id"]
    assert (await come(nobody, vouching, VERIFIED)).json["user"]["id"] == userid


async def test_an_account_that_was_never_used_goes_to_who_proves_the_address(
    app: Client, nobody: Client, vouching: Vouching
) -> None:
    await sign_in(nobody, f"{ANN}:Mallory:{PASSWORD}")
    reply = await come(nobody, vouching, VERIFIED)
    assert (reply.status, reply.json["user"]["name"]) == (200, "Ann")
    assert (await sign_in(nobody, f"{ANN}::{PASSWORD}")).status == 400
    assert "password" not in (await app.get(f"/v1/_id/{ANN}")).json


async def test_an_account_that_the_app_has_switched_off_stays_off(
    app: Client, nobody: Client, vouching: Vouching
) -> None:
    userid = await a_user(app, nobody, ANN)
    await app.patch(f"/v1/users/{userid}", {"active": False})
    assert (await come(nobody, vouching, VERIFIED)).status == 400
    stored = (await app.get(f"/v1/users/{userid}")).json
    assert (stored["active"], stored["identifier"]) == (False, ANN)


async def switch_off(app: Client, nobody: Client, userid: str, way: str) -> Reply:
    """Switch a user off in one of the ways there are."""
    off = {"active": False}
    if way == "PATCH":
        return await app.patch(f"/v1/users/{userid}", off)
    if way == "batch":
        return await app.send("PATCH", "/v1/_batch", [{"id": userid, **off}])
    boss = Profile(identifier="custom:boss", email="boss@myapp.test", groups="admins")
    vouched = jwt(
        {"identifier": boss.identifier, "email": boss.email, "groups": "admins", "exp": 4102444800},
        app.secret,
    )
    admin = bearer(nobody, await sign_in(nobody, vouched, provider="passwordless"))
    if way == "PATCH of an admin":
        return await admin.patch(f"/v1/users/{userid}", off)
    whole = {"identifier": ANN, "email": ANN, "name": "Mallory", **off}
    return await admin.put(f"/v1/users/{userid}", whole)


@pytest.mark.parametrize("way", ["PATCH", "batch", "PATCH of an admin", "PUT of an admin"])
async def test_an_account_that_was_in_use_is_not_switched_on_by_its_address(
    app: Client, nobody: Client, vouching: Vouching, way: str
) -> None:
    await app.put("/v1/_settings/security.allow_unverified_emails", {"value": True})
    userid = (await sign_in(nobody, f"{ANN}:Mallory:{PASSWORD}")).json["user"]["id"]
    assert (await switch_off(app, nobody, userid, way)).status == 200
    assert (await come(nobody, vouching, VERIFIED)).status == 400
    stored = (await app.get(f"/v1/users/{userid}")).json
    assert (stored["active"], stored["identifier"]) == (False, ANN)
    assert (await app.get("/v1/_id/custom:ann")).status == 404
    await app.patch(f"/v1/users/{userid}", {"active": True})
    assert (await come(nobody, vouching, VERIFIED)).status == 400


async def an_unused_account(app: Client, nobody: Client) -> str:
    """Return the id of an account that Mallory has prepared for the owner of Ann's address."""
    await app.put("/v1/_permissions/*/dXNlcnM", ["?", "POST"])
    guest = Client(nobody.para, guest_of="app:myapp")
    second = {"twoFA": True, "twoFAkey": "KEY", "twoFAbackupKeyHash": "hash"}
    idp = {"idpAccessToken": "a", "idpIdToken": "b", "idpRefreshToken": "c"}
    mallory = {"identifier": "gh:666", "email": ANN, "name": "Mallory", **second, **idp}
    userid: str = (await guest.post("/v1/users", mallory)).json["id"]
    for key, name in (("custom:door", "identifier"), ("gh:667", "other"), ("notes", "identifier")):
        await app.put(f"/v1/sysprop/{key}", {"name": name, "creatorid": userid})
    await app.put("/v1/sysprop/plain", {"name": "of hers", "creatorid": userid})
    return userid


async def test_who_proves_the_address_of_an_unused_account_has_it_alone(
    app: Client, nobody: Client, vouching: Vouching
) -> None:
    userid = await an_unused_account(app, nobody)
    the = await the_app(app)
    before = await app.para.services.users.find(the, userid)
    reply = await come(nobody, vouching, VERIFIED)
    user = reply.json["user"]
    assert (reply.status, user["id"], user["identifier"]) == (200, userid, "custom:ann")
    for key in ("gh:666", "gh:667", "custom:door", "notes"):
        assert (await app.get(f"/v1/_id/{key}")).status == 404, key
    assert (await app.get("/v1/_id/plain")).status == 200
    after = await app.para.services.users.find(the, userid)
    assert before is not None
    assert after is not None
    assert after.token_secret != before.token_secret
    told = (after.two_fa, after.two_fa_key, after.two_fa_backup_key_hash)
    assert told == (False, None, None)
    assert (after.idp_access_token, after.idp_id_token, after.idp_refresh_token) == (None,) * 3
    mallory = await come(nobody, vouching, Profile(identifier="gh:666", email="m@evil.test"))
    assert mallory.json["user"]["id"] != userid


async def test_who_has_made_an_unused_account_does_not_own_it_when_it_is_claimed(
    app: Client, nobody: Client, vouching: Vouching
) -> None:
    await app.put("/v1/_permissions/*/dXNlcnM", ["POST", "GET", "DELETE", "OWN"])
    await a_user(app, nobody, "mallory@myapp.test", name="Mallory")
    mallory = bearer(nobody, await sign_in(nobody, f"mallory@myapp.test::{PASSWORD}"))
    made = await mallory.post("/v1/users", {"identifier": "gh:666", "email": ANN, "name": "Ann"})
    userid = made.json["id"]
    assert (await mallory.get(f"/v1/users/{userid}")).status == 200
    assert (await come(nobody, vouching, VERIFIED)).json["user"]["id"] == userid
    assert (await mallory.get(f"/v1/users/{userid}")).status == 404


@pytest.mark.parametrize(
    "change",
    [{"email": "other@myapp.test"}, {"active": True}, {"active": True, "off": True}],
    ids=["another address", "switched on", "switched on and off"],
)
async def test_an_account_that_changes_while_it_is_claimed_is_not_handed_over(
    app: Client, nobody: Client, monkeypatch: pytest.MonkeyPatch, change: dict[str, object]
) -> None:
    await app.put("/v1/_settings/security.allow_unverified_emails", {"value": True})
    userid = await an_unused_account(app, nobody)
    users, store = app.para.services.users, app.para.services.store
    save, asked = store.save, [dict(change)]

    async def overtaken(
        appid: str, event: str, saves: Sequence[Save], *, deletes: Sequence[str] = ()
    ) -> list[Record]:
        if asked:
            told = asked.pop()
            is_off = told.pop("off", False)
            await app.patch(f"/v1/users/{userid}", told)
            if is_off:
                await app.patch(f"/v1/users/{userid}", {"active": False})
        return await save(appid, event, saves, deletes=deletes)

    monkeypatch.setattr(store, "save", overtaken)
    assert await users.claim(await the_app(app), userid, ANN, "custom:ann") is None
    assert not asked
    assert (await app.get("/v1/_id/gh:666")).json["creatorid"] == userid
    assert (await app.get("/v1/_id/custom:ann")).status == 404
    assert (await app.get(f"/v1/users/{userid}")).json["identifier"] == "gh:666"


async def test_an_identifier_that_is_taken_away_meanwhile_signs_nobody_in(
    app: Client, nobody: Client, vouching: Vouching, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The identifier was read before the account was claimed, and the user after it."""
    userid = await an_unused_account(app, nobody)
    the, users = await the_app(app), app.para.services.users
    find, owners = users.find, ["custom:ann"]

    async def late(app: App, key: str) -> User | None:
        while owners:
            assert await users.claim(the, userid, ANN, owners.pop()) is not None
        return await find(app, key)

    monkeypatch.setattr(users, "find", late)
    mallory = Profile(identifier="gh:666", email=ANN, name="Mallory again")
    assert (await come(nobody, vouching, mallory)).status == 400
    assert not owners
    assert (await app.get("/v1/_id/gh:666")).status == 404
    assert (await app.get(f"/v1/users/{userid}")).json["identifier"] == "custom:ann"


async def test_an_account_is_claimed_once_by_many_at_the_same_time(
    app: Client, nobody: Client, vouching: Vouching
) -> None:
    userid = await an_unused_account(app, nobody)
    vouching.profiles["token"] = VERIFIED
    tries = [sign_in(nobody, "token", provider="vouching") for _ in range(10)]
    replies = await asyncio.gather(*tries)
    assert {reply.status for reply in replies} == {200}
    assert {reply.json["user"]["id"] for reply in replies} == {userid}


async def test_the_address_of_another_user_is_not_taken_over(
    app: Client, nobody: Client, vouching: Vouching
) -> None:
    await a_user(app, nobody, ANN)
    bob = Profile(identifier="custom:bob", email="bob@myapp.test", email_is_verified=True)
    await come(nobody, vouching, bob)
    again = await come(nobody, vouching, replace(bob, email=ANN))
    assert again.json["user"]["email"] == "bob@myapp.test"


async def test_an_unverified_address_does_not_replace_a_verified_one(
    app: Client, nobody: Client, vouching: Vouching
) -> None:
    await come(nobody, vouching, VERIFIED)
    again = await come(nobody, vouching, replace(UNVERIFIED, email="other@myapp.test"))
    assert again.json["user"]["email"] == ANN


async def test_an_older_identifier_still_leads_to_the_user(
    app: Client, nobody: Client, vouching: Vouching
) -> None:
    short = replace(VERIFIED, identifier="sl:U1")
    first = (await come(nobody, vouching, short)).json["user"]
    long = replace(VERIFIED, identifier="sl:U1:T1", aliases=("sl:U1",))
    again = (await come(nobody, vouching, long)).json["user"]
    assert (again["id"], again["identifier"]) == (first["id"], "sl:U1:T1")
    assert (await app.get("/v1/_id/sl:U1:T1")).json["creatorid"] == first["id"]


async def test_first_sign_ins_at_once_make_one_user(
    app: Client, nobody: Client, vouching: Vouching
) -> None:
    vouching.profiles["token"] = VERIFIED
    tries = [sign_in(nobody, "token", provider="vouching") for _ in range(10)]
    replies = await asyncio.gather(*tries)
    assert {reply.status for reply in replies} == {200}
    assert len({reply.json["user"]["id"] for reply in replies}) == 1
    assert (await app.get("/v1/users")).json["totalHits"] == 1


async def test_the_group_of_a_profile_is_applied_each_time(
    app: Client, nobody: Client, vouching: Vouching
) -> None:
    groups = []
    for group in ("mods", "", "users"):
        reply = await come(nobody, vouching, replace(VERIFIED, groups=group))
        groups.append(reply.json["user"]["groups"])
    assert groups == ["mods", "mods", "users"]


async def test_tokens_of_the_provider_are_shown_to_their_user_only(
    app: Client, nobody: Client, vouching: Vouching
) -> None:
    profile = replace(VERIFIED, tokens=IdpTokens(access="idp-token"))
    reply = await come(nobody, vouching, profile)
    await app.put("/v1/_permissions/*/dXNlcnM", ["GET"])
    me = bearer(nobody, reply)
    other = bearer(
        nobody,
        await come(nobody, vouching, Profile(identifier="custom:bob", email="bob@myapp.test")),
    )
    assert (await me.get("/v1/_me")).json["idpAccessToken"] == "idp-token"
    found = await other.get(f"/v1/users/{reply.json['user']['id']}")
    assert found.status == 200
    assert "idp-token" not in found.text


async def test_a_picture_is_loaded_for_the_user_it_belongs_to(
    app: Client, nobody: Client, vouching: Vouching
) -> None:
    async def load(userid: str) -> str:
        return f"https://files.test/{userid}.png"

    user = (await come(nobody, vouching, replace(VERIFIED, load_picture=load))).json["user"]
    assert user["picture"] == f"https://files.test/{user['id']}.png"


@pytest.mark.parametrize(
    "identifier", ["", "nonsense", "unknown:1"], ids=["none", "no prefix", "an unknown prefix"]
)
async def test_an_identifier_that_nobody_can_have_is_refused(
    app: Client, nobody: Client, vouching: Vouching, identifier: str
) -> None:
    assert (await come(nobody, vouching, replace(VERIFIED, identifier=identifier))).status == 400
    assert (await app.get("/v1/users")).json["totalHits"] == 0


@pytest.mark.parametrize(
    "error", [UnavailableError("no answer"), ValueError("no JSON")], ids=["no answer", "nonsense"]
)
async def test_a_provider_that_fails_is_a_failed_sign_in(
    app: Client, nobody: Client, vouching: Vouching, error: Exception
) -> None:
    vouching.failure = error
    reply = await sign_in(nobody, "token", provider="vouching")
    assert reply.status == 400
    assert "Check if user is active" in reply.json["message"]
