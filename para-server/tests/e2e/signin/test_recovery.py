"""Confirming an address, and a new password by a token: once, in time, and not for guessing."""

from __future__ import annotations

import asyncio

import pytest

from para_core.objects import App
from para_server.http.answers import AnswerError
from para_server.para import Para
from para_server.signin.recovery import Recovery

from ..client import Client  # noqa: TID252 - tests have no absolute names
from .people import PASSWORD, Clock, a_user, bearer, sign_in

ANN = "ann@myapp.test"
OTHER = "another password"


@pytest.fixture
def recovery(para: Para) -> Recovery:
    return para.sign_in.recovery


async def the_app(app: Client) -> App:
    found = await app.para.services.apps.find("myapp")
    assert found is not None
    return found


@pytest.fixture
async def known(app: Client, nobody: Client) -> App:
    """The app, of which Ann is a user."""
    await a_user(app, nobody, ANN)
    return await the_app(app)


async def test_a_token_sets_a_new_password_and_ends_all_sessions(
    app: Client, nobody: Client, recovery: Recovery
) -> None:
    await a_user(app, nobody, ANN)
    user = bearer(nobody, await sign_in(nobody, f"{ANN}::{PASSWORD}"))
    token = await recovery.new_reset_token(await the_app(app), ANN)
    assert len(token) == 56
    assert await recovery.reset_password(await the_app(app), ANN, token, OTHER)
    assert (await sign_in(nobody, f"{ANN}::{PASSWORD}")).status == 400
    assert (await user.get("/v1/_me")).status == 401
    assert (await sign_in(nobody, f"{ANN}::{OTHER}")).status == 200
    assert not await recovery.reset_password(await the_app(app), ANN, token, PASSWORD)


@pytest.mark.parametrize("attempts", [50])
async def test_a_token_works_once_however_many_try_it_at_the_same_time(
    known: App, nobody: Client, para: Para, attempts: int
) -> None:
    token = await para.sign_in.recovery.new_email_token(known, ANN)
    recovery = _unlimited(para)
    tries = (recovery.activate(known, ANN, token) for _ in range(attempts))
    assert sorted(await asyncio.gather(*tries)) == [False] * (attempts - 1) + [True]
    token = await recovery.new_reset_token(known, ANN)
    words = [f"password {n:04}" for n in range(8)]
    resets = (recovery.reset_password(known, ANN, token, word) for word in words)
    results = await asyncio.gather(*resets)
    assert sum(results) == 1
    winner = words[results.index(True)]
    assert (await sign_in(nobody, f"{ANN}::{winner}")).status == 200


async def test_a_token_that_is_too_old_is_worth_nothing(
    known: App, nobody: Client, recovery: Recovery, clock: Clock
) -> None:
    token = await recovery.new_reset_token(known, ANN)
    clock.pass_sec(1000)
    await sign_in(nobody, f"{ANN}::wrong-password")  # which prolongs nothing
    clock.pass_sec(801)
    assert not await recovery.reset_password(known, ANN, token, OTHER)


@pytest.mark.parametrize("later", ["asked for", "used"])
async def test_a_reset_token_has_its_own_time(
    known: App, recovery: Recovery, clock: Clock, later: str
) -> None:
    reset = await recovery.new_reset_token(known, ANN)
    if later == "used":
        confirmation = await recovery.new_email_token(known, ANN)
        clock.pass_sec(1000)
        assert await recovery.activate(known, ANN, confirmation)
    else:
        clock.pass_sec(1000)
        confirmation = await recovery.new_email_token(known, ANN)
    clock.pass_sec(801)
    assert not await recovery.reset_password(known, ANN, reset, OTHER)
    assert await recovery.activate(known, ANN, confirmation) is (later == "asked for")


@pytest.mark.parametrize("later", ["asked for", "used"])
async def test_a_confirmation_token_has_its_own_time(
    known: App, recovery: Recovery, clock: Clock, later: str
) -> None:
    confirmation = await recovery.new_email_token(known, ANN)
    if later == "used":
        reset = await recovery.new_reset_token(known, ANN)
        clock.pass_sec(1000)
        assert await recovery.reset_password(known, ANN, reset, OTHER)
    else:
        clock.pass_sec(1000)
        reset = await recovery.new_reset_token(known, ANN)
    clock.pass_sec(801)
    assert not await recovery.activate(known, ANN, confirmation)
    assert await recovery.reset_password(known, ANN, reset, PASSWORD) is (later == "asked for")


