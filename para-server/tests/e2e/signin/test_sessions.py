"""Tokens of users: renewed together, ended, one session or many, of active users only."""

from __future__ import annotations

import asyncio

import pytest

from para_core.objects import App

from ..client import Client  # noqa: TID252 - tests have no absolute names
from .people import PASSWORD, Clock, a_user, bearer, jwt, sign_in

ANN = "ann@myapp.test"
MANY = {"value": False}


@pytest.fixture
async def userid(app: Client, nobody: Client) -> str:
    await app.put("/v1/_permissions/*/bm90ZXM", ["GET"])
    return await a_user(app, nobody, ANN)


async def renewed(user: Client, nobody: Client) -> Client | None:
    reply = await user.get("/jwt_auth")
    return bearer(nobody, reply) if reply.status == 200 else None


async def test_requests_that_renew_one_token_together_all_get_one_that_works(
    userid: str, nobody: Client
) -> None:
    del userid
    user = bearer(nobody, await sign_in(nobody, f"{ANN}::{PASSWORD}"))
    replies = await asyncio.gather(*(user.get("/jwt_auth") for _ in range(10)))
    assert [reply.status for reply in replies] == [200] * 10
    assert len({reply.json["jwt"]["access_token"] for reply in replies}) == 1
    assert (await bearer(nobody, replies[7]).get("/v1/notes")).status == 200
    assert (await user.get("/v1/notes")).status == 401
    assert (await user.get("/jwt_auth")).status == 401


async def test_a_token_that_is_revoked_while_it_is_renewed_is_not(
    userid: str, nobody: Client
) -> None:
    del userid
    user = bearer(nobody, await sign_in(nobody, f"{ANN}::{PASSWORD}"))
    renewal = asyncio.create_task(user.get("/jwt_auth"))
    await asyncio.sleep(0.01)
    assert (await user.delete("/jwt_auth")).status == 200
    reply = await renewal
    assert (reply.status, reply.json["message"]) == (401, "User must reauthenticate.")


async def test_a_sign_in_ends_the_earlier_session(userid: str, nobody: Client) -> None:
    del userid
    first = bearer(nobody, await sign_in(nobody, f"{ANN}::{PASSWORD}"))
    second = bearer(nobody, await sign_in(nobody, f"{ANN}::{PASSWORD}"))
    assert (await first.get("/v1/notes")).status == 401
    assert (await second.get("/v1/notes")).status == 200


async def test_many_sessions_live_side_by_side_until_all_are_revoked(
    userid: str, app: Client, nobody: Client
) -> None:
    await app.put("/v1/_settings/security.one_session_per_user", MANY)
    first = bearer(nobody, await sign_in(nobody, f"{ANN}::{PASSWORD}"))
    second = bearer(nobody, await sign_in(nobody, f"{ANN}::{PASSWORD}"))
    third = await renewed(first, nobody)
    assert third is not None
    clients = [first, second, third]
    assert [(await one.get("/v1/notes")).status for one in clients] == [200] * 3
    revoked = await second.delete("/jwt_auth")
    assert revoked.json["message"] == f"All tokens revoked for user {userid}!"
    assert [(await one.get("/v1/notes")).status for one in clients] == [401] * 3
    assert await renewed(first, nobody) is None


@pytest.mark.parametrize("is_only", [True, False], ids=["one session", "many"])
async def test_a_user_who_is_not_active_gets_no_new_token(
    userid: str, app: Client, nobody: Client, *, is_only: bool
) -> None:
    await app.put("/v1/_settings/security.one_session_per_user", {"value": is_only})
    user = bearer(nobody, await sign_in(nobody, f"{ANN}::{PASSWORD}"))
    await app.patch(f"/v1/users/{userid}", {"active": False})
    assert await renewed(user, nobody) is None
    assert (await user.get("/v1/_me")).status == 401
    assert (await sign_in(nobody, f"{ANN}::{PASSWORD}")).status == 400
    await app.patch(f"/v1/users/{userid}", {"active": True})
    assert await renewed(user, nobody) is not None


async def test_tokens_end_with_their_time(
    userid: str, app: Client, nobody: Client, clock: Clock
) -> None:
    del userid
    await app.put("/v1/_settings/session_timeout", {"value": 60})
    user = bearer(nobody, await sign_in(nobody, f"{ANN}::{PASSWORD}"))
    clock.pass_sec(59)
    assert await renewed(user, nobody) is not None
    user = bearer(nobody, await sign_in(nobody, f"{ANN}::{PASSWORD}"))
    clock.pass_sec(61)
    assert await renewed(user, nobody) is None


async def test_no_cookie_proves_anything(userid: str, nobody: Client) -> None:
    del userid
    token = (await sign_in(nobody, f"{ANN}::{PASSWORD}")).json["jwt"]["access_token"]
    cookie = {"cookie": f"para-auth={token}; myapp-auth={token}"}
    assert (await nobody.send("GET", "/v1/_me", headers=cookie)).status == 401
    assert (await nobody.send("GET", "/jwt_auth", headers=cookie)).status == 401


async def test_new_keys_of_the_app_end_all_tokens(userid: str, app: Client, nobody: Client) -> None:
    del userid
    user = bearer(nobody, await sign_in(nobody, f"{ANN}::{PASSWORD}"))
    await app.post("/v1/_newkeys")
    assert (await user.get("/v1/notes")).status == 401
    assert (await user.delete("/jwt_auth")).status == 401


@pytest.mark.parametrize(
    ("change", "algorithm"),
    [
        ({}, "none"),
        ({"appid": "app:other"}, "HS256"),
        ({"exp": 1}, "HS256"),
        ({"nbf": 4102444800}, "HS256"),
        ({"sub": "somebody-else"}, "HS256"),
        ({"refresh": None}, "HS256"),
    ],
    ids=["unsigned", "other app", "expired", "from the future", "other user", "an ID token"],
)
async def test_a_token_that_does_not_do_is_refused_everywhere(
    userid: str, app: Client, root: Client, change: dict[str, object], algorithm: str
) -> None:
    await root.get("/v1/_setup/other")
    stored = await root.para.services.users.find(_known(app), userid)
    assert stored is not None
    claims = {"sub": userid, "appid": "app:myapp", "exp": 4102444800, "refresh": 1, **change}
    claims = {name: value for name, value in claims.items() if value is not None}
    token = jwt(claims, app.secret + (stored.token_secret or ""), algorithm=algorithm)
    user = Client(app.para, token=token)
    assert (await user.get("/v1/notes")).status == 401
    assert (await user.get("/v1/_me")).status == 401
    assert (await user.get("/jwt_auth")).status == 401
    assert (await user.delete("/jwt_auth")).status == 401


@pytest.mark.parametrize("length", [10, 1_000_000], ids=["truncated", "of a megabyte"])
async def test_a_token_of_an_odd_length_is_refused(
    userid: str, nobody: Client, length: int
) -> None:
    del userid
    token = (await sign_in(nobody, f"{ANN}::{PASSWORD}")).json["jwt"]["access_token"]
    odd = Client(nobody.para, token=(token + "A" * length)[:length])
    assert (await odd.get("/v1/notes")).status == 401
    assert (await odd.get("/jwt_auth")).status == 401


def _known(app: Client) -> App:
    found = app.para.services.apps.known("myapp")
    assert found is not None
    return found
