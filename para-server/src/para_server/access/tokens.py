"""JSON Web Tokens: what users and apps send instead of a signature.

A *user token* is keyed with the app's secret and the user's own token secret, so a new value of
either ends it. A *super token* is made by an app with its secret alone and acts as the app. An *ID
token* tells another program who a user is, and opens nothing here. What an app signs to vouch for a
person has the key of a super token; the claim ``identifier`` tells it apart, and only sign-in takes
it: the person holds it, and must not act as the app.

A token that was verified is remembered with the key it was verified with. As long as its owner's
key is still that one, only its times are looked at again; that takes a tenth of a microsecond
instead of thirty. Source: Para 1.54, ``JWTRestfulAuthFilter`` and ``SecurityUtils``.
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

import msgspec
from jwt import InvalidTokenError, PyJWS

from para_core.types import app_identifier
from para_server.access.bounded import BoundedDict
from para_server.access.contracts import AppLike, UserLike
from para_server.access.principal import Kind, Principal

__all__ = ["HASH_BYTES", "Lookup", "Proof", "Token", "TokenFault", "TokenVerifier"]

HASH_BYTES = {"HS256": 32, "HS384": 48, "HS512": 64}
"""Accepted algorithms, and how many bytes a key needs at least: as many as the hash has."""

_LONGEST_KEPT = 4096  # bytes of a token; longer ones are verified each time
_PARTS = 3
_JWS = PyJWS(algorithms=list(HASH_BYTES))


class TokenFault(Enum):
    """Why a token is refused; the value answers in ``WWW-Authenticate``."""

    UNUSABLE = "Bearer"  # no token, none that can be read, or one of an unknown app
    REJECTED = 'Bearer error="invalid_token"'


@dataclass(frozen=True, slots=True)
class Token:
    """What a token says, verified or not.

    Attributes:
        appid: The app's identifier, without prefix.
        subject: The user's id; empty in most super tokens.
        claims: All claims.
        expires: Seconds since the epoch; ``None`` when it never would.
        not_before: Seconds since the epoch; ``None`` when it is valid from ever.
        algorithm: As its header names it.
    """

    appid: str
    subject: str
    claims: Mapping[str, object]
    expires: float | None
    not_before: float | None
    algorithm: str


@dataclass(frozen=True, slots=True)
class Proof:
    """A principal that a token proved, with the app and the user as they are now."""

    principal: Principal
    app: AppLike
    user: UserLike | None = None


class Lookup(Protocol):
    """Finds the apps and users that requests name."""

    async def app(self, identifier: str) -> AppLike | None:
        """Return an app by its identifier (normalised, without prefix)."""

    async def user(self, identifier: str, userid: str) -> UserLike | None:
        """Return a user of that app; ``None`` also for an object that is no user."""


class TokenVerifier:
    """Verifies tokens and remembers the good ones.

    Use one per process, from the loop's thread.
    """

    def __init__(self, *, root: str, capacity: int = 4096) -> None:
        """Start with nothing remembered.

        Args:
            root: The identifier of the root app.
            capacity: How many verified tokens are kept.
        """
        self.root = root
        self.still_valid: Callable[[Any, Any], Awaitable[bool]] | None = None
        """Asked with app and user, where a provider decides how long sessions last."""
        self._known: BoundedDict[bytes, tuple[Token, str]] = BoundedDict(capacity)

    def read(self, token: bytes) -> Token | None:
        """Return what a token says, not verified; ``None`` when it cannot be used at all."""
        known = self._known.get(token)
        return known[0] if known else _parse(token)

    def check(self, raw: bytes, token: Token, key: str, now: float) -> bool:
        """Tell whether a token was signed with this key and is valid now.

        Args:
            raw: The token as sent.
            token: What ``read`` gave for it.
            key: The app's secret, followed by the user's token secret if there is a user.
            now: Seconds since the epoch.
        """
        if token.expires is None or token.expires <= now or (token.not_before or 0) > now:
            return False
        known = self._known.get(raw)
        if known is not None and known[1] == key:
            return True
        if not _is_signed(raw, token, key):
            return False
        if len(raw) <= _LONGEST_KEPT:
            self._known.remember(raw, (token, key))
        return True

    async def verify(self, raw: bytes, lookup: Lookup, now: float) -> Proof | TokenFault:
        """Return the user or app that a token proves, or why it proves nothing.

        A user who is not active is proved all the same; ``authorize`` refuses. The cost is that of
        the look-ups.
        """
        token = self.read(raw)
        app = await lookup.app(token.appid) if token and token.appid else None
        if token is None or app is None:
            return TokenFault.UNUSABLE
        user = await lookup.user(app.identifier, token.subject) if token.subject else None
        key = (app.secret or "") + (user.token_secret or "" if user else "")
        if user is not None and not (user.token_secret and "refresh" in token.claims):
            return TokenFault.REJECTED  # an ID token, which has no time of refresh
        if user is None and "identifier" in token.claims:
            return TokenFault.REJECTED  # it tells of a person, and is not meant to act as the app
        if not app.secret or not self.check(raw, token, key, now):
            return TokenFault.REJECTED
        if user is not None and self.still_valid and not await self.still_valid(app, user):
            return TokenFault.REJECTED
        return Proof(self._principal(token, app, user), app, user)

    def _principal(self, token: Token, app: AppLike, user: UserLike | None) -> Principal:
        is_root = app.identifier == self.root
        if user is None:
            return Principal(Kind.APP, app.identifier, is_root=is_root, claims=token.claims)
        return Principal(
            Kind.USER,
            app.identifier,
            is_root=is_root,
            userid=user.id,
            groups=user.groups,
            is_active=user.active,
            claims=token.claims,
        )


def _parse(raw: bytes) -> Token | None:
    parts = raw.split(b".")
    if len(parts) != _PARTS:
        return None
    header, claims = _decoded(parts[0]), _decoded(parts[1])
    algorithm = header.get("alg") if header else None
    if claims is None or not isinstance(algorithm, str) or algorithm == "none":
        return None
    texts = [claims.get(name) or "" for name in ("appid", "sub")]
    times = [claims.get(name) for name in ("exp", "nbf", "iat")]
    if not all(isinstance(text, str) for text in texts) or not all(map(_is_time, times)):
        return None
    identifier = app_identifier(texts[0])
    return Token(identifier, texts[1], claims, times[0], times[1], algorithm)


def _decoded(part: bytes) -> dict[str, Any] | None:
    try:
        value = msgspec.json.decode(base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4)))
    except (ValueError, RecursionError):  # no base64, no JSON, or nested without end
        return None
    return value if isinstance(value, dict) else None


def _is_time(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _is_signed(raw: bytes, token: Token, key: str) -> bool:
    secret = key.encode()
    if len(secret) < HASH_BYTES.get(token.algorithm, len(secret) + 1):
        return False
    try:
        _JWS.decode(raw, secret, algorithms=[token.algorithm])
    except InvalidTokenError:
        return False
    return True
