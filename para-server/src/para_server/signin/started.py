"""Flows that Para itself starts: bound to the browser that the sign-in page was shown to.

The ``state`` that goes to a provider and comes back has a random part and a proof, which only the
browser with the right cookie can repeat. So nobody can make another's browser finish a sign-in
that he began himself. A front end that starts the flow sends a ``state`` without the mark; it has
to bind its flows itself, as it always had.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from para_core.contracts.signin import Cookie
from para_core.text import base64_url_encode

__all__ = ["COOKIE", "begin", "is_marked", "is_proven"]

COOKIE = "para-signin"

_MARK = "|~"  # after the app, where the number of a host would be
_BYTES = 24
_LIFE_SEC = 1800


def begin(appid: str, cookie: str = "") -> tuple[str, Cookie]:
    """Return the state of a new flow and the cookie to set.

    Args:
        appid: The app to sign in to.
        cookie: What the browser sends as ``COOKIE``; it is kept, so that flows in several windows
            do not disturb each other.
    """
    secret = cookie if len(cookie) >= _BYTES else secrets.token_urlsafe(_BYTES)
    salt = secrets.token_urlsafe(_BYTES // 2)
    state = f"{appid}{_MARK}{salt}.{_proof(appid, salt, secret)}"
    return state, Cookie(COOKIE, secret, max_age_sec=_LIFE_SEC)


def is_marked(state: str) -> bool:
    """Tell whether Para itself started the flow, as its state claims."""
    return _MARK in state


def is_proven(state: str, cookie: str) -> bool:
    """Tell whether the flow was started for the browser that sends this cookie."""
    appid, mark, rest = state.partition(_MARK)
    salt, dot, proof = rest.partition(".")
    if not (mark and dot and salt) or len(cookie) < _BYTES:
        return False
    return hmac.compare_digest(proof.encode(), _proof(appid, salt, cookie).encode())


def _proof(appid: str, salt: str, secret: str) -> str:
    text = f"{appid}\n{salt}".encode()
    return base64_url_encode(hmac.digest(secret.encode(), text, hashlib.sha256))
