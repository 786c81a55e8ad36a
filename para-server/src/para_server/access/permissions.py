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
from typing import Any, NamedTuple

from para_server.access.contracts import PermissionsOf
from para_server.access.reasons import EVERYBODY, Reason, Rule
from para_server.access.resources import Resource

__all__ = [
    "ALL",
    "EVERYBODY",
    "GUEST",
    "MANAGEMENT",
    "OWN",
    "WRITES",
    "Verdict",
    "decide",
    "is_allowed_to",
]

ALL = "*"
GUEST = "?"
OWN = "OWN"
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})

MANAGEMENT = frozenset(
    {"_constraints", "_export", "_import", "_permissions", "_reindex", "_settings"}
)
"""Resources that manage the app: open to those whom an entry with that name lets in."""

_CLOSED_TO_GUESTS = MANAGEMENT | {"_newkeys", "_queue", "_webhooks"}
_APP_OBJECTS = frozenset({"app", "apps"})
_OWN_PROFILE = frozenset({"GET", "PATCH", "DELETE"})

_Entries = Mapping[str, Sequence[str]]
_NONE: _Entries = {}


class Verdict(NamedTuple):
    """Whether something is allowed by permissions, and why."""

    is_allowed: bool
    reason: Reason


def is_allowed_to(
    app: PermissionsOf, subject: str, path: str, method: str, *, is_root: bool = False
) -> bool:
    """Tell whether a subject may send a method to a resource of an app; see ``decide``."""
    return decide(app, subject, path, method, is_root=is_root).is_allowed


def decide(
    app: PermissionsOf, subject: str, path: str, method: str, *, is_root: bool = False
) -> Verdict:
    """Decide whether a subject may send a method to a resource of an app.

    Args:
        app: Its permissions and types.
        subject: A user's id, ``*`` for any user, empty for a guest.
        path: The resource, percent-encoded as in a request, without the version.
        method: In any case; only upper-case ones are taken for one's own profile.
        is_root: Whether it is the root app.
    """
    verdict = _decide(app, subject, path, method, is_root=is_root)
    if verdict.is_allowed and "+" in path:  # a space in grants, and a plus in ids
        literal = _decide(app, subject, path.replace("+", "%2B"), method, is_root=is_root)
        if literal.reason.rule is Rule.EXACT and not literal.is_allowed:
            return literal
    return verdict


def _decide(app: PermissionsOf, subject: str, path: str, method: str, *, is_root: bool) -> Verdict:
    permissions = app.resource_permissions
    resource = Resource.parse(path, app.datatypes)
    if resource is None or not method.strip():
        return Verdict(is_allowed=False, reason=Reason(Rule.BLANK))
    if not permissions:
        return Verdict(is_allowed=False, reason=Reason(Rule.EMPTY))
    verb = method.upper()
    if not subject.strip():
        found = _of_guest(permissions, resource, verb)
    else:
        found = _of_user(permissions, subject, resource, verb)
    if found.is_allowed and is_root:
        return Verdict(is_allowed=False, reason=Reason(Rule.ROOT))
    if found.is_allowed is None and _is_own_profile(resource, subject, method):
        return Verdict(is_allowed=True, reason=Reason(Rule.PROFILE))
    return Verdict(bool(found.is_allowed), found.reason)


class _Found(NamedTuple):
    """What entries say; ``None`` where they neither allow nor finally deny."""

    is_allowed: bool | None
    reason: Reason


_SILENT = _Found(is_allowed=None, reason=Reason(Rule.NOTHING))


def _of_user(permissions: Mapping[str, Any], subject: str, resource: Resource, verb: str) -> _Found:
    own = _entries(permissions, subject)
    exact = _exact(own, subject, resource, verb)
    if exact is not None:
        return exact
    whole = _all(own, subject, resource, verb)
    if whole is not None and whole.is_allowed is not None:
        return whole
    above = _above(own, subject, resource, verb)
    if above.is_allowed:
        return above
    shared = _of_everybody(permissions, resource, verb)
    if shared.is_allowed:
        return shared
    said = [found for found in (above, whole, shared) if found and found is not _SILENT]
    return _Found(None, said[0].reason if said else _SILENT.reason)


def _of_everybody(permissions: Mapping[str, Any], resource: Resource, verb: str) -> _Found:
    shared = _entries(permissions, EVERYBODY)
    exact = _exact(shared, EVERYBODY, resource, verb)
    if exact is not None:
        return exact
    above = _above(shared, EVERYBODY, resource, verb)
    if above.is_allowed:
        return above
    whole = _all(shared, EVERYBODY, resource, verb)
    return above if whole is None else whole


def _of_guest(permissions: Mapping[str, Any], resource: Resource, verb: str) -> _Found:
    if resource.segments[0] in _CLOSED_TO_GUESTS:
        return _Found(is_allowed=False, reason=Reason(Rule.CLOSED))
    granted = _of_everybody(permissions, resource, verb)
    if not granted.is_allowed:
        return granted
    shared = _entries(permissions, EVERYBODY)
    found = _exact(shared, EVERYBODY, resource, GUEST)
    if found is None:
        found = _above(shared, EVERYBODY, resource, GUEST)
    if found.is_allowed is None:
        found = _all(shared, EVERYBODY, resource, verb, flag=GUEST) or found
    if found.is_allowed:
        return granted
    return _Found(is_allowed=False, reason=found.reason._replace(rule=Rule.GUEST))


def _exact(entries: _Entries, subject: str, resource: Resource, verb: str) -> _Found | None:
    for name in resource.names(resource.depth):
        if name in entries:
            return _Found(
                _has(entries[name], verb), Reason(Rule.EXACT, subject, name, entries[name])
            )
    return None


def _above(entries: _Entries, subject: str, resource: Resource, verb: str) -> _Found:
    """Look through the entries for what lies above the path, in stored order.

    The first with the method allows. One for all that lies below (``notes/*``) decides, and ends
    the search.
    """
    found = [
        name
        for depth in range(1, resource.depth)
        for plain in resource.names(depth)
        for name in (plain, plain + "/*")
        if name in entries
    ]
    if not found:
        return _SILENT
    if len(found) > 1:
        found = [name for name in entries if name in found]
    for name in found:
        is_allowed = _has(entries[name], verb)
        if is_allowed or name.endswith("/*"):
            return _Found(is_allowed, Reason(Rule.ABOVE, subject, name, entries[name]))
    return _Found(is_allowed=None, reason=Reason(Rule.ABOVE, subject, found[0], entries[found[0]]))


def _all(
    entries: _Entries, subject: str, resource: Resource, verb: str, *, flag: str = ""
) -> _Found | None:
    """Return what the entry for ``*`` says, if there is one, of a method or another flag."""
    if ALL not in entries:
        return None
    if not _has(entries[ALL], flag or verb):
        return _Found(is_allowed=False, reason=Reason(Rule.ALL, subject, ALL, entries[ALL]))
    if _is_covered_by_all(resource, verb):
        return _Found(is_allowed=True, reason=Reason(Rule.ALL, subject, ALL, entries[ALL]))
    return _Found(is_allowed=None, reason=Reason(Rule.MANAGEMENT, subject, ALL, entries[ALL]))


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
