"""Which objects a path leads to: users and guests reach an object by paths of its own type.

An object is looked up by its id alone, whatever type the path names. For an app that is its own
affair; a user who may change ``posts`` must not get at users, at what they sign in with, or at the
app itself by ``/v1/posts/<id>``. So a path of another type opens what a path of the object's own
type would open to this caller, and nothing else. ``_id`` and ``_batch`` name no type; who may use
them was asked before. What a link is made to, and children that are deleted, must be open by paths
of their own: the path names another object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from para_core.objects.identifiers import is_identifier
from para_core.text import path_encode
from para_server.access.authorize import authorize

if TYPE_CHECKING:
    from para_server.access.contracts import AppLike
    from para_server.access.principal import Principal

__all__ = ["leads_to", "lets_sign_in", "opens"]

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
    return opens(principal, app, method, obj)


def opens(principal: Principal, app: AppLike, method: str, obj: _Typed) -> bool:
    """Tell whether a caller may send a method to the path of an object's own type and id."""
    resource = f"{path_encode(obj.type)}/{path_encode(obj.id)}"
    return authorize(principal, app, method, resource, uri="").is_allowed


def lets_sign_in(obj: _Typed) -> bool:
    """Tell whether an object may be the identifier of a user: no caller but the app changes these.

    Whose it is and what its password is would otherwise be up to everybody who may write generic
    objects.
    """
    return obj.type == _GENERIC and is_identifier(obj.id)
