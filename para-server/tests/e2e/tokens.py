"""Tokens as clients make them, and as they should not be made."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from typing import Any

import msgspec

__all__ = ["b64", "super_token", "token"]

_HASHES = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def token(claims: Mapping[str, Any], key: str, *, alg: str = "HS256") -> str:
    """Return a token without claims that are ``None``; unsigned where the algorithm has no key."""
    head = b64(msgspec.json.encode({"alg": alg}))
    told = {name: value for name, value in claims.items() if value is not None}
    signed = f"{head}.{b64(msgspec.json.encode(told))}"
    name = _HASHES.get(alg)
    mark = hmac.new(key.encode(), signed.encode(), getattr(hashlib, name)).digest() if name else b""
    return f"{signed}.{b64(mark)}"


def super_token(appid: str, key: str, claims: Mapping[str, Any] | None = None) -> str:
    """Return a token that acts as an app for an hour, with other claims where some are given."""
    now = int(time.time())
    usual = {"appid": appid, "iat": now, "nbf": now, "exp": now + 3600}
    return token({**usual, **(claims or {})}, key)
