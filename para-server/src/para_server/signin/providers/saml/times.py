"""Times as SAML writes them."""

from __future__ import annotations

import datetime

from para_core.contracts.signin import SignInError

__all__ = ["milliseconds", "stamp"]


def stamp(now_ms: int) -> str:
    """Return a time as text, to the second."""
    at = datetime.datetime.fromtimestamp(now_ms / 1000, datetime.UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def milliseconds(text: str) -> int:
    """Return a time in milliseconds since the Unix epoch.

    Raises:
        SignInError: The text is no time of the world: SAML wants UTC.
    """
    try:
        at = datetime.datetime.fromisoformat(text)
    except ValueError as error:
        raise SignInError(reason=f"{text[:40]!r} is no time") from error
    if at.tzinfo is None:
        raise SignInError(reason=f"{text[:40]!r} has no time zone")
    return int(at.timestamp() * 1000)
