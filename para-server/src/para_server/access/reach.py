"""Which objects a path leads to: users and guests reach an object by paths of its own type.

An object is looked up by its id alone, whatever type the path names. For an app that is its own
affair; a user who may change ``posts`` must not get at users, at what they sign in with, or at the
app itself by ``/v1/posts/<id>``. So a path of another type opens what a path of the object's own
type would open to this caller, and nothing else. ``_id`` and ``_batch`` name no type; who may use
them was asked before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from para_core.text import path_encode
from para_server.access.authorize import authorize
from para_server.access.visibility import secret_fields

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from para_server.access.contracts import AppLike
    from para_server.access.principal import Principal

__all__ = ["holds_credentials", "leads_to", "without_credentials"]

_GENERIC = "sysprop"  # the type of identifier objects among others


class _Typed(Protocol):
    @property
    def id(self) -> str: ...

    @property
    def type(self) -> str: ...


def leads_to(principal: Principal, app: AppLike, kind: str, method: str, obj: _Typed) -> bool:
    """Tell whether a path of this type may be taken to an object.

    Args:
        principal: Who passed ``authorize`` with that path.
        app: The app that is called.
        kind: The type in the path, singular; empty when it names none.
        method: The HTTP method.
        obj: The object that has the id in the path.
    """
    if principal.is_app or principal.is_admin or kind in ("", obj.type):
        return True
    resource = f"{path_encode(obj.type)}/{path_encode(obj.id)}"
    return authorize(principal, app, method, resource, uri="").is_allowed


def holds_credentials(principal: Principal, kind: str, custom: Mapping[str, Any]) -> bool:
    """Tell whether an object lets somebody sign in, which no caller but the app may change."""
    if principal.is_app or kind != _GENERIC:
        return False
    return not secret_fields(kind).isdisjoint(custom)


def without_credentials(
    principal: Principal, kind: str, body: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return a body without fields that would let somebody sign in, unless the app sends it."""
    secrets = secret_fields(kind)
    if principal.is_app or kind != _GENERIC:
        return body
    kept = {name: value for name, value in body.items() if name not in secrets}
    custom = body.get("properties")
    if isinstance(custom, dict):
        kept["properties"] = {name: v for name, v in custom.items() if name not in secrets}
    elif isinstance(custom, str):
        del kept["properties"]  # a text may hold a map
    return kept