async def test_a_token_that_the_app_stored_lives_from_the_last_change_by_the_app(
    known: App, app: Client, recovery: Recovery, clock: Clock
) -> None:
    await app.patch(f"/v1/sysprop/{ANN}", {"token": "of the app"})
    clock.pass_sec(1000)
    confirmation = await recovery.new_email_token(known, ANN)
    assert await recovery.activate(known, ANN, confirmation)
    clock.pass_sec(801)
    assert not await recovery.reset_password(known, ANN, "of the app", OTHER)
    await app.patch(f"/v1/sysprop/{ANN}", {"token": "of the app again"})
    assert await recovery.reset_password(known, ANN, "of the app again", OTHER)


async def test_a_token_of_the_app_takes_the_place_of_one_that_was_asked_for(
    known: App, app: Client, recovery: Recovery, clock: Clock
) -> None:
    first = await recovery.new_reset_token(known, ANN)
    clock.pass_sec(1801)
    await app.patch(f"/v1/sysprop/{ANN}", {"token": "of the app"})
    assert not await recovery.reset_password(known, ANN, first, OTHER)
    assert await recovery.reset_password(known, ANN, "of the app", OTHER)


async def test_a_used_token_leaves_nothing_behind(
    app: Client, nobody: Client, recovery: Recovery
) -> None:
    await a_user(app, nobody, ANN)
    before = set((await app.get(f"/v1/_id/{ANN}")).json)
    known = await the_app(app)
    reset = await recovery.new_reset_token(known, ANN)
    confirmation = await recovery.new_email_token(known, ANN)
    assert await recovery.reset_password(known, ANN, reset, OTHER)
    assert await recovery.activate(known, ANN, confirmation)
    assert set((await app.get(f"/v1/_id/{ANN}")).json) == before


async def test_a_confirmed_address_is_verified(
    app: Client, nobody: Client, recovery: Recovery
) -> None:
    await sign_in(nobody, f"{ANN}:Ann:{PASSWORD}")
    known = await the_app(app)
    token = await recovery.new_email_token(known, ANN)
    assert not await recovery.activate(known, ANN, token + "x")
    assert await recovery.activate(known, ANN, token)
    assert (await sign_in(nobody, f"{ANN}::{PASSWORD}")).status == 200
    user = await app.para.services.users.by_identifier(known, ANN)
    assert user is not None
    assert user.verified_email == ANN


@pytest.mark.parametrize("token", ["", " ", "guess"], ids=["none", "blank", "a guess"])
async def test_without_a_token_nobody_sets_a_password(
    known: App, nobody: Client, recovery: Recovery, token: str
) -> None:
    assert not await recovery.reset_password(known, ANN, token, OTHER)
    assert not await recovery.reset_password(known, "nobody@myapp.test", token, OTHER)
    assert await recovery.new_reset_token(known, "nobody@myapp.test") == ""


async def test_a_password_that_cannot_be_one_leaves_the_token(
    known: App, recovery: Recovery
) -> None:
    token = await recovery.new_reset_token(known, ANN)
    assert not await recovery.reset_password(known, ANN, token, "short")
    assert await recovery.reset_password(known, ANN, token, OTHER)


async def test_tokens_are_not_for_guessing(known: App, recovery: Recovery) -> None:
    for _ in range(10):
        assert not await recovery.reset_password(known, ANN, "guess", OTHER)
    with pytest.raises(AnswerError, match="Too Many Requests") as refused:
        await recovery.reset_password(known, ANN, "guess", OTHER)
    assert refused.value.status == 429


def _unlimited(para: Para) -> Recovery:
    from para_server.signin.limits import Limits
    from para_server.signin.passwords import PasswordChecker
    from para_server.signin.policy import SignInPolicy

    policy = SignInPolicy(resets_per_account=0)
    services = para.services
    limits = Limits(services.cache, policy, clock=services.clock)
    checker: PasswordChecker = para.sign_in.checker
    return Recovery(services.users, checker, limits, policy, clock=services.clock)
