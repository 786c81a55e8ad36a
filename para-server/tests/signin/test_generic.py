"""Signing in with any OAuth 2.0 or OpenID Connect provider."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest

from para_core.contracts.signin import (
    IdpTokens,
    Profile,
    Redirect,
    SignInError,
    SignInTools,
)
from para_core.errors import UnavailableError
from para_server.signin.providers.generic import OAuth2, OAuth2Second, OAuth2Third
from para_server.signin.started import COOKIE, begin

from .issuer import CLIENT, CODE, SECRET, Issuer, rsa_key
from .kit import Settings, Visit, tools_of
from .web import Asked, Told, Web, web

KINDS = {"oauth2": OAuth2, "oauth2second": OAuth2Second, "oauth2third": OAuth2Third}
PNG = b"\x89PNG"
DELEGATED = {"token_delegation_enabled": "true"}
SILENT = {"send_scope_to_token_endpoint": "false"}


@dataclass
class Bench:
    """A provider, and our side of it: configured by addresses, or by the issuer alone."""

    issuer: Issuer
    server: Web
    provider: OAuth2
    tools: SignInTools

    def settings(
        self, extra: Mapping[str, str] | None = None, *, by_issuer: bool = False, **more: str
    ) -> Settings:
        url, section = self.server.url, self.provider.section
        own = {"scope": "openid email"}
        if by_issuer:
            own["issuer"] = url
        else:
            own |= {"token_url": f"{url}/token", "profile_url": f"{url}/userinfo"}
        own |= {name.replace("__", "."): value for name, value in more.items()} | dict(extra or {})
        values = {f"{section}.{name}": value for name, value in own.items()}
        prefix = self.provider.prefix
        return Settings({**values, f"{prefix}_app_id": CLIENT, f"{prefix}_secret": SECRET})

    async def by_code(self, settings: Settings, **params: str) -> Profile:
        found = await self.provider.finish(Visit(settings, {"code": CODE, **params}))
        assert isinstance(found, Profile)
        return found

    async def refused(self, token: str, settings: Settings) -> str:
        with pytest.raises(SignInError) as caught:
            await self.provider.profile_of(settings, token)
        return caught.value.reason


@pytest.fixture
def kind() -> type[OAuth2]:
    return OAuth2


@pytest.fixture
async def bench(kind: type[OAuth2]) -> AsyncIterator[Bench]:
    issuer = Issuer()
    async with web(issuer.answer) as server, tools_of() as tools:
        issuer.url = server.url
        yield Bench(issuer, server, kind(tools), tools)


# ---- profiles ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
@pytest.mark.parametrize("by_issuer", [False, True], ids=["addresses", "issuer"])
async def test_each_of_the_three_has_settings_of_its_own(bench: Bench, by_issuer: bool) -> None:  # noqa: FBT001
    found = await bench.by_code(bench.settings(by_issuer=by_issuer))
    assert found.identifier == f"{bench.provider.prefix}:ann-1"
    assert (found.name, found.email, found.email_is_verified) == (
        "Ann Smith",
        "ann@mail.example",
        True,
    )
    assert found.picture == "https://idp.example/ann.png"
    assert found.tokens is None


async def test_the_settings_of_one_are_not_those_of_another(bench: Bench) -> None:
    async with tools_of() as tools:
        other = OAuth2Second(tools)
        with pytest.raises(SignInError):
            await other.finish(Visit(bench.settings(), {"code": CODE}))


async def test_the_fields_of_a_profile_are_what_the_app_says(bench: Bench) -> None:
    bench.issuer.person = {
        "user": {"key": 17, "mails": ["a@b.example", "c@d.example"], "full/name": "Ann"},
        "is_checked": "true",
    }
    found = await bench.by_code(
        bench.settings(
            parameters__id="/user/key",
            parameters__email="/user/mails/1",
            parameters__name="/user/full~1name",
            parameters__email_verified="is_checked",
            parameters__picture="/user/nowhere/9",
        )
    )
    assert (found.identifier, found.email, found.name) == ("oa2:17", "c@d.example", "Ann")
    assert found.email_is_verified
    assert found.picture is None


@pytest.mark.parametrize("index", ["1", "-1", "00", "x", "", "9" * 5000], ids=lambda i: i[:4])
async def test_a_pointer_that_leads_nowhere_is_a_field_that_is_missing(
    bench: Bench, index: str
) -> None:
    bench.issuer.person["mails"] = ["a@b.example"]
    found = await bench.by_code(bench.settings(parameters__email=f"/mails/{index}"))
    assert (found.email, found.fallback_email) == ("", "ann-1@paraio.com")


@pytest.mark.parametrize(
    ("person", "email", "fallback", "name"),
    [
        ({"sub": "ann@x.example"}, "", "ann@x.example", "No Name"),
        ({"sub": "ann", "given_name": "Ann"}, "", "ann@corp.example", "Ann"),
        ({"sub": 5, "family_name": "Smith"}, "", "5@corp.example", "Smith"),
        (
            {"sub": "a", "given_name": "A", "family_name": "B", "email": "e@f.example"},
            "e@f.example",
            "a@corp.example",
            "A B",
        ),
    ],
    ids=["an address as id", "one name", "a number", "two names"],
)
async def test_what_is_missing_is_made_up(
    bench: Bench, person: dict[str, Any], email: str, fallback: str, name: str
) -> None:
    bench.issuer.person, bench.issuer.id_token = person, ""
    found = await bench.by_code(bench.settings(domain="corp.example"))
    assert (found.email, found.fallback_email) == (email, fallback)
    assert (found.name, found.fallback_name) == ("", name)
    assert not found.email_is_verified


async def test_a_made_up_address_is_never_verified(bench: Bench) -> None:
    bench.issuer.person = {"sub": "ann", "email": "", "email_verified": True}
    assert not (await bench.by_code(bench.settings())).email_is_verified


async def test_without_a_domain_addresses_are_made_up_all_the_same(bench: Bench) -> None:
    bench.issuer.person = {"sub": "ann"}
    assert (await bench.by_code(bench.settings(domain=""))).fallback_email == "ann@scoold.com"
    assert (await bench.by_code(bench.settings())).fallback_email == "ann@paraio.com"


async def test_the_request_for_a_token_is_as_the_app_says(bench: Bench) -> None:
    await bench.by_code(bench.settings(accept_header="application/json"))
    await bench.by_code(bench.settings(SILENT))
    first, second = bench.issuer.forms
    assert list(first) == [
        "code",
        "redirect_uri",
        "scope",
        "client_id",
        "client_secret",
        "grant_type",
    ]
    assert "scope" not in second
    assert bench.server.asked[0].headers["accept"] == "application/json"


async def test_pictures_are_copied_and_the_token_stays_at_home(bench: Bench) -> None:
    picture = Told(200, PNG, {"content-type": "image/png"})
    async with web(lambda _: picture) as elsewhere:
        bench.issuer.person["picture"] = f"{elsewhere.url}/ann.png?size=1"
        found = await bench.by_code(bench.settings(download_avatars="true"))
        assert found.picture is None
        assert found.load_picture is not None
        assert (await found.load_picture("7") or "").endswith("shop/7.png")
        assert "authorization" not in elsewhere.asked[0].headers
        bench.issuer.person["picture"] = f"{elsewhere.url}/ann.svg"
        picture.headers["content-type"] = "image/svg+xml"
        found = await bench.by_code(bench.settings(download_avatars="true"))
        assert found.load_picture is not None
        assert await found.load_picture("7") == f"{elsewhere.url}/ann.svg"


# ---- tokens of programs -----------------------------------------------------------------------


async def test_what_a_client_writes_into_an_id_token_does_not_count(bench: Bench) -> None:
    """The worst hole of the original: any claims, signed by nobody, were believed."""
    forged = jwt.encode({"sub": "admin", "email": "admin@shop.example"}, "", "none")
    settings = bench.settings()
    found = await bench.provider.profile_of(settings, f"access-1::{forged}")
    assert found.identifier == "oa2:ann-1"
    with pytest.raises(SignInError):
        await bench.provider.profile_of(settings, f"wrong::{forged}")
    assert "not valid" in await bench.refused(
        f"access-1::{bench.issuer.signed('evil', 'key 1')}", bench.settings(by_issuer=True)
    )


async def test_an_app_that_does_not_use_the_provider_refuses(bench: Bench) -> None:
    forged = jwt.encode({"sub": "admin"}, "", "none")
    assert "does not use" in await bench.refused(f"x::{forged}", Settings())


async def test_the_id_token_and_the_profile_must_be_of_one_person(bench: Bench) -> None:
    token = f"access-1::{bench.issuer.signed(sub='eve')}"
    assert "different people" in await bench.refused(token, bench.settings(by_issuer=True))


@pytest.mark.parametrize(
    "person",
    [{}, {"sub": ""}, {"sub": "Ann-1"}, {"sub": ["ann-1"]}],
    ids=["none", "a blank one", "another", "a list"],
)
@pytest.mark.parametrize("by_code", [False, True], ids=["program", "browser"])
async def test_a_profile_without_the_subject_of_the_id_token_is_refused(
    bench: Bench,
    person: dict[str, Any],
    by_code: bool,  # noqa: FBT001
) -> None:
    """OpenID Connect Core 1.0, section 5.3.2: else it may be anybody's, whatever its id is."""
    bench.issuer.person = {"id": "ann-1", "email": "ann@mail.example", **person}
    settings = bench.settings(by_issuer=True, parameters__id="id")
    if by_code:
        with pytest.raises(SignInError) as caught:
            await bench.by_code(settings)
        reason = caught.value.reason
    else:
        reason = await bench.refused(f"access-1::{bench.issuer.signed()}", settings)
    assert "different people" in reason


