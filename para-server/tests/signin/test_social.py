"""Signing in with the social networks, each with its documented format."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from para_core.contracts.signin import Profile, SignIn, SignInError, SignInTools
from para_core.errors import UnavailableError
from para_server.signin.started import COOKIE, begin

from .kit import Settings, Visit, tools_of
from .networks import (
    CLIENT,
    CODE,
    NETWORKS,
    PNG,
    Network,
    settings_for,
)
from .web import Told, Web, web

EXPECTED: dict[str, dict[str, Any]] = {
    "facebook": {
        "identifier": "fb:10204060",
        "email_is_verified": False,
        "fallback_email": "{id}@facebook.com",
        "picture": "/10204060/picture?width=700&height=700&type=square",
    },
    "github": {
        "identifier": "gh:583231",
        "email_is_verified": True,
        "fallback_email": "583231@github.com",
        "picture": "https://avatars.example/u/583231",
    },
    "google": {
        "identifier": "gp:110169484474386276334",
        "email_is_verified": True,
        "fallback_email": "{id}@google.com",
        "picture": "https://lh3.example/a/photo.jpg",
    },
    "linkedin": {
        "identifier": "in:yrZCpj2Z12",
        "email_is_verified": False,
        "fallback_email": "{id}@linkedin.com",
        "picture": "https://m.example/400_400?e=1",
    },
    "microsoft": {
        "identifier": "ms:87d349ed-44d7-43e1-9a83-5f2406dee5bd",
        "email_is_verified": False,
        "fallback_email": "{id}@windowslive.com",
        "picture": None,
    },
    "slack": {
        "identifier": "sl:U0G9QF9C6:T0G9PQBBK:U2hvcCDDnA==",
        "email_is_verified": False,
        "fallback_email": "{id}@slack.com",
        "picture": "https://s.example/512.png",
    },
    "amazon": {
        "identifier": "az:amzn1.account.A1",
        "email_is_verified": False,
        "fallback_email": "{id}@amazon.com",
        "picture": None,
    },
}


@dataclass
class Bench:
    """One network and our side of it."""

    name: str
    network: Network
    server: Web
    provider: SignIn
    tools: SignInTools

    @property
    def settings(self) -> Settings:
        return Settings(settings_for(self.network))

    async def by_code(self, code: str = CODE, **more: str) -> Profile:
        found = await self.provider.finish(Visit(self.settings, {"code": code, **more}))
        assert isinstance(found, Profile)
        return found

    async def by_token(self, token: str, settings: Settings | None = None) -> Profile:
        return await self.provider.profile_of(settings or self.settings, token)


@pytest.fixture(params=NETWORKS)
def name(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
async def bench(name: str) -> AsyncIterator[Bench]:
    network = NETWORKS[name]()
    async with web(network.answer) as server, tools_of() as tools:
        yield Bench(name, network, server, network.provider(tools, server.url), tools)


# ---- profiles ---------------------------------------------------------------------------------


async def test_a_code_tells_who_somebody_is(bench: Bench) -> None:
    found, wanted = await bench.by_code(), dict(EXPECTED[bench.name])
    picture = wanted.pop("picture")
    assert (found.name, found.email) == ("Ann Smith", "ann@mail.example")
    assert {name: getattr(found, name) for name in wanted} == wanted
    assert (found.picture or "").removeprefix(bench.server.url) == (picture or "")


async def test_a_token_tells_the_same(bench: Bench) -> None:
    found = await bench.by_token(bench.network.good)
    assert found.identifier == EXPECTED[bench.name]["identifier"]
    assert found.email == "ann@mail.example"


async def test_a_token_does_without_credentials_of_the_app(bench: Bench) -> None:
    """Programs of the original send tokens for apps that have none."""
    found = await bench.by_token(bench.network.good, Settings())
    assert found.identifier == EXPECTED[bench.name]["identifier"]


MISSING: dict[str, dict[str, Any]] = {
    "facebook": {"name": None, "email": None},
    "github": {"name": None, "emails": [], "avatar_url": ""},
    "google": {"name": "", "email": "", "email_verified": True, "picture": None},
    "linkedin": {"firstName": {}, "lastName": None, "elements": [], "profilePicture": None},
    "microsoft": {"displayName": None, "mail": None, "userPrincipalName": None},
    "slack": {"name": "", "email": None, "image_512": None, "team": {}},
    "amazon": {"name": None, "email": None},
}


async def test_what_a_profile_lacks_is_blank(bench: Bench) -> None:
    bench.network.person.update(MISSING[bench.name])
    found = await bench.by_code()
    assert (found.name, found.email, found.email_is_verified) == ("", "", False)
    assert found.fallback_name == "No Name"


async def test_a_profile_without_an_id_is_refused(bench: Bench) -> None:
    bench.network.person.update({"id": None, "sub": None, "user_id": None})
    with pytest.raises(SignInError):
        await bench.by_code()


@pytest.mark.parametrize(
    "key",
    ["x" * 300, "a\nb", "\0", " ", "\u202e1"],
    ids=["long", "lines", "null", "blank", "hidden"],
)
async def test_an_id_that_cannot_be_one_is_refused(bench: Bench, key: str) -> None:
    bench.network.person.update({"id": key, "sub": key, "user_id": key})
    with pytest.raises(SignInError):
        await bench.by_code()


@pytest.mark.parametrize("name", ["google"])
@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:image/png;base64,x", "//x/y.png", "https://x/" + "y" * 3000],
)
async def test_a_picture_that_pages_cannot_show_is_left_out(bench: Bench, url: str) -> None:
    bench.network.person["picture"] = url
    assert (await bench.by_code()).picture is None


# ---- what is refused --------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in NETWORKS if NETWORKS[name].tells_client])
async def test_tokens_for_other_applications_are_refused(bench: Bench) -> None:
    """Else whoever runs another application at the network signs in as its users."""
    with pytest.raises(SignInError):
        await bench.by_token(bench.network.foreign)


@pytest.mark.parametrize("token", ["", " ", "wrong-token", "x" * 10_000, "a\r\nHost: evil", "é€"])
async def test_wrong_tokens_are_refused(bench: Bench, token: str) -> None:
    with pytest.raises((SignInError, UnavailableError)):
        await bench.by_token(token)
    with pytest.raises((SignInError, UnavailableError)):
        await bench.by_token(token, Settings())


@pytest.mark.parametrize("code", ["", " ", "wrong-code", "code&client_secret=x"])
async def test_wrong_codes_are_refused(bench: Bench, code: str) -> None:
    with pytest.raises(SignInError) as caught:
        await bench.by_code(code, error="access_denied")
    assert caught.value.message == "Bad credentials."


async def test_an_app_without_credentials_signs_nobody_in_by_code(bench: Bench) -> None:
    with pytest.raises(SignInError):
        await bench.provider.finish(Visit(Settings(), {"code": CODE}))
    assert not bench.server.asked


NONSENSE = {
    "an error page": Told(500, b"<html>Oops</html>"),
    "a page": Told(200, b"<html>Hello</html>"),
    "a list": Told(200, b"[]"),
    "null": Told(200, b"null"),
    "nothing": Told(200, b""),
    "an empty object": Told(200, b"{}"),
    "no UTF-8": Told(200, b'{"id":"\xff"}'),
    "numbers": Told(
        200, b'{"access_token":5,"authed_user":6,"id":[],"sub":{},"user":1,"user_id":[1]}'
    ),
    "deep": Told(200, b"[" * 100_000),
    "an endless redirect": Told(302, headers={"location": "/"}),
}


@pytest.mark.parametrize("told", NONSENSE.values(), ids=NONSENSE.keys())
async def test_whatever_a_network_answers_is_at_most_a_failed_sign_in(
    name: str, told: Told
) -> None:
    network = NETWORKS[name]()
    async with web(lambda _: told) as server, tools_of() as tools:
        provider, settings = network.provider(tools, server.url), Settings(settings_for(network))
        for known in (settings, Settings()):
            with pytest.raises((SignInError, UnavailableError)):
                await provider.profile_of(known, network.good)
        with pytest.raises((SignInError, UnavailableError)):
            await provider.finish(Visit(settings, {"code": CODE}))


async def test_a_network_that_is_away_is_unavailable(name: str) -> None:
    network = NETWORKS[name]()
    async with tools_of() as tools:
        provider = network.provider(tools, "http://127.0.0.1:9")
        with pytest.raises(UnavailableError):
            await provider.profile_of(Settings(), network.good)


# ---- flows that we start ----------------------------------------------------------------------


async def test_a_flow_that_we_start_is_finished_by_the_same_browser(bench: Bench) -> None:
    state, cookie = begin("shop")
    url = bench.provider.entrance(bench.settings, "https://para.example/x_auth", state)
    asked = dict(parse_qsl(urlsplit(url).query))
    assert (asked["client_id"], asked["response_type"]) == (CLIENT, "code")
    assert asked["state"] == state
    assert asked["redirect_uri"] == "https://para.example/x_auth"
    bench.network.challenge = asked.get("code_challenge", "")
    visit = Visit(bench.settings, {"code": CODE, "state": state}, {COOKIE: cookie.value})
    assert isinstance(await bench.provider.finish(visit), Profile)


async def test_another_browser_cannot_finish_it(bench: Bench) -> None:
    """Else somebody could make another sign in as himself, and read what that one writes."""
    state, _ = begin("shop")
    _, other = begin("shop")
    for cookies in ({}, {COOKIE: other.value}, {COOKIE: ""}):
        visit = Visit(bench.settings, {"code": CODE, "state": state}, cookies)
        with pytest.raises(SignInError) as caught:
            await bench.provider.finish(visit)
        assert "another browser" in caught.value.reason
    assert not bench.server.asked


@pytest.mark.parametrize("name", ["github", "google", "microsoft"])
async def test_a_stolen_code_does_not_fit_another_flow(bench: Bench) -> None:
    state, cookie = begin("shop")
    url = bench.provider.entrance(bench.settings, "https://para.example/x_auth", state)
    bench.network.challenge = dict(parse_qsl(urlsplit(url).query))["code_challenge"]
    own, mine = begin("shop", cookie.value)
    visit = Visit(bench.settings, {"code": CODE, "state": own}, {COOKIE: mine.value})
    with pytest.raises(SignInError):
        await bench.provider.finish(visit)


async def test_front_ends_start_flows_themselves(bench: Bench) -> None:
    for state in ("shop", "app:shop", "shop|0", ""):
        assert (await bench.by_code(state=state)).email == "ann@mail.example"


async def test_an_app_without_credentials_does_not_offer_a_network(bench: Bench) -> None:
    assert bench.provider.entrance(Settings(), "https://para.example/x_auth", "s") == ""


# ---- what is special ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["github"])
async def test_only_the_primary_address_of_github_counts_as_verified(bench: Bench) -> None:
    for emails, wanted in (
        ([{"email": "a@b.example", "primary": True, "verified": False}], ("a@b.example", False)),
        ([{"email": "a@b.example", "primary": False, "verified": True}], ("a@b.example", False)),
        ("nonsense", ("", False)),
        ([1, None], ("", False)),
    ):
        bench.network.person["emails"] = emails
        found = await bench.by_code()
        assert (found.email, found.email_is_verified) == wanted
    bench.network.person.update(
        email="Pub@b.example",
        emails=[
            {"email": "pub@b.example", "primary": True, "verified": True},
            {"email": "other@b.example", "primary": False, "verified": True},
        ],
    )
    found = await bench.by_code()
    assert (found.email, found.email_is_verified) == ("Pub@b.example", True)


@pytest.mark.parametrize("name", ["google"])
@pytest.mark.parametrize(
    ("told", "is_verified"),
    [(True, True), ("true", True), (False, False), ("false", False), (1, False), (None, False)],
)
async def test_google_says_whether_an_address_is_verified(
    bench: Bench,
    told: object,
    is_verified: bool,  # noqa: FBT001
) -> None:
    bench.network.person["email_verified"] = told
    assert (await bench.by_code()).email_is_verified is is_verified


@pytest.mark.parametrize("name", ["microsoft"])
async def test_the_photo_of_microsoft_is_copied(bench: Bench) -> None:
    found = await bench.by_code()
    assert found.load_picture is not None
    assert "gravatar" in (await found.load_picture("7") or "")
    bench.network.person["photo"] = PNG
    assert await found.load_picture("7")
    stored = await bench.tools.files.load("shop/7.png")
    assert stored is not None
    assert b"".join([part async for part in stored]) == PNG


@pytest.mark.parametrize("name", ["microsoft"])
async def test_tokens_of_personal_accounts_tell_no_application(bench: Bench) -> None:
    found = await bench.by_token("opaque-token-of-a-personal-account")
    assert found.identifier.startswith("ms:")


@pytest.mark.parametrize("name", ["microsoft"])
async def test_the_principal_name_stands_in_for_the_address(bench: Bench) -> None:
    bench.network.person["mail"] = "none"
    found = await bench.by_code()
    assert (found.email, found.email_is_verified) == ("ann@corp.example", False)


@pytest.mark.parametrize("name", ["slack"])
async def test_people_are_others_in_each_workspace_of_slack(bench: Bench) -> None:
    found = await bench.by_code()
    assert found.aliases == ("sl:U0G9QF9C6",)
    bench.network.person["team"] = {}
    assert (await bench.by_code()).identifier == "sl:U0G9QF9C6:default"


@pytest.mark.parametrize("name", ["slack", "amazon"])
async def test_the_token_is_kept_in_the_shape_of_others(bench: Bench) -> None:
    tokens = (await bench.by_code()).tokens
    assert tokens is not None
    middle = (tokens.access or "").split(".")[1]
    assert base64.b64decode(middle) == b'{"access_token":"good-token"}'


@pytest.mark.parametrize("name", ["facebook"])
async def test_the_old_answer_of_facebook_is_read(bench: Bench) -> None:
    old = Told(200, b"access_token=good-token&expires=5183944")
    async with web(
        lambda asked: old if asked.path == "/oauth/access_token" else bench.network.answer(asked)
    ) as server:
        provider = bench.network.provider(bench.tools, server.url)
        found = await provider.finish(Visit(bench.settings, {"code": CODE}))
    assert isinstance(found, Profile)
