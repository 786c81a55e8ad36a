"""The social networks, as far as signing in goes: local servers with their documented formats.

Each accepts one client, one code and the tokens that it made, and refuses the rest the way the real
one does. What they answer follows the public documentation of each network.
"""

from __future__ import annotations

import base64
import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import quote

from para_core.contracts.signin import SignIn, SignInTools
from para_core.text import base64_url_encode
from para_server.signin.providers.amazon import Amazon
from para_server.signin.providers.facebook import Facebook
from para_server.signin.providers.github import GitHub
from para_server.signin.providers.google import Google
from para_server.signin.providers.linkedin import LinkedIn
from para_server.signin.providers.microsoft import Microsoft
from para_server.signin.providers.slack import Slack

from .web import Asked, Told, json_of

CLIENT, SECRET, OTHER = "client-1", "s/e=c&r et", "client-2"
CODE = "code/1+2="
GOOD, FOREIGN = "good-token", "foreign-token"
PNG = b"\x89PNG\r\n\x1a\n"


@dataclass
class Network(ABC):
    """One network. ``person`` is the profile it tells; tests change it."""

    prefix: ClassVar[str]
    tells_client: ClassVar[bool] = True
    good: ClassVar[str] = GOOD
    foreign: ClassVar[str] = FOREIGN

    person: dict[str, Any] = field(default_factory=dict)
    challenge: str = ""  # of the flow, when it began with one

    @abstractmethod
    def provider(self, tools: SignInTools, url: str) -> SignIn:
        """Return our side of it, for a network at this address."""

    @abstractmethod
    def routes(self) -> Mapping[str, Callable[[Asked], Told]]:
        """Return what is at which path."""

    def answer(self, asked: Asked) -> Told:
        handler = self.routes().get(f"{asked.method} {asked.path}")
        return handler(asked) if handler else Told(404, b"<html>Not found</html>")

    @property
    def tokens(self) -> dict[str, str]:
        """For which client each token was made."""
        return {self.good: CLIENT, self.foreign: OTHER}

    def code_is_good(self, fields: Mapping[str, str]) -> bool:
        verifier = fields.get("code_verifier", "")
        proof = base64_url_encode(hashlib.sha256(verifier.encode()).digest()) if verifier else ""
        return (
            fields.get("code") == CODE
            and fields.get("client_id") == CLIENT
            and fields.get("client_secret") == SECRET
            and fields.get("redirect_uri", "").startswith("https://para.example/")
            and proof == self.challenge
        )

    def bearer_is_good(self, asked: Asked) -> bool:
        scheme, _, token = asked.headers.get("authorization", "").partition(" ")
        return scheme == "Bearer" and token in self.tokens


class FacebookNetwork(Network):
    prefix = "fb"

    def provider(self, tools: SignInTools, url: str) -> SignIn:
        return Facebook(tools, url, url)

    def routes(self) -> Mapping[str, Callable[[Asked], Told]]:
        return {
            "GET /oauth/access_token": self.token,
            "GET /me": self.me,
            "GET /debug_token": self.debug,
        }

    def token(self, asked: Asked) -> Told:
        if not self.code_is_good(asked.query):
            return _graph_error("This authorization code has expired.", 100)
        return json_of({"access_token": GOOD, "token_type": "bearer", "expires_in": 5183944})

    def me(self, asked: Asked) -> Told:
        assert asked.query["fields"] == "name,email,picture.width(400).type(square).height(400)"
        if asked.query["access_token"] not in self.tokens:
            return _graph_error("Invalid OAuth access token.", 190)
        picture = {"data": {"height": 400, "is_silhouette": False, "url": "https://x/y.jpg?z=1"}}
        profile = {"id": "10204060", "name": "Ann Smith", "email": "ann@mail.example"}
        return json_of({**profile, "picture": picture, **self.person})

    def debug(self, asked: Asked) -> Told:
        if asked.query["access_token"] != f"{CLIENT}|{SECRET}":
            return _graph_error("Invalid OAuth access token.", 190)
        client = self.tokens.get(asked.query["input_token"])
        about = {"app_id": client, "is_valid": True, "type": "USER", "user_id": "10204060"}
        return json_of({"data": about if client else {"is_valid": False}})


