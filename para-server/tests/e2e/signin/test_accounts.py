"""From profiles to users: who is known, who is linked, who is new, and who is not let in."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from para_core.contracts.signin import IdpTokens, Profile
from para_core.errors import UnavailableError
from para_core.objects import App

from ..client import Client, Reply  # noqa: TID252 - tests have no absolute names
from .people import PASSWORD, Vouching, a_user, bearer, sign_in

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
