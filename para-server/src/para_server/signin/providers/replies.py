"""Reading what other systems answer: JSON objects, and texts in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from para_core.contracts.signin import SignInError

if TYPE_CHECKING:
    from para_core.contracts.outbound import OutboundReply

__all__ = [
    "is_true",
    "json_object",
    "object_in",
    "object_of",
    "picture_at",
    "plain",
    "text_in",
    "usable_key",
]

_OK = range(200, 300)
_LONGEST_KEY, _LONGEST_URL = 255, 2048


def object_of(reply: OutboundReply, about: str) -> dict[str, Any]:
    """Return the JSON object of an answer with a good status.

    Raises:
        SignInError: The status is another, or the body is no JSON object.
    """
    if reply.status not in _OK:
        raise SignInError(reason=f"{about} answers {reply.status}")
    return json_object(reply.body, about)


def json_object(text: bytes, about: str) -> dict[str, Any]:
    """Return the JSON object that a text is.

    Raises:
        SignInError: It is none.
    """
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise SignInError(reason=f"{about} does not answer with JSON") from error
    if not isinstance(found, dict):
        raise SignInError(reason=f"{about} does not answer with an object")
    return found


def object_in(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return an object inside another; empty when it is missing or something else."""
    found = values.get(name)
    return found if isinstance(found, dict) else {}


def text_in(values: Mapping[str, Any], name: str) -> str:
    """Return a value as text; blank when it is missing or neither a text nor a number."""
    found = values.get(name)
    if isinstance(found, str):
        return found.strip()
    return str(found) if isinstance(found, int) and not isinstance(found, bool) else ""


def is_true(value: object) -> bool:
    """Tell whether a provider says yes; some of them say it as text."""
    return value is True or (isinstance(value, str) and value.lower() == "true")


def plain(url: str) -> str | None:
    """Return the address of a picture without its query; ``None`` for what is none."""
    return picture_at(url.partition("?")[0])


def picture_at(url: str) -> str | None:
    """Return the address of a picture if pages may show it; ``None`` for what is none."""
    url = url.strip()
    is_shown = url.lower().startswith(("https://", "http://")) and len(url) <= _LONGEST_URL
    return url if is_shown and url.isprintable() else None


def usable_key(key: str) -> str:
    """Return the id of a person at a provider.

    Raises:
        SignInError: It is blank, or cannot be an id: too long, or with characters nobody can see.
    """
    if not key.strip() or len(key) > _LONGEST_KEY or not key.isprintable():
        raise SignInError(reason=f"{key[:40]!r} cannot be the id of a person")
    return key