async def test_a_profile_without_a_subject_is_enough_when_there_is_no_id_token(
    bench: Bench,
) -> None:
    bench.issuer.person, bench.issuer.id_token = {"id": "ann-1"}, ""
    settings = bench.settings(by_issuer=True, parameters__id="id")
    assert (await bench.by_code(settings)).identifier == "oa2:ann-1"
    bench.issuer.id_token = None  # one that nobody can verify, since the app names no issuer
    assert (await bench.by_code(bench.settings(parameters__id="id"))).identifier == "oa2:ann-1"


MAIL = {"email": "ann@mail.example"}
CHECKED = {"email_verified": True}


@pytest.mark.parametrize(
    ("claims", "person", "email", "is_verified"),
    [
        ({"email": "ann@corp.example", **CHECKED}, MAIL, "ann@mail.example", False),
        ({"email": "ann@corp.example", **CHECKED}, {"email": " "}, "ann@corp.example", True),
        ({"email": "ann@corp.example"}, {**MAIL, **CHECKED}, "ann@mail.example", True),
        ({"email": "ann@corp.example"}, CHECKED, "ann@corp.example", False),
        (CHECKED, MAIL, "ann@mail.example", False),
        (CHECKED, CHECKED, "", False),
    ],
    ids=[
        "verified is the one of the token",
        "the profile has none",
        "verified is the one of the profile",
        "the profile verifies what the token tells",
        "the token verifies what the profile tells",
        "there is none",
    ],
)
async def test_who_tells_an_address_tells_whether_it_was_verified(
    bench: Bench, claims: dict[str, Any], person: dict[str, Any], email: str, *, is_verified: bool
) -> None:
    """Accounts are linked by verified addresses; a mixture would be nobody's word."""
    bench.issuer.person = {"sub": "ann-1", **person}
    token = f"access-1::{bench.issuer.signed(**claims)}"
    found = await bench.provider.profile_of(bench.settings(by_issuer=True), token)
    assert (found.email, found.email_is_verified) == (email, is_verified)


