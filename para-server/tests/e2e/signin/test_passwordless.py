"""Sign-in by the word of the app: who vouches, for what, and how often."""

from __future__ import annotations

from para_core.contracts.signin import Profile
from para_core.objects import User

from ..client import Client, Reply  # noqa: TID252 - tests have no absolute names
from .people import PASSWORD, Vouching, a_user, id_token, jwt, sign_in

ANN = "ann@myapp.test"
VERIFIED = Profile(identifier="custom:ann", email=ANN, email_is_verified=True, name="Ann")


async def exchange(nobody: Client, token: str) -> Reply:
    return await sign_in(nobody, token, provider="passwordless")


async def stored(app: Client, userid: str) -> User:
    found_app = await app.para.services.apps.find("myapp")
    assert found_app is not None
    found = await app.para.services.users.find(found_app, userid)
    assert found is not None
    return found


async def test_an_id_token_verifies_no_address_and_links_nothing(
    app: Client, nobody: Client, vouching: Vouching
) -> None:
    await app.put("/v1/_settings/security.allow_unverified_emails", {"value": True})
    squatter = (await sign_in(nobody, f"{ANN}:Mallory:{PASSWORD}")).json["user"]["id"]
    exchanged = await exchange(nobody, await id_token(app, nobody, ANN))
    assert (exchanged.status, exchanged.json["user"]["id"]) == (200, squatter)
    assert (await stored(app, squatter)).verified_email != ANN
    vouching.profiles["token"] = VERIFIED
    assert (await sign_in(nobody, "token", provider="vouching")).status == 400
    assert (await app.get("/v1/_id/custom:ann")).status == 404


async def test_an_id_token_brings_its_user_as_it_is_stored_now(app: Client, nobody: Client) -> None:
    userid = await a_user(app, nobody, ANN)
    token = await id_token(app, nobody, ANN)
    changed = {"name": "Ann B", "email": "b@myapp.test", "picture": "https://my.test/b.png"}
    await app.patch(f"/v1/users/{userid}", changed)
    user = (await exchange(nobody, token)).json["user"]
    assert {name: user[name] for name in changed} == changed
    assert (user["id"], user["identifier"]) == (userid, ANN)


async def test_an_id_token_of_a_user_who_is_switched_off_lets_nobody_in(
    app: Client, nobody: Client
) -> None:
    userid = await a_user(app, nobody, ANN)
    token = await id_token(app, nobody, ANN)
    await app.patch(f"/v1/users/{userid}", {"active": False})
    assert (await exchange(nobody, token)).status == 400
    assert (await stored(app, userid)).active is False


async def test_the_key_of_one_user_speaks_for_no_other(app: Client, nobody: Client) -> None:
    """Whatever a token says besides, its subject is the user whose key has signed it."""
    userid = await a_user(app, nobody, ANN)
    ann = await stored(app, userid)
    key = f"{app.secret}{ann.token_secret}"
    told = {"sub": userid, "appid": "app:myapp", "exp": 4102444800}
    other = {**told, "sub": "somebody else", "identifier": ANN, "email": ANN}
    assert (await exchange(nobody, jwt(other, key))).status == 400
    nobody_known = {**told, "identifier": "custom:new", "email": ANN}
    assert (await exchange(nobody, jwt(nobody_known, key))).status == 400
    own = {**told, "identifier": ANN, "email": "forged@myapp.test", "groups": "admins"}
    user = (await exchange(nobody, jwt(own, key))).json["user"]
    assert (user["id"], user["email"], user["groups"]) == (userid, ANN, "users")
