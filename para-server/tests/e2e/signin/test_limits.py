"""How often one address may fail, and how many accounts it may make."""

from __future__ import annotations

import asyncio
from ipaddress import ip_network

import pytest

from para_server.signin.passwords import BusyError
from para_server.signin.policy import SignInPolicy

from ..client import Client, Reply  # noqa: TID252 - tests have no absolute names
from .people import BROWSER, PASSWORD, SCRIPT, Clock, a_user, sign_in

ANN = "ann@myapp.test"
FAR = {"x-forwarded-for": "203.0.113.9"}


@pytest.fixture
def policy() -> SignInPolicy:
    return SignInPolicy(
        bcrypt_cost=4,
        failures_per_address=3,
        sign_ups_per_address=4,
        trusted_proxies=(ip_network("127.0.0.0/8"),),
    )


async def fail(nobody: Client, headers: dict[str, str] | None = None) -> Reply:
    return await sign_in(nobody, "nobody:no-password", headers=headers)


async def test_an_address_that_fails_too_often_has_to_wait(
    app: Client, nobody: Client, clock: Clock
) -> None:
    await a_user(app, nobody, ANN)
    for _ in range(2):
        assert (await fail(nobody, FAR)).status == 400
    await fail(nobody, FAR)
    refused = await sign_in(nobody, f"{ANN}::{PASSWORD}", headers=FAR)
    assert (refused.status, refused.json) == (429, {"code": 429, "message": "Too Many Requests"})
    wait = int(refused.headers["retry-after"])
    assert 0 < wait <= 600
    other = {"x-forwarded-for": "203.0.113.10"}
    assert (await sign_in(nobody, f"{ANN}::{PASSWORD}", headers=other)).status == 200
    clock.pass_sec(wait + 1)
    assert (await sign_in(nobody, f"{ANN}::{PASSWORD}", headers=FAR)).status == 200


async def test_tries_at_the_same_time_do_not_pass_the_limit_together(
    app: Client, nobody: Client
) -> None:
    await a_user(app, nobody, ANN)
    tries = [sign_in(nobody, f"{ANN}::wrong-password", headers=FAR) for _ in range(12)]
    statuses = [reply.status for reply in await asyncio.gather(*tries)]
    assert sorted(statuses) == [400] * 3 + [429] * 9
    assert (await app.get(f"/v1/_id/{ANN}")).json["votes"] == 3


async def test_browsers_at_the_same_time_do_not_pass_the_limit_together(
    app: Client, nobody: Client
) -> None:
    del app
    query = [("appid", "myapp"), ("email", "x@y.test"), ("password", "wrong-password")]
    head = {**SCRIPT, **FAR}
    tries = [nobody.send("GET", "/password_auth", query=query, headers=head) for _ in range(12)]
    statuses = [reply.status for reply in await asyncio.gather(*tries)]
    assert sorted(statuses) == [401] * 3 + [429] * 9


async def test_only_failures_are_counted(
    app: Client, nobody: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_user(app, nobody, ANN)

    async def signs_in() -> int:
        return (await sign_in(nobody, f"{ANN}::{PASSWORD}", headers=FAR)).status

    at_once = await asyncio.gather(*(signs_in() for _ in range(12)))
    assert set(at_once) <= {200, 429}
    assert {await signs_in() for _ in range(12)} == {200}
    with monkeypatch.context() as busy:

        async def check(*_: object) -> bool:
            raise BusyError

        busy.setattr(app.para.sign_in.checker, "check", check)
        assert {await signs_in() for _ in range(12)} == {503}
    assert [(await fail(nobody, FAR)).status for _ in range(4)] == [400, 400, 400, 429]


async def test_browsers_are_held_back_as_well(app: Client, nobody: Client) -> None:
    await a_user(app, nobody, ANN)
    query = [("appid", "myapp"), ("email", "x@y.test"), ("password", "wrong-password")]
    statuses = [
        (await nobody.send("GET", "/password_auth", query=query, headers={**head, **FAR})).status
        for head in (BROWSER, BROWSER, SCRIPT, SCRIPT, BROWSER)
    ]
    assert statuses == [302, 302, 401, 429, 429]
    page = await nobody.send("GET", "/password_auth", query=query, headers={**BROWSER, **FAR})
    assert "That was too often" in page.text
    assert int(page.headers["retry-after"]) > 0


async def test_the_limits_of_two_apps_are_two(root: Client, app: Client, nobody: Client) -> None:
    del app
    await root.get("/v1/_setup/other")
    for _ in range(4):
        await fail(nobody, FAR)
    assert (await fail(nobody, FAR)).status == 429
    elsewhere = await sign_in(nobody, "x:y", appid="app:other", headers=FAR)
    assert elsewhere.status == 400


async def test_an_address_makes_so_many_accounts_and_no_more(app: Client, nobody: Client) -> None:
    await app.put("/v1/_settings/security.allow_unverified_emails", {"value": True})
    statuses = [
        (await sign_in(nobody, f"u{n}@myapp.test:U:{PASSWORD}", headers=FAR)).status
        for n in range(6)
    ]
    assert statuses == [200, 200, 200, 200, 429, 429]
    assert (await app.get("/v1/users")).json["totalHits"] == 4


async def test_a_request_that_the_app_has_signed_is_not_held_back(app: Client) -> None:
    body = {"appid": "app:myapp", "provider": "password", "token": "x:y"}
    assert {(await app.post("/jwt_auth", body)).status for _ in range(6)} == {400}


@pytest.mark.parametrize(
    "policy", [SignInPolicy(bcrypt_cost=4, failures_per_address=1)], ids=["no trusted proxy"]
)
async def test_who_only_says_to_be_another_address_is_counted_as_itself(
    app: Client, nobody: Client
) -> None:
    del app
    statuses = [
        (await fail(nobody, {"x-forwarded-for": f"203.0.113.{n}"})).status for n in range(12)
    ]
    assert statuses == [400] * 10 + [429] * 2