async def test_access_tokens_of_other_clients_are_refused_by_introspection(bench: Bench) -> None:
    bench.issuer.access["foreign"] = "client-2"
    settings = bench.settings(introspection_url=f"{bench.server.url}/introspect")
    assert (await bench.provider.profile_of(settings, "access-1")).identifier == "oa2:ann-1"
    assert "not active for this client" in await bench.refused("foreign", settings)
    assert "not active for this client" in await bench.refused("unknown", settings)


async def test_access_tokens_of_other_clients_are_refused_by_their_claims(bench: Bench) -> None:
    settings = bench.settings(by_issuer=True)
    for own in ({"aud": CLIENT}, {"aud": "api", "azp": CLIENT}, {"aud": None, "client_id": CLIENT}):
        token = bench.issuer.signed(**own)
        assert (await bench.provider.profile_of(settings, token)).identifier == "oa2:ann-1"
    assert "another client" in await bench.refused(bench.issuer.signed(aud="client-2"), settings)
    over = bench.issuer.signed(exp=int(time.time()) - 600)
    assert "not valid" in await bench.refused(over, settings)
    assert await bench.refused("access-1", settings)  # opaque: nothing tells for whom it is


async def test_an_id_token_of_the_client_vouches_for_an_opaque_token(bench: Bench) -> None:
    settings = bench.settings(by_issuer=True)
    token = f"access-1:refresh-1:{bench.issuer.signed()}"
    found = await bench.provider.profile_of(settings, token)
    assert (found.identifier, found.email) == ("oa2:ann-1", "ann@mail.example")
    other = bench.issuer.signed(aud="client-2")
    assert "not valid" in await bench.refused(f"access-1::{other}", settings)


