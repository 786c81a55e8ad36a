"""The permission model: what a user or a guest may do with a resource.

An app holds flags by resource by subject. A subject is a user's id, or ``*`` for everybody. Flags
are methods, ``*`` for any method, ``?`` for guests, ``OWN`` for one's own objects only, and ``-``
for nothing. How a question is answered:

1. An entry of the user for exactly the path decides alone.
2. Otherwise an entry of the user for ``*`` that lacks the method denies.
3. Otherwise it is allowed by the user's entries for what lies above the path, or for ``*``; or by
   everybody's entries, of which again the one for exactly the path decides alone.
4. Guests need ``?`` as well, by the same way of looking.
5. The root app allows nothing by these rules.
6. What is not allowed may still be one's own profile.

Paths are compared by whole segments; ``notes`` covers ``notes/1`` and not ``notesecret``. What
manages the app is not covered by ``*``. Source: Para 1.54, ``App.isAllowedTo``, narrowed where it
reached too far.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from para_server.access.contracts import PermissionsOf
from para_server.access.resources import Resource

__all__ = ["ALL", "EVERYBODY", "GUEST", "MANAGEMENT", "OWN", "WRITES", "is_allowed_to"]

EVERYBODY = "*"
ALL = "*"
GUEST = "?"
OWN = "OWN"
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})

MANAGEMENT = frozenset(
    {"_constraints", "_export", "_import", "_permissions", "_reindex", "_settings"}
)
"""Resources that manage the app: open to those whom an entry with that name lets in."""

_CLOSED_TO_GUESTS = frozenset({"_export", "_import", "_newkeys", "_permissions", "_settings"})
_APP_OBJECTS = frozenset({"app", "apps"})
_OWN_PROFILE = frozenset({"GET", "PATCH", "DELETE"})

_Entries = Mapping[str, Sequence[str]]
_NONE: _Entries = {}


def is_allowed_to(
    app: PermissionsOf, subject: str, path: str, method: str, *, is_root: bool = False
) -> bool:
    """Tell whether a subject may send a method to a resource of an app.

    Args:
        app: Its permissions and types.
        subject: A user's id, ``*`` for any user, empty for a guest.
        path: The resource, percent-encoded as in a request, without the version.
        method: In any case; only upper-case ones are taken for one's own profile.
        is_root: Whether it is the root app.
    """
    permissions = app.resource_permissions
    resource = Resource.parse(path, app.datatypes)
    if not permissions or resource is None or not method.strip():
        return False
    verb = method.upper()
    if subject.strip():
        allowed = _of_user(permissions, subject, resource, verb)
    else:
        allowed = _of_guest(permissions, resource, verb)
    if allowed is None:
        return _is_own_profile(resource, subject, method)
    return allowed and not is_root


def _of_user(
    permissions: Mapping[str, Any], subject: str, resource: Resource, verb: str
) -> bool | None:
    """Return ``None`` where nothing allows and nothing denies."""
    own = _entries(permissions, subject)
    exact = _exact(own, resource)
    if exact is not None:
        return _has(exact, verb)
    if ALL in own and not _has(own[ALL], verb):
        return False
    covered = ALL in own and _is_covered_by_all(resource, verb)
    if covered or _above(own, resource, verb) or _of_everybody(permissions, resource, verb):
        return True
    return None


def _of_everybody(permissions: Mapping[str, Any], resource: Resource, verb: str) -> bool:
    shared = _entries(permissions, EVERYBODY)
    exact = _exact(shared, resource)
    if exact is not None:
        return _has(exact, verb)
    if _above(shared, resource, verb):
        return True
    return ALL in shared and _is_covered_by_all(resource, verb) and _has(shared[ALL], verb)


def _of_guest(permissions: Mapping[str, Any], resource: Resource, verb: str) -> bool:
    if resource.segments[0] in _CLOSED_TO_GUESTS:
        return False
    if not _of_everybody(permissions, resource, verb):
        return False
    shared = _entries(permissions, EVERYBODY)
    exact = _exact(shared, resource)
    if exact is not None:
        return _has(exact, GUEST)
    above = _above(shared, resource, GUEST)
    if above is not None:
        return above
    return _is_covered_by_all(resource, verb) and _has(shared.get(ALL, ()), GUEST)


def _exact(entries: _Entries, resource: Resource) -> Sequence[str] | None:
    for name in resource.names(resource.depth):
        if name in entries:
            return entries[name]
    return None


def _above(entries: _Entries, resource: Resource, verb: str) -> bool | None:
    """Look through the entries for what lies above the path, in stored order.

    The first with the method allows. One for all that lies below (``notes/*``) decides, and ends
    the search. ``None``: no entry said anything.
    """
    found = [
        name
        for depth in range(1, resource.depth)
        for plain in resource.names(depth)
        for name in (plain, plain + "/*")
        if name in entries
    ]
    if len(found) > 1:
        found = [name for name in entries if name in found]
    for name in found:
        if name.endswith("/*"):
            return _has(entries[name], verb)
        if _has(entries[name], verb):
            return True
    return None


def _has(flags: Sequence[str], verb: str) -> bool:
    if not isinstance(flags, list | tuple):
        return False  # an app's permissions can be patched into any shape
    return verb in flags or (verb != GUEST and ALL in flags)


def _is_covered_by_all(resource: Resource, verb: str) -> bool:
    first = resource.segments[0]
    return first not in MANAGEMENT and not (first in _APP_OBJECTS and verb in WRITES)


def _is_own_profile(resource: Resource, subject: str, method: str) -> bool:
    if not subject.strip() or resource.segments[1:] != (subject,):
        return False
    if resource.segments[0] == "_id":
        return method == "GET"
    return resource.segments[0] in ("user", "users") and method in _OWN_PROFILE


def _entries(permissions: Mapping[str, Any], subject: str) -> _Entries:
    entries = permissions.get(subject, _NONE)
    return entries if isinstance(entries, Mapping) else _NONE
