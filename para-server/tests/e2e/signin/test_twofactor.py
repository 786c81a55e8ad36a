"""Second factors: asked for when they are on, good once, counted when they are wrong."""

from __future__ import annotations

import asyncio

import bcrypt
import pytest

from para_server.signin.totp import STEP_SEC, code_at, new_key

from ..client import Client, Reply  # noqa: TID252 - tests have no absolute names
from .people import BROWSER, PASSWORD, Clock, a_user, bearer, sign_in

ANN = "ann@myapp.test"
KEY = new_key()
RECOVERY = ("tulip-anchor-5512", "maple-otter-7731")


def hashed(code: str) -> str:
    return bcrypt.hashpw(code.encode(), bcrypt.gensalt(4)).decode()


@pytest.fixture
async def userid(app: Client, nobody: Client) -> str:
    userid = await a_user(app, nobody, ANN)
    hashes = " ".join(map(hashed, RECOVERY))
    fields = {"twoFA": True, "twoFAkey": KEY, "twoFAbackupKeyHash": hashes}
    await app.patch(f"/v1/users/{userid}", fields)
    return userid


def code(clock: Clock, *, steps: int = 0) -> str:
    return code_at(KEY, clock() // 1000 // STEP_SEC + steps)


async def come(nobody: Client, code: str) -> Reply:
    return await sign_in(nobody, f"{ANN}::{PASSWORD}", code=code)


async def test_the_password_alone_does_not_do(userid: str, nobody: Client) -> None:
    del userid
    reply = await come(nobody, "")
    assert reply.status == 400
    assert reply.json["message"].endswith("A two-factor code is needed.")
    wrong = await sign_in(nobody, f"{ANN}::wrong-password")
    assert "two-factor" not in wrong.json["message"]


async def test_a_code_signs_in_once(userid: str, nobody: Client, clock: Clock) -> None:
    now = code(clock)
    reply = await come(nobody, now)
    assert (reply.status, reply.json["user"]["id"]) == (200, userid)
    assert "twoFAstep" not in reply.text
    assert (await come(nobody, now)).status == 400
    clock.pass_sec(STEP_SEC)
    assert (await come(nobody, code(clock))).status == 200


@pytest.mark.parametrize(("steps", "status"), [(-1, 200), (1, 200), (-2, 400), (2, 400)], ids=str)
async def test_the_clock_of_a_phone_may_be_off_by_a_step(
    userid: str, nobody: Client, clock: Clock, steps: int, status: int
) -> None:
    del userid
    assert (await come(nobody, code(clock, steps=steps))).status == status


async def test_an_older_code_does_not_do_after_a_newer_one(
    userid: str, nobody: Client, clock: Clock
) -> None:
    del userid
    older = code(clock, steps=-1)
    assert (await come(nobody, code(clock))).status == 200
    assert (await come(nobody, older)).status == 400


async def test_one_of_many_sign_ins_with_one_code_succeeds(
    userid: str, nobody: Client, clock: Clock
) -> None:
    del userid
    now = code(clock)
    replies = await asyncio.gather(*(come(nobody, now) for _ in range(12)))
    assert sorted(reply.status for reply in replies) == [200, *[400] * 11]


async def test_each_recovery_code_works_once(
    userid: str, app: Client, nobody: Client, clock: Clock
) -> None:
    del clock
    tries = [RECOVERY[0], RECOVERY[0], RECOVERY[1], RECOVERY[1]]
    assert [(await come(nobody, one)).status for one in tries] == [200, 400, 200, 400]
    stored = (await app.get(f"/v1/users/{userid}")).json
    assert "twoFAbackupKeyHash" not in stored


async def test_one_of_many_sign_ins_with_one_recovery_code_succeeds(
    userid: str, nobody: Client
) -> None:
    del userid
    replies = await asyncio.gather(*(come(nobody, RECOVERY[0]) for _ in range(6)))
    assert sorted(reply.status for reply in replies) == [200, *[400] * 5]


async def test_wrong_codes_lock_the_account(userid: str, nobody: Client, clock: Clock) -> None:
    del userid
    for _ in range(3):
        assert (await come(nobody, "000000x")).status == 400
    assert (await come(nobody, code(clock))).status == 400


async def test_an_app_that_signs_the_request_asks_its_users_itself(
    userid: str, app: Client
) -> None:
    token = f"{ANN}::{PASSWORD}"
    body = {"appid": "app:myapp", "provider": "password", "token": token}
    reply = await app.post("/jwt_auth", body)
    assert (reply.status, reply.json["user"]["id"]) == (200, userid)
    forged = Client(app.para, "app:myapp", "another-secret")
    assert (await forged.post("/jwt_auth", body)).status == 400


async def test_the_form_has_a_field_for_the_code(userid: str, nobody: Client, clock: Clock) -> None:
    del userid
    query = [("appid", "myapp"), ("email", ANN), ("password", PASSWORD)]
    without = await nobody.send("GET", "/password_auth", query=query, headers=BROWSER)
    assert without.headers["location"].endswith("/signin?error")
    query.append(("code", code(clock)))
    reply = await nobody.send("GET", "/password_auth", query=query, headers=BROWSER)
    assert reply.headers["location"].endswith("8080/")


async def test_it_is_off_for_who_has_no_key(app: Client, nobody: Client) -> None:
    userid = await a_user(app, nobody, ANN)
    await app.patch(f"/v1/users/{userid}", {"twoFA": True})
    assert (await come(nobody, "")).status == 200


@pytest.mark.parametrize("way", ["PUT", "POST", "batch", "PUT of itself"])
async def test_a_used_code_stays_used_when_its_user_is_written_over(
    userid: str, app: Client, nobody: Client, clock: Clock, way: str
) -> None:
    await app.put("/v1/_permissions/*/dXNlcnM", ["PUT"])
    now = code(clock)
    user = bearer(nobody, await come(nobody, now))
    body = {"type": "user", **(await app.get(f"/v1/users/{userid}")).json}
    if way == "batch":
        written = await app.post("/v1/_batch", [body])
    elif way == "POST":
        other = {"identifier": "custom:ann", "email": "other@myapp.test"}
        written = await app.post("/v1/users", {**body, **other})
    else:
        caller = app if way == "PUT" else user
        written = await caller.put(f"/v1/users/{userid}", body)
    assert written.status in (200, 201)
    assert (await come(nobody, now)).status == 400
    clock.pass_sec(STEP_SEC)
    assert (await come(nobody, code(clock))).status == 200
