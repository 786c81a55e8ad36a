"""Sessions that last as long as the provider says."""

from __future__ import annotations

import asyncio

import pytest

from para_core.contracts.signin import IdpTokens, Profile
from para_core.errors import UnavailableError

from ..client import Client  # noqa: TID252 - tests have no absolute names
from .people import Clock, Vouching, bearer, sign_in

PROFILE = Profile(identifier="custom:ann", email="ann@myapp.test", tokens=IdpTokens("first", "r1"))


@pytest.fixture
async def user(app: Client, nobody: Client, vouching: Vouching) -> Client:
    await app.put("/v1/_permissions/*/bm90ZXM", ["GET"])
    vouching.profiles["token"] = PROFILE
    vouching.is_asked = True
    return bearer(nobody, await sign_in(nobody, "token", provider="vouching"))


async def test_requests_that_come_together_ask_once(user: Client, vouching: Vouching) -> None:
    replies = await asyncio.gather(*(user.get("/v1/notes") for _ in range(10)))
    assert [reply.status for reply in replies] == [200] * 10
    assert vouching.asked == 1


async def test_a_session_ends_when_the_provider_says_so(
    user: Client, vouching: Vouching, clock: Clock
) -> None:
    assert (await user.get("/v1/notes")).status == 200
    vouching.renewals = [None]
    clock.pass_sec(11)
    assert (await user.get("/v1/notes")).status == 401
    assert (await user.get("/jwt_auth")).status == 401


async def test_new_tokens_of_the_provider_are_kept(
    user: Client, app: Client, vouching: Vouching
) -> None:
    vouching.renewals = [IdpTokens("second", "r2")]
    me = (await user.get("/v1/_me")).json
    assert (await user.get("/v1/notes")).status == 200
    assert vouching.asked == 1
    stored = (await app.get(f"/v1/users/{me['id']}")).json
    assert (stored["idpAccessToken"], stored["idpRefreshToken"]) == ("second", "r2")


async def test_a_provider_that_does_not_answer_does_not_vouch(
    user: Client, vouching: Vouching
) -> None:
    vouching.failure = UnavailableError("no answer")
    assert (await user.get("/v1/notes")).status == 401


async def test_users_of_other_providers_are_not_asked_about(
    user: Client, app: Client, vouching: Vouching
) -> None:
    me = (await user.get("/v1/_me")).json
    await app.patch(f"/v1/users/{me['id']}", {"identifier": "gh:1"})
    asked = vouching.asked
    assert (await user.get("/v1/notes")).status == 200
    assert vouching.asked == asked
