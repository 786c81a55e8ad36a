"""A small OpenID Connect issuer: it signs ID tokens, and tests change what it says."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from para_core.text import base64_url_encode

from .web import Asked, Told, json_of

CLIENT, SECRET, CODE = "client-1", "secret-1", "good-code"


@lru_cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    assert name
    return rsa.generate_private_key(65537, 2048)


@lru_cache
def ec_key(name: str) -> ec.EllipticCurvePrivateKey:
    assert name
    return ec.generate_private_key(ec.SECP256R1())


def jwk_of(name: str, kid: str | None = None) -> dict[str, Any]:
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key(name).public_key()))
    return {**public, "use": "sig", "kid": kid or name}


@dataclass
class Issuer:
    """An issuer at an address; what it knows of the person, and what its tokens claim."""

    url: str = ""
    keys: list[dict[str, Any]] = field(default_factory=lambda: [jwk_of("key 1")])
    person: dict[str, Any] = field(
        default_factory=lambda: {
            "sub": "ann-1",
            "name": "Ann Smith",
            "email": "ann@mail.example",
            "email_verified": True,
            "picture": "https://idp.example/ann.png?x=1",
        }
    )
    access: dict[str, str] = field(default_factory=lambda: {"access-1": CLIENT})
    refresh: dict[str, str] = field(default_factory=lambda: {"refresh-1": "access-2"})
    described: dict[str, Any] = field(default_factory=dict)
    nonce: str = ""
    challenge: str = ""
    id_token: str | None = None  # None: a good one
    forms: list[Mapping[str, str]] = field(default_factory=list)

    def answer(self, asked: Asked) -> Told:
        handlers: dict[str, Callable[[Asked], Told]] = {
            "/.well-known/openid-configuration": lambda _: json_of(self.description),
            "/jwks": lambda _: json_of({"keys": self.keys}),
            "/token": self.token,
            "/userinfo": self.userinfo,
            "/introspect": self.introspect,
        }
        handler = handlers.get(asked.path)
        return handler(asked) if handler else Told(404)

    @property
    def description(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/jwks",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "authorization_endpoint": f"{self.url}/authorize",
            **self.described,
        }

    def token(self, asked: Asked) -> Told:
        self.forms.append(asked.form)
        form = asked.form
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            return json_of({"error": "invalid_client"}, 401)
        if form.get("grant_type") == "refresh_token":
            access = self.refresh.get(form.get("refresh_token", ""))
            if access is None:
                return json_of({"error": "invalid_grant"}, 400)
            self.access[access] = CLIENT
            return json_of({"access_token": access, "token_type": "Bearer"})
        verifier = form.get("code_verifier", "")
        proof = base64_url_encode(hashlib.sha256(verifier.encode()).digest()) if verifier else ""
        if form.get("code") != CODE or proof != self.challenge:
            return json_of({"error": "invalid_grant"}, 400)
        told = {
            "access_token": "access-1",
            "token_type": "Bearer",
            "refresh_token": "refresh-1",
            "id_token": self.signed() if self.id_token is None else self.id_token,
        }
        return json_of({name: value for name, value in told.items() if value})

    def userinfo(self, asked: Asked) -> Told:
        scheme, _, token = asked.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or (token not in self.access and token.count(".") != 2):
            return json_of({"error": "invalid_token"}, 401)
        return json_of(self.person)

    def introspect(self, asked: Asked) -> Told:
        client = self.access.get(asked.form.get("token", ""))
        return json_of({"active": client is not None, "client_id": client})

    def claims(self, **changes: object) -> dict[str, Any]:
        now = int(time.time())
        own = {
            "iss": self.url,
            "aud": CLIENT,
            "sub": "ann-1",
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonce or None,
            **changes,
        }
        return {name: value for name, value in own.items() if value is not None}

    def signed(self, key: str = "key 1", kid: str | None = None, **changes: object) -> str:
        return jwt.encode(
            self.claims(**changes), rsa_key(key), "RS256", headers={"kid": kid or key}
        )
