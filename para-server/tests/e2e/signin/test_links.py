"""Links that sign in once: whoever opens them again, at the same time or later, gets nowhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlencode

import pytest

from para_core.contracts.signin import Profile
from para_server.config import ApiSettings

from ..backends import SQLITE, backends  # noqa: TID252 - tests have no absolute names
from ..client import Client, Reply  # noqa: TID252
from .people import (
    BROWSER,
    FORM,
    SCRIPT,
    Clock,
    Vouching,
    a_user,
    bearer,
    id_token,
    jwt,
    sign_in,
)
from .processes import FarDAO, a_process, the_app

ANN, VERA = "ann@myapp.test", "custom:vera"
DAY_SEC, FOREVER = 86_400, 4_102_444_800  # the second is in the year 2100
WELCOME = "https://my.test/welcome"

Link = Callable[..., str]


@pytest.fixture
def config_values() -> dict[str, object]:
    return {"para.security.returnto": "returnto"}


@pytest.fixture
def link(app: Client, clock: Clock) -> Link:
    """Return what makes the token of a link for Vera, good for ten minutes."""

    def made(**claims: object) -> str:
        now = clock() // 1000
        usual = {"identifier": VERA, "email": "vera@myapp.test", "iat": now, "exp": now + 600}
        told = {**usual, **claims}
        return jwt({name: value for name, value in told.items() if value is not None}, app.secret)

    return made


async def show(nobody: Client, token: str) -> Reply:
    """Show the token as a program does."""
    return await sign_in(nobody, token, provider="passwordless")


async def open_link(
    nobody: Client,
    token: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] = BROWSER,
    redirect: str = "false",
) -> Reply:
    """Open the link as a browser does; the answer is the token of the user."""
    query = [("appid", "myapp"), ("token", token), ("redirect", redirect)]
    return await nobody.send(method, "/passwordless_auth", query=query, headers=headers)


DOORS = {"browser": open_link, "program": show}


@pytest.mark.parametrize("second", DOORS)
@pytest.mark.parametrize("first", DOORS)
async def test_a_link_works_once(nobody: Client, link: Link, first: str, second: str) -> None:
    token = link()
    assert (await DOORS[first](nobody, token)).status == 200
    assert (await DOORS[second](nobody, token)).status in (400, 403)
    assert (await DOORS[second](nobody, link(name="another link"))).status == 200


@pytest.mark.parametrize("is_known", [False, True], ids=["a new user", "a known user"])
async def test_of_many_who_open_a_link_at_the_same_time_one_gets_in(
    nobody: Client, link: Link, *, is_known: bool
) -> None:
    if is_known:
        assert (await show(nobody, link(name="the first link"))).status == 200
    token = link()
    doors = [show, open_link] * 25
    replies = await asyncio.gather(*(door(nobody, token) for door in doors))
    assert sum(reply.status == 200 for reply in replies) == 1
    assert {reply.status for reply in replies} <= {200, 400, 403}


async def test_a_link_that_was_used_changes_nothing(
    app: Client, nobody: Client, link: Link
) -> None:
    """What it says of its user may be outdated by now."""
    token = link(groups="admins", name="Vera")
    first = await show(nobody, token)
    userid = first.json["user"]["id"]
    await show(nobody, link(groups="users", name="Vera B"))
    before = (await app.get(f"/v1/users/{userid}")).json
    assert (before["groups"], before["name"]) == ("users", "Vera B")
    assert (await show(nobody, token)).status == 400
    assert (await app.get(f"/v1/users/{userid}")).json == before


async def test_a_link_that_was_used_ends_no_session(nobody: Client, link: Link) -> None:
    token = link()
    vera = bearer(nobody, await show(nobody, token))
    assert (await open_link(nobody, token)).status == 403
    assert (await vera.get("/v1/_me")).status == 200


@pytest.mark.parametrize("first", ["", "="], ids=["bare first", "padded first"])
async def test_a_link_that_is_spelled_in_another_way_is_the_same(
    nobody: Client, link: Link, first: str
) -> None:
    token = link()
    assert (await show(nobody, token + first)).status == 200
    assert (await show(nobody, token + ("" if first else "="))).status == 400


@pytest.mark.parametrize(
    ("claims", "works_again"),
    [
        ({"lives": DAY_SEC}, False),
        ({"lives": DAY_SEC + 1}, True),
        ({"lives": DAY_SEC + 1, "jti": "1"}, False),
        ({"exp": FOREVER}, True),
        ({"exp": FOREVER, "jti": 1}, False),
        ({"exp": FOREVER, "iat": None}, True),
        ({"exp": FOREVER, "iat": None, "jti": ""}, True),
        ({"iat": None}, False),
        ({"iat": "text"}, None),
    ],
    ids=str,
)
async def test_what_lives_for_more_than_a_day_works_again_unless_it_has_a_number(
    nobody: Client,
    link: Link,
    clock: Clock,
    claims: dict[str, object],
    works_again: bool | None,  # noqa: FBT001 - a parameter of the test
) -> None:
    lives = claims.pop("lives", None)
    if isinstance(lives, int):
        claims["iat"] = clock() // 1000 - 60
        claims["exp"] = clock() // 1000 - 60 + lives
    token = link(**claims)
    statuses = [(await show(nobody, token)).status for _ in range(2)]
    expected = [400, 400] if works_again is None else [200, 200 if works_again else 400]
    assert statuses == expected


# ---- what uses nothing up ------------------------------------------------------------------------


async def test_a_link_of_a_user_who_is_switched_off_stays_unused(
    app: Client, nobody: Client, link: Link
) -> None:
    userid = (await show(nobody, link(name="the first link"))).json["user"]["id"]
    token = link()
    await app.patch(f"/v1/users/{userid}", {"active": False})
    assert (await open_link(nobody, token)).status == 403
    await app.patch(f"/v1/users/{userid}", {"active": True})
    assert (await open_link(nobody, token)).status == 200
    assert (await open_link(nobody, token)).status == 403


async def test_a_link_of_an_app_that_is_switched_off_stays_unused(
    root: Client, nobody: Client, link: Link
) -> None:
    token = link()
    await root.patch("/v1/apps/myapp", {"active": False})
    assert (await open_link(nobody, token)).status == 403
    assert (await show(nobody, token)).status == 403
    await root.patch("/v1/apps/myapp", {"active": True})
    assert (await open_link(nobody, token)).status == 200


async def test_a_link_that_leads_nowhere_stays_unused(
    app: Client, nobody: Client, link: Link
) -> None:
    token = link()
    reply = await open_link(nobody, token, headers=SCRIPT, redirect="true")
    assert (reply.status, "set-cookie" in reply.headers) == (400, False)
    assert (await app.get(f"/v1/_id/{VERA}")).status == 404
    await app.put("/v1/_settings", {"returnto": WELCOME})
    reply = await open_link(nobody, token, redirect="true")
    assert (reply.status, reply.headers["location"]) == (302, WELCOME)
    again = await open_link(nobody, token, redirect="true")
    assert again.headers["location"] != WELCOME
    assert "set-cookie" not in again.headers


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE"])
async def test_who_only_looks_at_a_link_leaves_it_unused(
    app: Client, nobody: Client, link: Link, method: str
) -> None:
    """Programs that look through mail ask so before somebody opens it."""
    await app.put("/v1/_settings", {"returnto": WELCOME})
    token = link()
    reply = await open_link(nobody, token, method=method, redirect="true")
    assert (reply.status, reply.headers["allow"]) == (405, "GET, POST")
    assert "set-cookie" not in reply.headers
    assert (await app.get(f"/v1/_id/{VERA}")).status == 404
    assert (await open_link(nobody, token, redirect="true")).headers["location"] == WELCOME


async def test_a_button_of_a_page_sends_the_token_as_a_form(nobody: Client, link: Link) -> None:
    form = urlencode({"appid": "myapp", "token": link(), "redirect": "false"}).encode()
    heads = {**FORM, **BROWSER}
    statuses = [
        (await nobody.send("POST", "/passwordless_auth", raw=form, headers=heads)).status
        for _ in range(2)
    ]
    assert statuses == [200, 403]


# ---- who remembers -------------------------------------------------------------------------------


def a_link(app: Client, clock: Clock, number: int = 0) -> str:
    claims = {"identifier": VERA, "email": "vera@myapp.test", "jti": number}
    return jwt({**claims, "exp": clock() // 1000 + 600}, app.secret)


async def test_a_link_that_was_used_before_a_restart_does_not_work_after_it(
    settings: ApiSettings, tmp_path: Path, clock: Clock
) -> None:
    pytest.importorskip("para_dao_sql")
    async with (
        backends(SQLITE, tmp_path) as made,
        a_process(settings, made.dao, clock) as nobody,
    ):
        token = a_link(await the_app(nobody), clock)
        assert (await show(nobody, token)).status == 200
    async with (
        backends(SQLITE, tmp_path) as made,
        a_process(settings, made.dao, clock) as nobody,
    ):
        assert (await show(nobody, token)).status == 400


async def test_a_link_works_in_one_of_several_processes(
    settings: ApiSettings, clock: Clock
) -> None:
    dao = FarDAO()
    async with a_process(settings, dao, clock) as one, a_process(settings, dao, clock) as two:
        app = await the_app(one)
        for number, nobody in enumerate([one, two]):  # both know the app then
            assert (await show(nobody, a_link(app, clock, number))).status == 200
        token = a_link(app, clock, 2)
        replies = await asyncio.gather(*(show(nobody, token) for nobody in [one, two] * 25))
        assert sorted(reply.status for reply in replies) == [200, *[400] * 49]


# ---- ID tokens -----------------------------------------------------------------------------------


@pytest.mark.parametrize("is_only", ["true", "false"], ids=["one session", "several sessions"])
async def test_an_id_token_is_exchanged_once_however_many_try(
    app: Client, nobody: Client, is_only: str
) -> None:
    await a_user(app, nobody, ANN)
    await app.put("/v1/_settings/security.one_session_per_user", {"value": is_only})
    token = await id_token(app, nobody, ANN)
    replies = await asyncio.gather(*(show(nobody, token) for _ in range(50)))
    assert sorted(reply.status for reply in replies) == [200, *[400] * 49]
    assert (await show(nobody, token)).status == 400


async def test_id_tokens_of_the_same_second_are_several(app: Client, nobody: Client) -> None:
    await a_user(app, nobody, ANN)
    await app.put("/v1/_settings/security.one_session_per_user", {"value": "false"})
    tokens = [await id_token(app, nobody, ANN) for _ in range(3)]
    assert [(await show(nobody, token)).status for token in tokens] == [200] * 3


# ---- what providers bring -----------------------------------------------------------------------


def a_profile(clock: Clock, proof: str = "assertion 1") -> Profile:
    ends_ms = clock() + 600_000
    return Profile(
        identifier=VERA, email="vera@myapp.test", name="Vera", proof=proof, proof_ends_ms=ends_ms
    )


async def come(nobody: Client) -> Reply:
    return await sign_in(nobody, "token", provider="vouching")


async def test_what_a_provider_brings_for_once_counts_once(
    app: Client, nobody: Client, vouching: Vouching, clock: Clock
) -> None:
    vouching.profiles["token"] = a_profile(clock)
    assert (await come(nobody)).status == 200
    userid = (await app.get(f"/v1/_id/{VERA}")).json["creatorid"]
    await app.patch(f"/v1/users/{userid}", {"name": "Vera B"})
    assert (await come(nobody)).status == 400
    query = [("appid", "myapp"), ("code", "token")]
    reply = await nobody.send("GET", "/vouching_auth", query=query, headers=SCRIPT)
    assert reply.status == 401
    assert (await app.get(f"/v1/users/{userid}")).json["name"] == "Vera B"
    vouching.profiles["token"] = a_profile(clock, "assertion 2")
    assert (await come(nobody)).status == 200


@pytest.mark.usefixtures("app")
async def test_of_many_who_bring_the_same_to_a_provider_one_gets_in(
    nobody: Client, vouching: Vouching, clock: Clock
) -> None:
    vouching.profiles["token"] = a_profile(clock)
    replies = await asyncio.gather(*(come(nobody) for _ in range(50)))
    assert sorted(reply.status for reply in replies) == [200, *[400] * 49]


@pytest.mark.usefixtures("app")
async def test_what_a_provider_takes_again_is_taken_again(
    nobody: Client, vouching: Vouching
) -> None:
    vouching.profiles["token"] = Profile(identifier=VERA, email="vera@myapp.test")
    assert [(await come(nobody)).status for _ in range(2)] == [200, 200]
