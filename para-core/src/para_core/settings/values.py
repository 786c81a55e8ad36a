"""What the text of a value means."""

from __future__ import annotations

import re

from para_core.settings.key import Key, Kind

__all__ = ["REDACTED", "as_integer", "as_text", "is_secret", "shown", "split_items"]

REDACTED = "<redacted>"

_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_LIMIT = 2**63
_SECRET_NAMES = (
    "secret", "credential", "sensitive", "password", "pass", "privatekey", "operator.token",
)  # fmt: skip
_KEY_LIKE = re.compile(r"[A-Za-z0-9+/=_-]{33,}")
_PASSWORDS = (
    re.compile(r"(?<=://)(?P<before>[^/@\s:]*:)[^/\s]*(?P<after>@)"),
    re.compile(r"(?<=:thin:)(?P<before>[^/@\s]*/)(?:\"[^\"]*\"|[^@]*)(?P<after>@)"),  # of Oracle
    # As a parameter, that of SQL Server maybe in braces with what else would end it.
    re.compile(r"(?i)(?P<before>[?&;]\s*\w*password\s*=)(?:\{(?:[^}]|\}\})*\}|[^&;]*)(?P<after>)"),
)
"""Where passwords stand in addresses."""


def as_text(value: object) -> str | None:
    """Return a scalar of a file as text: ``1e3`` is ``1000``; ``None`` for lists and objects."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer() and abs(value) < _LIMIT:
            return str(int(value))
        case int() | float():
            return str(value)
        case _:
            return None


def as_integer(text: str) -> int | None:
    """Return the whole number that a text is, without spaces around it; ``None`` if it is none."""
    if not _INTEGER.fullmatch(text):
        return None
    value = int(text)
    return value if -_LIMIT <= value < _LIMIT else None


def split_items(text: str, separator: str) -> list[str]:
    """Split at commas; the separator ``", "`` drops white space around them. Blank ones go."""
    parts = text.split(",")
    if separator != ",":
        parts = [part.strip() for part in parts]
    return [part for part in parts if part.strip()]


def is_secret(name: str, value: str) -> bool:
    """Whether a value must not be shown: by the name of its key, or because it looks like a key."""
    lowered = name.lower()
    return any(word in lowered for word in _SECRET_NAMES) or bool(_KEY_LIKE.fullmatch(value))


def shown(name: str, value: str, key: Key | None = None) -> str:
    """Return a value for people to see: secrets redacted, passwords in addresses too.

    Numbers and switches are never secrets, whatever their keys are called.
    """
    if not value or (key is not None and key.kind in (Kind.NUMBER, Kind.FLAG)):
        return value
    if is_secret(name, value):
        return REDACTED
    for password in _PASSWORDS:
        value = password.sub(rf"\g<before>{REDACTED}\g<after>", value)
    return value
