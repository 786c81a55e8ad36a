"""Names of fields that MongoDB would take for something else, written as the original does.

A name with a dot, or with a dollar sign in front, becomes ``Base64:<readable>:<in Base64>``.
Unlike in the original, names inside lists do too, and so do names that already look like that, so
every name comes back as it was.
"""

from __future__ import annotations

import base64

__all__ = ["UnfitError", "escaped", "escaped_name", "marked_name", "plain", "plain_name"]

_MARK = "Base64:"
_DEEPEST = 90  # levels; MongoDB takes 100, and an update command has some around the document
_SMALLEST, _GREATEST = -(2**63), 2**63 - 1  # the integers of BSON


class UnfitError(Exception):
    """A value has no equal form in BSON: it is too deep, or a number is too large."""


def escaped_name(name: str) -> str:
    """Return the name under which a field is stored."""
    if "." not in name and "\0" not in name and not name.startswith(("$", _MARK)):
        return name
    return marked_name(name)


def marked_name(name: str) -> str:
    """Return a name in the form of those that cannot be stored as they are."""
    readable = name.lstrip("$").replace(".", "_").replace("\0", "")
    return f"{_MARK}{readable}:{base64.b64encode(name.encode()).decode()}"


def plain_name(name: str) -> str:
    """Return the name of a field that is stored under this one."""
    if not name.startswith(_MARK):
        return name
    return base64.b64decode(name.rpartition(":")[2]).decode()


def escaped(value: object, depth: int = 0) -> object:
    """Return a JSON value with the names in it as they are stored, at any depth.

    Raises:
        UnfitError: It has no equal form.
    """
    if isinstance(value, dict):
        if depth == _DEEPEST:
            raise UnfitError
        return {escaped_name(name): escaped(item, depth + 1) for name, item in value.items()}
    if isinstance(value, list):
        if depth == _DEEPEST:
            raise UnfitError
        return [escaped(item, depth + 1) for item in value]
    if isinstance(value, int) and not _SMALLEST <= value <= _GREATEST:
        raise UnfitError
    return value


def plain(value: object) -> object:
    """Return a stored value with the names in it as they were."""
    if isinstance(value, dict):
        return {plain_name(name): plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value
