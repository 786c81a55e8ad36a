"""Signing in with Twitter, and the signatures it wants."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import pytest

from para_core.contracts.signin import Profile, Redirect, SignInError, SignInTools
from para_core.errors import UnavailableError
from para_server.signin.providers.oauth1 import Signer
from para_server.signin.providers.twitter import Twitter

from .kit import Settings, Visit, tools_of
from .web import Asked, Told, Web, json_of, web

CLIENT, SECRET = "client-1", "secret-1"
BACK = {"oauth_token": "request-0", "oauth_verifier": "v-1"}
SETTINGS = Settings({"tw_app_id": CLIENT, "tw_secret": SECRET})


def test_the_signature_is_that_of_the_standard() -> None:
    """The example of OAuth 1.0, appendix A.5."""
    signer = Signer(
        "dpf43f3p2l4k3l03",
        "kd94hf93k423kf44",
        "nnch734d00sl2jdk",
        "pfkkdhi9sl3r4s00",
        "kllo9940pd9333jh",
        1191242096,
    )
    url = "http://photos.example.net/photos"
    header = signer.header("GET", url, params={"file": "vacation.jpg", "size": "original"})
    assert 'oauth_signature="tR3%2BTy81lMeYAr%2FFid0kMTYa%2FWM%3D"' in header


def test_ports_and_cases_of_an_address_are_normalised() -> None:
    signer = Signer("a", "b", nonce="n", timestamp=1)
    one = signer.signature("get", "HTTP://Example.COM:80/r%20v/X", {"id": "123"})
    assert one == signer.signature("GET", "http://example.com/r%20v/X", {"id": "123"})
    assert one != signer.signature("GET", "http://example.com:81/r%20v/X", {"id": "123"})


@dataclass
class Network:
    """Twitter: it checks every signature and knows the secrets of its tokens."""

    url: str = ""
    tokens: dict[str, str] = field(default_factory=lambda: {"person-1": "person-secret"})
    requests: dict[str, str] = field(default_factory=dict)
    person: dict[str, object] = field(default_factory=dict)
    callbacks: list[str] = field(default_factory=list)

    def answer(self, asked: Asked) -> Told:
        given = {
            unquote(name): unquote(value)
            for name, value in re.findall(
                r'([a-z_]+)="([^"]*)"', asked.headers.get("authorization", "")
            )
        }
        handlers = {
            "/oauth/request_token": self.request_token,
            "/oauth/access_token": self.access_token,
            "/1.1/account/verify_credentials.json": self.credentials,
        }
        handler = handlers.get(asked.path)
        return handler(asked, given) if handler else Told(404)

    def is_signed(self, asked: Asked, given: Mapping[str, str], token_secret: str) -> bool:
        params = {**asked.query, **asked.form, **given}
        signature = params.pop("oauth_signature", "")
        pairs = sorted((quote(k, safe="~"), quote(v, safe="~")) for k, v in params.items())
        text = quote("&".join(f"{k}={v}" for k, v in pairs), safe="~")
        base = f"{asked.method}&{quote(self.url + asked.path, safe='~')}&{text}"
        key = f"{quote(SECRET, safe='~')}&{quote(token_secret, safe='~')}"
        wanted = base64.b64encode(hmac.digest(key.encode(), base.encode(), hashlib.sha1)).decode()
        return given.get("oauth_consumer_key") == CLIENT and signature == wanted

    def request_token(self, asked: Asked, given: Mapping[str, str]) -> Told:
        if not self.is_signed(asked, given, ""):
            return Told(401, b"Could not authenticate you")
        self.callbacks.append(given["oauth_callback"])
        token = f"request-{len(self.requests)}"
        self.requests[token] = f"secret of {token}"
        told = {"oauth_token": token, "oauth_token_secret": self.requests[token]}
        return Told(200, urlencode({**told, "oauth_callback_confirmed": "true"}).encode())

    def access_token(self, asked: Asked, given: Mapping[str, str]) -> Told:
        secret = self.requests.get(given.get("oauth_token", ""), "?")
        if not self.is_signed(asked, given, secret) or asked.form.get("oauth_verifier") != "v-1":
            return Told(401, b"Invalid request token.")
        told = {"oauth_token": "person-1", "oauth_token_secret": self.tokens["person-1"]}
        return Told(200, urlencode(told).encode())

    def credentials(self, asked: Asked, given: Mapping[str, str]) -> Told:
        secret = self.tokens.get(given.get("oauth_token", ""), "?")
        if not self.is_signed(asked, given, secret) or asked.query["include_email"] != "true":
            return json_of({"errors": [{"code": 89, "message": "Invalid or expired token."}]}, 401)
        return json_of(
            {
                "id_str": "38895958",
                "name": "Ann Smith",
                "screen_name": "ann",
                "email": "ann@mail.example",
                "profile_image_url_https": "https://pbs.example/a/photo_normal.jpg?x=1",
                **self.person,
            }
        )


@dataclass
class Bench:
    """Twitter, and our side of it."""

    network: Network
    server: Web
    twitter: Twitter
    tools: SignInTools

    async def start(self, **params: str) -> tuple[Visit, Redirect]:
        visit = Visit(SETTINGS, params)
        found = await self.twitter.finish(visit)
        assert isinstance(found, Redirect)
        return visit, found


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    network = Network()
    async with web(network.answer) as server, tools_of() as tools:
        network.url = server.url
        yield Bench(network, server, Twitter(tools, server.url), tools)


async def test_a_browser_goes_to_twitter_and_comes_back(bench: Bench) -> None:
    visit, redirect = await bench.start(appid="shop")
    assert redirect.url == f"{bench.server.url}/oauth/authenticate?oauth_token=request-0"
    assert bench.network.callbacks == ["https://para.example/x_auth?appid=shop"]
    back = visit.after(redirect, **BACK)
    found = await bench.twitter.finish(back)
    assert isinstance(found, Profile)
    assert (found.identifier, found.name, found.email) == (
        "tw:38895958",
        "Ann Smith",
        "ann@mail.example",
    )
    assert found.email_is_verified
    assert found.picture == "https://pbs.example/a/photo.jpg"


async def test_the_app_is_named_to_twitter_once(bench: Bench) -> None:
    await bench.twitter.finish(
        Visit(SETTINGS, {"state": "shop"}, redirect_uri="https://p.example/t")
    )
    assert bench.network.callbacks == ["https://p.example/t?appid=shop"]


async def test_a_blank_verifier_starts(bench: Bench) -> None:
    await bench.start(oauth_verifier="", appid="shop")
    assert bench.network.callbacks


async def test_another_browser_cannot_finish(bench: Bench) -> None:
    visit, redirect = await bench.start()
    _, other = await bench.start()
    for back in (Visit(SETTINGS, BACK), visit.after(other, **BACK)):
        with pytest.raises(SignInError) as caught:
            await bench.twitter.finish(back)
        assert "another browser" in caught.value.reason
    assert isinstance(await bench.twitter.finish(visit.after(redirect, **BACK)), Profile)


async def test_a_token_and_its_secret_tell_the_same(bench: Bench) -> None:
    found = await bench.twitter.profile_of(SETTINGS, "person-1:person-secret")
    assert found.identifier == "tw:38895958"


async def test_what_a_profile_lacks_is_blank(bench: Bench) -> None:
    bench.network.person = {"name": "", "email": None, "profile_image_url_https": None}
    found = await bench.twitter.profile_of(SETTINGS, "person-1:person-secret")
    assert (found.name, found.email, found.picture) == ("ann", "", None)
    assert not found.email_is_verified
    bench.network.person = {"id_str": None}
    with pytest.raises(SignInError):
        await bench.twitter.profile_of(SETTINGS, "person-1:person-secret")


async def test_who_changes_his_mind_is_told_so(bench: Bench) -> None:
    with pytest.raises(SignInError, match=r"Cancelled\."):
        await bench.twitter.finish(Visit(SETTINGS, {"denied": "request-0"}))


@pytest.mark.parametrize(
    "token", ["", ":", "person-1", "person-1:", ":x", "person-1:wrong", "other:person-secret"]
)
async def test_wrong_tokens_are_refused(bench: Bench, token: str) -> None:
    with pytest.raises(SignInError):
        await bench.twitter.profile_of(SETTINGS, token)


async def test_tokens_of_other_applications_are_refused(bench: Bench) -> None:
    """Twitter checks the signature, which has the app's own secret in it."""
    other = Settings({"tw_app_id": "client-2", "tw_secret": "secret-2"})
    with pytest.raises(SignInError):
        await bench.twitter.profile_of(other, "person-1:person-secret")
    with pytest.raises(SignInError):
        await bench.twitter.profile_of(Settings(), "person-1:person-secret")


async def test_a_wrong_verifier_is_refused(bench: Bench) -> None:
    visit, redirect = await bench.start()
    back = visit.after(redirect, **{**BACK, "oauth_verifier": "v-2"})
    with pytest.raises(SignInError):
        await bench.twitter.finish(back)


@pytest.mark.parametrize(
    "told", [Told(500), Told(200, b"nonsense"), Told(200, b"oauth_token="), Told()]
)
async def test_whatever_twitter_answers_is_at_most_a_failed_sign_in(told: Told) -> None:
    async with web(lambda _: told) as server, tools_of() as tools:
        twitter = Twitter(tools, server.url)
        with pytest.raises((SignInError, UnavailableError)):
            await twitter.profile_of(SETTINGS, "a:b")
        with pytest.raises((SignInError, UnavailableError)):
            await twitter.finish(Visit(SETTINGS, {}))


async def test_our_own_endpoint_is_the_entrance(bench: Bench) -> None:
    uri = "https://para.example/twitter_auth"
    assert bench.twitter.entrance(Settings(), uri, "s") == ""
    url = bench.twitter.entrance(SETTINGS, uri, "s")
    assert dict(parse_qsl(urlsplit(url).query)) == {"appid": "shop"}