class GitHubNetwork(Network):
    prefix = "gh"
    emails: ClassVar[list[dict[str, Any]]] = [
        {"email": "old@mail.example", "primary": False, "verified": True, "visibility": None},
        {"email": "ann@mail.example", "primary": True, "verified": True, "visibility": "private"},
    ]

    def provider(self, tools: SignInTools, url: str) -> SignIn:
        return GitHub(tools, url, url)

    def routes(self) -> Mapping[str, Callable[[Asked], Told]]:
        return {
            "POST /login/oauth/access_token": self.token,
            "GET /user": self.user,
            "GET /user/emails": self.mails,
            f"POST /applications/{CLIENT}/token": self.check,
        }

    def token(self, asked: Asked) -> Told:
        assert asked.headers["accept"] == "application/json"
        if not self.code_is_good(asked.form):
            return json_of({"error": "bad_verification_code", "error_description": "It expired."})
        return json_of({"access_token": GOOD, "scope": "user:email", "token_type": "bearer"})

    def user(self, asked: Asked) -> Told:
        return self._for(asked) or json_of(
            {
                "login": "ann",
                "id": 583231,
                "avatar_url": "https://avatars.example/u/583231?v=4",
                "name": "Ann Smith",
                "email": None,
                **self.person,
            }
        )

    def mails(self, asked: Asked) -> Told:
        return self._for(asked) or json_of(self.person.get("emails", self.emails))

    def _for(self, asked: Asked) -> Told | None:
        if not asked.headers.get("user-agent"):
            return Told(403, b"Request forbidden by administrative rules.")
        scheme, _, token = asked.headers.get("authorization", "").partition(" ")
        if scheme not in ("token", "Bearer") or token not in self.tokens:
            return json_of({"message": "Bad credentials"}, 401)
        return None

    def check(self, asked: Asked) -> Told:
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if asked.headers.get("authorization") != f"Basic {basic}":
            return json_of({"message": "Not Found"}, 404)
        token = json.loads(asked.body)["access_token"]
        if self.tokens.get(token) != CLIENT:
            return json_of({"message": "Not Found"}, 404)
        return json_of({"id": 1, "token": token, "app": {"client_id": CLIENT, "name": "Shop"}})


class GoogleNetwork(Network):
    prefix = "gp"

    def provider(self, tools: SignInTools, url: str) -> SignIn:
        return Google(tools, url, url, url)

    def routes(self) -> Mapping[str, Callable[[Asked], Told]]:
        return {
            "POST /oauth2/v4/token": self.token,
            "GET /oauth2/v3/userinfo": self.userinfo,
            "GET /tokeninfo": self.tokeninfo,
        }

    def token(self, asked: Asked) -> Told:
        if asked.form.get("grant_type") != "authorization_code":
            return json_of({"error": "unsupported_grant_type"}, 400)
        if not self.code_is_good(asked.form):
            return json_of({"error": "invalid_grant", "error_description": "Bad Request"}, 400)
        return json_of({"access_token": GOOD, "expires_in": 3599, "token_type": "Bearer"})

    def userinfo(self, asked: Asked) -> Told:
        if not self.bearer_is_good(asked):
            return json_of({"error": "invalid_request"}, 401)
        return json_of(
            {
                "sub": "110169484474386276334",
                "name": "Ann Smith",
                "given_name": "Ann",
                "family_name": "Smith",
                "picture": "https://lh3.example/a/photo.jpg?sz=50",
                "email": "ann@mail.example",
                "email_verified": True,
                **self.person,
            }
        )

    def tokeninfo(self, asked: Asked) -> Told:
        client = self.tokens.get(asked.query["access_token"])
        if client is None:
            return json_of({"error": "invalid_token", "error_description": "Invalid Value"}, 400)
        about = {"azp": client, "aud": client, "sub": "110169484474386276334"}
        return json_of({**about, "expires_in": "3590", "email_verified": "true"})


