"""People who sign in, a clock that tests move, and a provider that says what tests want."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urlsplit

from para_core.contracts.signin import (
    Document,
    IdpTokens,
    Profile,
    Redirect,
    SignIn,
    SignInError,
    SignInSettings,
    Visit,
)
from para_server.para import now_ms

from ..client import Client, Reply  # noqa: TID252 - tests have no absolute names

PASSWORD = "correct horse 12"  # noqa: S105 - not a secret
FORM = {"content-type": "application/x-www-form-urlencoded"}
SCRIPT, BROWSER = {"accept": "application/json"}, {"accept": "text/html"}


@dataclass
class Clock:
    """Tells the time, some milliseconds later than it is."""

    ahead_ms: int = 0

    def __call__(self) -> int:
        return now_ms() + self.ahead_ms

    def pass_sec(self, seconds: float) -> None:
        self.ahead_ms += int(seconds * 1000)


@dataclass
class Vouching(SignIn):
    """A provider that takes the name of a profile for a token."""

    profiles: dict[str, Profile] = field(default_factory=dict)
    names = ("vouching",)
    paths = ("/vouching_auth",)
    title = "Vouching"
    failure: Exception | None = None
    is_asked: bool = False  # whether sessions last as long as this provider says
    renewals: list[IdpTokens | None] = field(default_factory=list)  # what it says, in order
    asked: int = 0

    async def profile_of(self, settings: SignInSettings, token: str) -> Profile:
        del settings
        if self.failure is not None:
            raise self.failure
        if token not in self.profiles:
            raise SignInError(reason="nobody by this name")
        return self.profiles[token]

    async def finish(self, visit: Visit) -> Profile | Redirect | Document:
        return await self.profile_of(visit.settings, visit.param("code"))

    def delegates(self, settings: SignInSettings, identifier: str) -> bool:
        del settings
        return self.is_asked and identifier.startswith("custom:")

    async def renew(
        self, settings: SignInSettings, identifier: str, tokens: IdpTokens
    ) -> IdpTokens | None:
        del settings, identifier
        self.asked += 1
        if self.failure is not None:
            raise self.failure
        return self.renewals.pop(0) if self.renewals else tokens

    def entrance(self, settings: SignInSettings, redirect_uri: str, state: str) -> str:
        if not settings.text("vouching_app_id"):
            return ""
        return f"https://vouching.test/start?state={state}&redirect_uri={redirect_uri}"


async def sign_in(  # noqa: PLR0913 - what a request may carry
    nobody: Client,
    token: str,
    *,
    provider: str = "password",
    appid: str = "app:myapp",
    code: str = "",
    headers: Mapping[str, str] | None = None,
) -> Reply:
    body = {"appid": appid, "provider": provider, "token": token}
    if code:
        body["code"] = code
    return await nobody.send("POST", "/jwt_auth", body, headers=headers)


async def a_user(app: Client, nobody: Client, email: str, *, name: str = "Ann") -> str:
    """Sign somebody up, activate it, and return its id."""
    await sign_in(nobody, f"{email}:{name}:{PASSWORD}")
    known = (await app.get(f"/v1/_id/{email}")).json
    userid: str = known["creatorid"]
    changed = await app.patch(f"/v1/users/{userid}", {"active": True})
    assert changed.status == 200
    return userid


async def id_token(app: Client, nobody: Client, email: str) -> str:
    """Sign somebody in with a password in a browser; return the ID token it comes away with."""
    await app.put("/v1/_settings/signin_success", {"value": "https://my.test/in?jwt=id"})
    form = urlencode({"email": email, "password": PASSWORD}).encode()
    asked, heads = [("appid", "myapp")], {**FORM, **BROWSER}
    reply = await nobody.send("POST", "/password_auth", raw=form, query=asked, headers=heads)
    return parse_qs(urlsplit(reply.headers["location"]).query)["jwt"][0]


def bearer(nobody: Client, reply: Reply) -> Client:
    """Return a client with the token of an answer of ``/jwt_auth``."""
    return Client(nobody.para, token=reply.json["jwt"]["access_token"])


def jwt(claims: Mapping[str, object], key: str, *, algorithm: str = "HS256") -> str:
    """Return a token signed by hand."""
    head = _part(json.dumps({"alg": algorithm}).encode())
    payload = _part(json.dumps(claims).encode())
    name = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}.get(algorithm, "sha256")
    digest = hmac.digest(key.encode(), f"{head}.{payload}".encode(), getattr(hashlib, name))
    return f"{head}.{payload}.{'' if algorithm == 'none' else _part(digest)}"


def _part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