@pytest.mark.parametrize("token", ["", ":", "::", " :x:y", "wrong", "wrong:refresh-1"])
async def test_wrong_tokens_are_refused(bench: Bench, token: str) -> None:
    assert await bench.refused(token, bench.settings())


# ---- flows ------------------------------------------------------------------------------------


async def _started(bench: Bench, settings: Settings) -> tuple[dict[str, str], str, str]:
    """Begin at the sign-in page; return what the provider is asked, the state and the cookie."""
    state, cookie = begin("shop")
    uri = "https://para.example/oauth2_auth"
    url = bench.provider.entrance(settings, uri, state)
    if url.startswith(uri):
        params = dict(parse_qsl(urlsplit(url).query))
        visit = Visit(settings, params, {COOKIE: cookie.value}, redirect_uri=uri)
        found = await bench.provider.finish(visit)
        assert isinstance(found, Redirect)
        url = found.url
    asked = dict(parse_qsl(urlsplit(url).query))
    assert asked["redirect_uri"] == uri
    bench.issuer.challenge, bench.issuer.nonce = asked["code_challenge"], asked["nonce"]
    return asked, state, cookie.value


@pytest.mark.parametrize("by_issuer", [False, True], ids=["addresses", "issuer"])
async def test_a_flow_that_we_start_has_a_challenge_and_a_nonce(
    bench: Bench,
    by_issuer: bool,  # noqa: FBT001
) -> None:
    more = {} if by_issuer else {"authorization_url": f"{bench.server.url}/authorize"}
    settings = bench.settings(more, by_issuer=by_issuer)
    asked, state, cookie = await _started(bench, settings)
    assert asked["state"] == state
    visit = Visit(settings, {"code": CODE, "state": state}, {COOKIE: cookie})
    assert isinstance(await bench.provider.finish(visit), Profile)


async def test_the_id_token_must_be_of_the_flow(bench: Bench) -> None:
    settings = bench.settings(by_issuer=True)
    _, state, cookie = await _started(bench, settings)
    bench.issuer.nonce = "of another flow"
    visit = Visit(settings, {"code": CODE, "state": state}, {COOKIE: cookie})
    with pytest.raises(SignInError) as caught:
        await bench.provider.finish(visit)
    assert "another sign-in" in caught.value.reason


async def test_the_code_must_be_of_the_flow(bench: Bench) -> None:
    settings = bench.settings(by_issuer=True)
    await _started(bench, settings)
    state, cookie = begin("shop")
    visit = Visit(settings, {"code": CODE, "state": state}, {COOKIE: cookie.value})
    with pytest.raises(SignInError):
        await bench.provider.finish(visit)


async def test_another_browser_starts_and_finishes_nothing(bench: Bench) -> None:
    settings = bench.settings(by_issuer=True)
    state, _ = begin("shop")
    for params in ({"state": state}, {"state": state, "code": CODE}):
        with pytest.raises(SignInError):
            await bench.provider.finish(Visit(settings, params))


async def test_apps_without_it_do_not_offer_it(bench: Bench) -> None:
    uri = "https://para.example/oauth2_auth"
    assert bench.provider.entrance(Settings(), uri, "s") == ""
    assert bench.provider.entrance(bench.settings(), uri, "s") == ""  # nobody knows where to go


async def test_a_link_that_is_no_address_is_not_shown(bench: Bench) -> None:
    """An app's owner could make the server's own page run a script."""
    settings = bench.settings(authorization_url="javascript:alert(1)//")
    assert bench.provider.entrance(settings, "https://para.example/oauth2_auth", "s") == ""


