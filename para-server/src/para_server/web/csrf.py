"""The token against forged requests: a cookie, submitted once more by the page itself.

A page of another site can make a browser send a form here, with the cookies of this site, but it
cannot read them. So the form must repeat the cookie ``XSRF-TOKEN``, in the header ``X-XSRF-TOKEN``
or the field ``_csrf``, as it is or masked: a random mask, and the token under the mask.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import secrets
import uuid

from para_server.web.cookies import SetCookie
from para_server.web.request import WebRequest

__all__ = ["COOKIE", "fault_of", "is_safe", "mask", "new_token", "token_cookie", "token_of"]

COOKIE, FIELD = "XSRF-TOKEN", "_csrf"

_HEADER = "x-xsrf-token"
_SAFE = frozenset({"GET", "HEAD", "TRACE", "OPTIONS"})
_TOKEN = re.compile(r"[A-Za-z0-9-]{16,64}")
_SHOWN = 100  # characters of a wrong token in the message
_MISSING = "Could not verify the provided CSRF token because no token was found to compare."


def is_safe(method: str) -> bool:
    """Tell whether requests of this method change nothing."""
    return method in _SAFE


def token_of(request: WebRequest) -> str:
    """Return the token of the browser's cookie; blank when it has none that is usable."""
    token = request.cookies.get(COOKIE, "")
    return token if _TOKEN.fullmatch(token) else ""


def fault_of(request: WebRequest) -> str:
    """Return why a request may be forged; blank when it is not."""
    token = token_of(request)
    if not token:
        return _MISSING
    given = request.header(_HEADER) or request.param(FIELD)
    if hmac.compare_digest(given.encode(), token.encode()) or _unmasked(given) == token:
        return ""
    shown = given[:_SHOWN] or "null"
    return (
        f"Invalid CSRF Token '{shown}' was found on the request parameter '{FIELD}' "
        "or header 'X-XSRF-TOKEN'."
    )


def new_token() -> str:
    """Return a new token."""
    return str(uuid.UUID(bytes=secrets.token_bytes(16), version=4))


def token_cookie(request: WebRequest, token: str) -> SetCookie:
    """Return the cookie that hands out a token; scripts of this site may read it."""
    path = request.context or "/"
    return SetCookie(
        name=COOKIE, value=token, path=path, is_hidden=False, is_secure=request.is_secure
    )


def mask(token: str) -> str:
    """Return a token as forms repeat it: different each time, so that compression tells nothing."""
    plain = token.encode()
    noise = secrets.token_bytes(len(plain))
    hidden = bytes(a ^ b for a, b in zip(noise, plain, strict=True))
    return base64.urlsafe_b64encode(noise + hidden).decode()


def _unmasked(given: str) -> str:
    try:
        data = base64.urlsafe_b64decode(given + "=" * (-len(given) % 4))
    except (binascii.Error, ValueError):
        return ""
    half = len(data) // 2
    return bytes(a ^ b for a, b in zip(data[:half], data[half:], strict=False)).decode("latin-1")
