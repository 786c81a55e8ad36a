"""Making tokens: user tokens at sign-in and refresh, ID tokens for other programs.

Source: Para 1.54, ``SecurityUtils.generateJWToken`` and ``generateIdToken``.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from jwt import PyJWS

from para_server.access.contracts import AppLike, UserLike
from para_server.access.tokens import HASH_BYTES

__all__ = [
    "IssuedToken",
    "Profile",
    "issue_id_token",
    "issue_user_token",
    "new_token_secret",
    "validity_of",
]

_ALGORITHM = "HS256"
_SECRET_BYTES, _NUMBER_BYTES = 32, 12
_JWS = PyJWS(algorithms=[_ALGORITHM])


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A user token and its times, in milliseconds since the epoch as clients want them."""

    token: str
    refresh_ms: int
    expires_ms: int


@dataclass(frozen=True, slots=True)
class Profile:
    """What an ID token tells of a user."""

    name: str
    email: str
    identifier: str
    picture: str


def issue_user_token(
    app: AppLike, user: UserLike, provider: str, now: float, *, validity: tuple[int, int]
) -> IssuedToken | None:
    """Make a token with which a user may use the API; ``None`` when the keys are too short.

    With one session per user, give the user a new token secret first: that ends all others.

    Args:
        app: The user's app.
        user: The user.
        provider: Who vouches for the user (claim ``idp``).
        now: Seconds since the epoch.
        validity: For how many seconds, and after how many a client should refresh it at the latest
            (``para.jwt_refresh_interval``); half of the validity when that is sooner.
    """
    seconds, interval = validity
    issued, expires = int(now), int(now) + seconds
    wait_ms = interval * 1000 if seconds >= 2 * interval else seconds * 500
    refresh_ms = int(now * 1000) + wait_ms
    claims = {
        "sub": user.id,
        "idp": provider,
        "appid": app.id,
        "nbf": issued,
        "exp": expires,
        "iat": issued,
        "refresh": refresh_ms,
    }
    token = _sign(claims, _key(app, user))
    return IssuedToken(token, refresh_ms, expires * 1000) if token else None


def issue_id_token(
    app: AppLike, user: UserLike, profile: Profile, now: float, *, validity_sec: int = 60
) -> str | None:
    """Make a token that tells who a user is; ``None`` when the keys are too short.

    It has no time of refresh, by which it is known not to open the API.
    """
    claims = {
        "sub": user.id,
        "appid": app.id,
        "name": profile.name,
        "email": profile.email,
        "identifier": profile.identifier,
        "picture": _picture(profile),
        "nbf": int(now),
        "exp": int(now) + validity_sec,
        "iat": int(now),
        "jti": secrets.token_urlsafe(_NUMBER_BYTES),  # each works once, those of one second too
    }
    return _sign(claims, _key(app, user))


def new_token_secret(random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """Return a new token secret for a user; storing it revokes all tokens of that user."""
    return base64.b64encode(random_bytes(_SECRET_BYTES)).decode()


def validity_of(settings: Mapping[str, object], stored_sec: int | None, default_sec: int) -> int:
    """Return for how many seconds the tokens of an app are valid.

    Args:
        settings: The app's settings, of which a number under ``session_timeout`` comes first.
        stored_sec: The app's ``tokenValiditySec``.
        default_sec: ``para.jwt_expires_after``.
    """
    timeout = settings.get("session_timeout")
    if isinstance(timeout, int | float) and not isinstance(timeout, bool) and abs(timeout) >= 1:
        return int(abs(timeout))
    return stored_sec if stored_sec and stored_sec > 0 else default_sec


def _key(app: AppLike, user: UserLike) -> bytes:
    if not app.secret or not user.token_secret:
        return b""  # with half a key it would not be the user who is proved
    return (app.secret + user.token_secret).encode()


def _sign(claims: Mapping[str, object], key: bytes) -> str | None:
    if len(key) < HASH_BYTES[_ALGORITHM]:
        return None
    payload = json.dumps(claims, separators=(",", ":"), ensure_ascii=False).encode()
    return _JWS.encode(payload, key, algorithm=_ALGORITHM, headers={"typ": None})


def _picture(profile: Profile) -> str:
    if profile.picture.lower().startswith("http"):
        return profile.picture
    digest = hashlib.md5(profile.email.encode(), usedforsecurity=False).hexdigest()
    return f"https://gravatar.com/avatar/{digest}?size=400&d=retro&r=pg"