async def test_another_separator_divides_the_tokens(bench: Bench) -> None:
    provider = OAuth2(bench.tools, separator="|")
    found = await provider.profile_of(bench.settings(DELEGATED), "access-1|a:b|c")
    assert found.tokens == IdpTokens("access-1", "a:b", "c")


# ---- delegation -------------------------------------------------------------------------------


async def test_delegated_tokens_are_kept(bench: Bench) -> None:
    found = await bench.by_code(bench.settings(DELEGATED))
    assert found.tokens is not None
    assert (found.tokens.access, found.tokens.refresh) == ("access-1", "refresh-1")
    assert bench.provider.delegates(bench.settings(DELEGATED), "oa2:ann-1")
    assert not bench.provider.delegates(bench.settings(), "oa2:ann-1")
    assert not bench.provider.delegates(bench.settings(DELEGATED), "oa2second:ann-1")


async def test_delegated_tokens_live_as_long_as_the_provider_says(bench: Bench) -> None:
    settings, held = bench.settings(), IdpTokens("access-1", "refresh-1", "id-1")
    assert await bench.provider.renew(settings, "oa2:ann-1", held) == held
    bench.issuer.access.clear()
    fresh = await bench.provider.renew(settings, "oa2:ann-1", held)
    assert fresh == IdpTokens("access-2", "refresh-1", None)
    bench.issuer.access.clear()
    bench.issuer.refresh.clear()
    assert await bench.provider.renew(settings, "oa2:ann-1", held) is None
    assert await bench.provider.renew(settings, "oa2:ann-1", IdpTokens("access-1")) is None


async def test_delegated_tokens_must_be_of_the_same_person(bench: Bench) -> None:
    held = IdpTokens("access-1", "refresh-1")
    assert await bench.provider.renew(bench.settings(), "oa2:eve-1", held) is None


# ---- failures ---------------------------------------------------------------------------------

NONSENSE = {
    "an error page": Told(500, b"<html>Oops</html>"),
    "a page": Told(200, b"<html>Hello</html>"),
    "a list": Told(200, b"[]"),
    "nothing": Told(200, b""),
    "an empty object": Told(200, b"{}"),
    "no texts": Told(200, b'{"access_token":[],"sub":{},"issuer":1,"keys":5}'),
    "deep": Told(200, b'{"a":' * 50_000),
}


@pytest.mark.parametrize("told", NONSENSE.values(), ids=NONSENSE.keys())
@pytest.mark.parametrize("by_issuer", [False, True], ids=["addresses", "issuer"])
async def test_whatever_a_provider_answers_is_at_most_a_failed_sign_in(
    bench: Bench,
    told: Told,
    by_issuer: bool,  # noqa: FBT001
) -> None:
    async with web(lambda _: told) as server:
        settings = replace(bench, server=server).settings(by_issuer=by_issuer)
        for token in ("access-1", f"access-1::{bench.issuer.signed()}"):
            with pytest.raises((SignInError, UnavailableError)):
                await bench.provider.profile_of(settings, token)
        with pytest.raises((SignInError, UnavailableError)):
            await bench.by_code(settings)
        assert await bench.provider.renew(settings, "oa2:a", IdpTokens("x", "y")) is None


@pytest.mark.parametrize("url", ["", "nonsense", "ftp://x.example/", "http://[::1/", "http://x y/"])
async def test_addresses_that_are_none_are_a_failed_sign_in(bench: Bench, url: str) -> None:
    settings = bench.settings(token_url=url, profile_url=url)
    with pytest.raises((SignInError, UnavailableError)):
        await bench.by_code(settings)
    with pytest.raises((SignInError, UnavailableError)):
        await bench.provider.profile_of(settings, "access-1")


async def test_a_key_of_another_kind_is_no_failure_of_ours(bench: Bench) -> None:
    bench.issuer.keys = [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "key 1"}]
    token = jwt.encode(bench.issuer.claims(), rsa_key("key 1"), "RS256", {"kid": "key 1"})
    assert await bench.refused(f"access-1::{token}", bench.settings(by_issuer=True))


def test_an_answer_is_what_the_path_says() -> None:
    """The issuer of these tests answers nothing else."""
    assert Issuer().answer(Asked("GET", "/nothing", {}, b"")).status == 404
