"""Whose objects are whose: the flag ``OWN``, objects that are apps, and copies in links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from para_core.types import plural_of
from para_server.access.contracts import Owned, PermissionsOf
from para_server.access.permissions import EVERYBODY, OWN
from para_server.access.principal import Principal
from para_server.access.reasons import Reason, Rule
from para_server.access.visibility import hide

__all__ = [
    "may_touch",
    "own_entry",
    "own_id",
    "own_rule_applies",
    "owns",
    "shown",
    "why_not_touch",
]

_APP, _LINKER, _COPIES = "app", "linker", "nstd"


def own_rule_applies(app: PermissionsOf, userid: str, kind: str, key: str = "") -> bool:
    """Tell whether a user (empty: a guest) is limited to its own among objects of a type.

    The flag counts when it is granted, to the user or to everybody, on the type, its plural, or the
    object by its type and id. ``type/*`` and ``*`` are not looked at.

    Args:
        app: Its permissions.
        userid: The user's id; empty for a guest.
        kind: The object's type, singular.
        key: Its id; empty to ask about the type.
    """
    return own_entry(app, userid, kind, key) is not None


def own_entry(app: PermissionsOf, userid: str, kind: str, key: str = "") -> Reason | None:
    """Return the entry whose flag ``OWN`` limits a user; arguments as for ``own_rule_applies``."""
    plural = plural_of(kind)
    names = (kind, plural, f"{kind}/{key}", f"{plural}/{key}") if key else (kind, plural)
    for subject in (EVERYBODY, userid):
        entries = app.resource_permissions.get(subject) if subject else None
        if not isinstance(entries, Mapping):
            continue
        for name in names:
            flags = entries.get(name)  # permissions can be patched into any shape
            if isinstance(flags, list | tuple) and OWN in flags:
                return Reason(Rule.OWN, subject, name, flags)
    return None


def owns(userid: str, obj: Owned) -> bool:
    """Tell whether an object is a user's: made by it or a part of it, its child, or itself."""
    if not userid:
        return False
    creator = obj.creatorid or ""
    is_creator = creator == userid or creator.startswith(userid + ":")
    return is_creator or userid in (obj.id, obj.parentid)


def may_touch(principal: Principal, app: PermissionsOf, obj: Owned) -> bool:
    """Tell whether a caller who passed ``authorize`` may see or change this object.

    Apps may touch any object of theirs; an object that is an app, only if it is that app or the
    caller is the root app. A guest touches no app. Users are held to ``OWN``, administrators not;
    for guests it leaves nothing.
    """
    return why_not_touch(principal, app, obj) is None


def why_not_touch(principal: Principal, app: PermissionsOf, obj: Owned) -> Reason | None:
    """Return why a caller may not see or change an object; ``None`` when it may."""
    if obj.type == _APP and not _may_touch_app(principal, obj.id):
        return Reason(Rule.APP_OBJECT)
    if principal.is_app or principal.is_admin or owns(principal.userid, obj):
        return None
    return own_entry(app, principal.userid, obj.type, obj.id)


def shown(principal: Principal, app: PermissionsOf, obj: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object that the caller may see, as JSON has it, with what it may see of it.

    That is without secrets (``visibility.hide``), and of the copies in a link those whose objects
    the caller may see.
    """
    fields = hide(obj, principal)
    copies = fields.get(_COPIES) if fields.get("type") == _LINKER else None
    if isinstance(copies, list) and not principal.is_app:
        fields[_COPIES] = [
            copy
            for copy in copies
            if isinstance(copy, Mapping) and may_touch(principal, app, _Copy.of(copy))
        ]
    return fields


@dataclass(frozen=True, slots=True)
class _Copy:
    """What a copy tells of its object's owner."""

    id: str
    type: str
    creatorid: str | None
    parentid: str | None

    @classmethod
    def of(cls, copy: Mapping[str, Any]) -> _Copy:
        return cls(
            str(copy.get("id")),
            str(copy.get("type")),
            _text(copy.get("creatorid")),
            _text(copy.get("parentid")),
        )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def own_id(principal: Principal, app: PermissionsOf, kind: str, key: str) -> str:
    """Return the id under which a caller may make an object that it gave the id ``key``.

    A user that ``OWN`` holds to its own gets ``<userid>_`` in front, unless it is there; so the
    objects of two users never meet. Everybody else keeps the id, and so does an empty one.
    """
    start = f"{principal.userid}_"
    if not key or not principal.is_user or principal.is_admin or key.startswith(start):
        return key
    return start + key if own_rule_applies(app, principal.userid, kind, key) else key


def _may_touch_app(principal: Principal, app_id: str) -> bool:
    if principal.is_guest:
        return False
    return principal.is_root or app_id == f"app:{principal.appid}"
