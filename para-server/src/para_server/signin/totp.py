"""One-time codes of authenticator programs, RFC 6238: six digits, half a minute each, SHA-1."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets

__all__ = ["STEP_SEC", "code_at", "matching_step", "new_key"]

STEP_SEC = 30
_DIGITS = 6
_DRIFT = 1  # steps that the clock of a phone may be off


def new_key() -> str:
    """Return a new key in Base32, as authenticator programs take it."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def code_at(key: str, step: int) -> str:
    """Return the code of a step of time, or an empty text when the key is none.

    Args:
        key: Base32; spaces, case and padding do not matter.
        step: Seconds since the Unix epoch, divided by ``STEP_SEC``.
    """
    bare = "".join(key.split()).upper().rstrip("=")
    try:
        secret = base64.b32decode(bare + "=" * (-len(bare) % 8))
    except (binascii.Error, ValueError):
        return ""
    if not secret:
        return ""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 0xF
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return str(number % 10**_DIGITS).zfill(_DIGITS)


def matching_step(key: str, code: str, now_sec: int, *, after: int = 0) -> int | None:
    """Return the step of time that a code belongs to, or ``None``.

    Args:
        key: The key of the user.
        code: What the user typed; spaces do not matter.
        now_sec: Seconds since the Unix epoch.
        after: The step of the last code that was used; older ones and this one are worth nothing.
    """
    typed = "".join(code.split())
    if len(typed) != _DIGITS or not typed.isascii() or not typed.isdigit():
        return None
    now, found = now_sec // STEP_SEC, None
    for step in range(now - _DRIFT, now + _DRIFT + 1):
        known = code_at(key, step)
        if known and hmac.compare_digest(known, typed) and step > after and found is None:
            found = step
    return found