class LinkedInNetwork(Network):
    prefix = "in"

    def provider(self, tools: SignInTools, url: str) -> SignIn:
        return LinkedIn(tools, url, url)

    def routes(self) -> Mapping[str, Callable[[Asked], Told]]:
        return {
            "POST /oauth/v2/accessToken": self.token,
            "GET /v2/me": self.me,
            "GET /v2/emailAddress": self.email,
            "POST /oauth/v2/introspectToken": self.introspect,
        }

    def token(self, asked: Asked) -> Told:
        if not self.code_is_good(asked.form):
            return json_of({"error": "invalid_request", "error_description": "not found"}, 400)
        return json_of({"access_token": GOOD, "expires_in": 5184000})

    def me(self, asked: Asked) -> Told:
        if not self.bearer_is_good(asked):
            return _linkedin_error()
        assert "displayImage~:playableStreams" in asked.query["projection"]
        sizes = [
            {"identifiers": [{"identifier": f"https://m.example/{size}?e=1"}]}
            for size in ("100_100", "400_400", "800_800")
        ]
        return json_of(
            {
                "id": "yrZCpj2Z12",
                "firstName": {"localized": {"en_US": "Ann"}, "preferredLocale": {}},
                "lastName": {"localized": {"en_US": "Smith"}, "preferredLocale": {}},
                "profilePicture": {"displayImage~": {"paging": {"count": 3}, "elements": sizes}},
                **self.person,
            }
        )

    def email(self, asked: Asked) -> Told:
        if not self.bearer_is_good(asked):
            return _linkedin_error()
        handle = {
            "handle": "urn:li:emailAddress:1",
            "handle~": {"emailAddress": "ann@mail.example"},
        }
        return json_of({"elements": self.person.get("elements", [handle])})

    def introspect(self, asked: Asked) -> Told:
        if (asked.form.get("client_id"), asked.form.get("client_secret")) != (CLIENT, SECRET):
            return json_of({"error": "invalid_client"}, 401)
        client = self.tokens.get(asked.form["token"])
        return json_of({"active": client is not None, "client_id": client, "status": "active"})


class MicrosoftNetwork(Network):
    prefix = "ms"
    good = f"e30.{base64_url_encode(json.dumps({'appid': CLIENT}).encode())}.sig"
    foreign = f"e30.{base64_url_encode(json.dumps({'appid': OTHER}).encode())}.sig"

    def provider(self, tools: SignInTools, url: str) -> SignIn:
        return Microsoft(tools, url, url)

    def routes(self) -> Mapping[str, Callable[[Asked], Told]]:
        return {
            "POST /common/oauth2/v2.0/token": self.token,
            "GET /v1.0/me": self.me,
            "GET /v1.0/me/photo/$value": self.photo,
        }

    @property
    def tokens(self) -> dict[str, str]:
        return {**super().tokens, "opaque-token-of-a-personal-account": ""}

    def token(self, asked: Asked) -> Told:
        is_asked = asked.form.get("scope") == "https://graph.microsoft.com/user.read"
        if not is_asked or not self.code_is_good(asked.form):
            return json_of({"error": "invalid_grant", "error_codes": [54005]}, 400)
        return json_of({"token_type": "Bearer", "expires_in": 3599, "access_token": self.good})

    def me(self, asked: Asked) -> Told:
        if not self.bearer_is_good(asked):
            return json_of({"error": {"code": "InvalidAuthenticationToken"}}, 401)
        return json_of(
            {
                "id": "87d349ed-44d7-43e1-9a83-5f2406dee5bd",
                "displayName": "Ann Smith",
                "mail": "ann@mail.example",
                "userPrincipalName": "ann@corp.example",
                "jobTitle": None,
                **self.person,
            }
        )

    def photo(self, asked: Asked) -> Told:
        if not self.bearer_is_good(asked):
            return json_of({"error": {"code": "InvalidAuthenticationToken"}}, 401)
        if self.person.get("photo") is None:
            return json_of({"error": {"code": "ImageNotFound"}}, 404)
        return Told(200, self.person["photo"], {"content-type": "image/png"})


