"""Granting and revoking: how requests to ``_permissions`` change what an app holds.

Nothing here changes its arguments; each function returns the new map.
Source: Para 1.54, ``App.grantResourcePermission`` and ``App.AllowedMethods``.
"""

from __future__ import annotations

import binascii
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote_plus

from para_server.access.permissions import ALL, EVERYBODY, GUEST, OWN

__all__ = ["decode_resource", "grant", "normalise_flags", "normalise_resource", "revoke", "view"]

NOTHING = "-"
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_STORED_ORDER = (GUEST, NOTHING, OWN, ALL, *_METHODS)
_READ, _WRITE = "READ_ONLY", "w"
_WORDS = {word: word for word in (*_METHODS, OWN, _READ)} | {
    "WRITE_ONLY": _WRITE,
    "READ_WRITE": ALL,
    "GUEST": GUEST,
}
_SIGNS = {sign: sign for sign in (ALL, _WRITE, GUEST)}
_CONTROLS = {*range(0x20), *range(0x7F, 0xA0)}


def normalise_flags(wanted: Sequence[str], subject: str) -> list[str] | None:
    """Return the flags as they are stored for a subject; ``None`` when nothing was wanted.

    Words count in any case, the signs ``*``, ``w`` (all writes) and ``?`` as they are, and
    anything else means nothing (``-``). Blank texts are skipped.
    """
    asked = {_flag(text) for text in wanted if text.strip()}
    if not asked:
        return None
    flags = _combined(asked - {GUEST})
    if GUEST in asked and subject == EVERYBODY:
        flags.add(GUEST)
    if OWN in asked:
        flags.add(OWN)
    return [flag for flag in _STORED_ORDER if flag in flags]


def normalise_resource(resource: str) -> str:
    """Return a resource as it is stored: decoded, one slash off each end, and without dots.

    Dots are removed as ever, so what has a dot in its name can be granted, and never matches.
    """
    return unquote_plus(resource).removesuffix("/").removeprefix("/").replace(".", "")


def grant(
    permissions: Mapping[str, Any], subject: str, resource: str, flags: Sequence[str]
) -> dict[str, Any]:
    """Return the permissions with these flags for a subject and resource in place of earlier ones.

    A blank subject or resource changes nothing.

    Args:
        permissions: Flags by resource by subject.
        subject: A user's id or ``*``.
        resource: As ``decode_resource`` gives it.
        flags: As ``normalise_flags`` gives them.
    """
    name = normalise_resource(resource)
    if not subject.strip() or not name.strip():
        return dict(permissions)
    return {**permissions, subject: {**_of(permissions, subject), name: list(flags)}}


def revoke(
    permissions: Mapping[str, Any], subject: str, resource: str | None = None
) -> dict[str, Any]:
    """Return the permissions without one resource of a subject, or without the subject.

    The resource must be written as it is stored: it is decoded, and nothing else.
    """
    kept = {key: value for key, value in permissions.items() if key != subject}
    if resource is None or subject not in permissions:
        return kept
    entries = _of(permissions, subject)
    entries.pop(unquote_plus(resource), None)
    # The subject keeps its place, so that a map changes no more than it must.
    replaced = {key: entries if key == subject else permissions[key] for key in permissions}
    return replaced if entries else kept


def view(permissions: Mapping[str, Any], subject: str) -> dict[str, Any]:
    """Return what ``_permissions/{subject}`` shows: its entries, and those of everybody if any."""
    shown: dict[str, Any] = {subject: _of(permissions, subject)}
    if permissions.get(EVERYBODY):
        shown[EVERYBODY] = permissions[EVERYBODY]
    return shown


def decode_resource(segment: str) -> str:
    """Return the resource that a path segment of ``_permissions`` names.

    It is base64 in either alphabet, padded or not. What is none, or decodes to bytes that are no
    printable path, is the path itself, as some clients send it.

    Args:
        segment: Percent-decoded once, as all segments of a path.
    """
    plain = segment.replace("-", "+").replace("_", "/").rstrip("=")
    padded = plain + "=" * (-len(plain) % 4)
    try:
        decoded = binascii.a2b_base64(padded.encode("ascii"), strict_mode=True)
        resource = decoded.decode("utf-8")
    except ValueError:  # binascii.Error and UnicodeError are ones
        return segment
    is_canonical = binascii.b2a_base64(decoded, newline=False).decode("ascii") == padded
    is_printable = not any(ord(char) in _CONTROLS for char in resource)
    return resource if is_canonical and is_printable else segment


def _flag(text: str) -> str:
    return _SIGNS.get(text) or _WORDS.get(text.upper(), NOTHING)


def _combined(asked: set[str]) -> set[str]:
    reads, writes = {"GET", _READ} & asked, _WRITE in asked
    if ALL in asked or asked.issuperset(_METHODS) or (reads and writes):
        return {ALL}
    if writes:
        return set(_WRITES)
    return {"GET"} if _READ in asked else asked


def _of(permissions: Mapping[str, Any], subject: str) -> dict[str, Any]:
    entries = permissions.get(subject)
    return dict(entries) if isinstance(entries, Mapping) else {}