class SlackNetwork(Network):
    prefix = "sl"
    tells_client = False

    def provider(self, tools: SignInTools, url: str) -> SignIn:
        return Slack(tools, url)

    def routes(self) -> Mapping[str, Callable[[Asked], Told]]:
        return {"POST /api/oauth.v2.access": self.token, "GET /api/users.identity": self.identity}

    def token(self, asked: Asked) -> Told:
        if not self.code_is_good(asked.form):
            return json_of({"ok": False, "error": "invalid_code"})
        person = {"id": "U0G9QF9C6", "access_token": GOOD, "token_type": "user"}
        return json_of({"ok": True, "access_token": "xoxb-of-the-bot", "authed_user": person})

    def identity(self, asked: Asked) -> Told:
        if not self.bearer_is_good(asked):
            return json_of({"ok": False, "error": "invalid_auth"})
        person = {
            "id": "U0G9QF9C6",
            "name": "Ann Smith",
            "email": "ann@mail.example",
            "image_24": "https://s.example/24.png",
            "image_512": "https://s.example/512.png?d=x",
        }
        team = self.person.get("team", {"id": "T0G9PQBBK", "name": "Shop Ü"})
        return json_of({"ok": True, "user": {**person, **self.person}, "team": team})


class AmazonNetwork(Network):
    prefix = "az"

    def provider(self, tools: SignInTools, url: str) -> SignIn:
        return Amazon(tools, url, url)

    def routes(self) -> Mapping[str, Callable[[Asked], Told]]:
        return {
            "POST /auth/o2/token": self.token,
            "GET /auth/o2/tokeninfo": self.tokeninfo,
            "GET /user/profile": self.profile,
        }

    def token(self, asked: Asked) -> Told:
        if not self.code_is_good(asked.form):
            return json_of({"error": "invalid_grant", "error_description": "Invalid"}, 400)
        return json_of({"access_token": GOOD, "token_type": "bearer", "refresh_token": "Atzr|x"})

    def tokeninfo(self, asked: Asked) -> Told:
        client = self.tokens.get(asked.query["access_token"])
        if client is None:
            return json_of({"error": "invalid_token"}, 400)
        return json_of({"iss": "https://www.amazon.com", "aud": client, "exp": 3597})

    def profile(self, asked: Asked) -> Told:
        if asked.headers.get("x-amz-access-token") not in self.tokens:
            return json_of({"error": "invalid_token", "error_description": "expired"}, 400)
        profile = {"user_id": "amzn1.account.A1", "name": "Ann Smith", "email": "ann@mail.example"}
        return json_of({**profile, **self.person})


def _graph_error(message: str, code: int) -> Told:
    return json_of({"error": {"message": message, "type": "OAuthException", "code": code}}, 400)


def _linkedin_error() -> Told:
    about = {"serviceErrorCode": 65600, "message": "Invalid access token", "status": 401}
    return json_of(about, 401)


NETWORKS: dict[str, type[Network]] = {
    "facebook": FacebookNetwork,
    "github": GitHubNetwork,
    "google": GoogleNetwork,
    "linkedin": LinkedInNetwork,
    "microsoft": MicrosoftNetwork,
    "slack": SlackNetwork,
    "amazon": AmazonNetwork,
}


def settings_for(network: Network) -> dict[str, str]:
    return {f"{network.prefix}_app_id": CLIENT, f"{network.prefix}_secret": SECRET}


def encoded(text: str) -> str:
    return quote(text, safe="")
