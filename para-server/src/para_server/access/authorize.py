"""The one function that decides whether a caller may send a request; every door asks it."""

from __future__ import annotations

from urllib.parse import unquote

from para_server.access.contracts import AppLike
from para_server.access.decision import (
    ALLOWED,
    APP_NOT_FOUND,
    NOT_AN_APP,
    UNKNOWN_TO_ME,
    Decision,
    app_inactive,
    app_read_only,
    forbidden,
    unauthenticated,
)
from para_server.access.permissions import EVERYBODY, WRITES, is_allowed_to
from para_server.access.principal import Kind, Principal

__all__ = ["authorize", "check_app"]

_ME = "_me"
_KEYS = "_newkeys"
_CHECK = 4  # segments of _permissions/{subject}/{resource}/{method}
_ENTRY = 2  # segments of _permissions/{subject}


def authorize(
    principal: Principal, app: AppLike | None, method: str, resource: str, *, uri: str
) -> Decision:
    """Decide whether a caller may send a request.

    The app's state comes first and holds for every kind of caller. Apps may do anything in their
    own namespace. Users and guests need a permission, administrators none; what only apps may do
    stays closed to them. The objects behind the request have rules of their own
    (``ownership.may_touch``).

    Args:
        principal: Who a signature or token proved it is, or the guest it says it is.
        app: The app of the principal as it is now; ``None`` when there is none.
        method: The HTTP method.
        resource: What ``resources.resource_of`` gives for the raw path.
        uri: The raw request path, with the context path and without the query, for the message.

    Source: Para 1.54, ``RestAuthFilter``.
    """
    is_me = method == "GET" and resource.rstrip("/") == _ME
    if principal.kind is Kind.NOBODY or (is_me and principal.is_guest):
        return UNKNOWN_TO_ME if is_me else unauthenticated(method, uri)
    if app is None:
        return APP_NOT_FOUND if principal.is_app else forbidden(principal.userid, method, uri)
    if not principal.is_active:
        return UNKNOWN_TO_ME if is_me else unauthenticated(method, uri)
    refused = check_app(app, method)
    if refused is not None:
        return refused
    if principal.is_app or is_me:
        return ALLOWED
    return _by_permission(principal, app, method, resource, uri)


def check_app(app: AppLike, method: str) -> Decision | None:
    """Return why an app answers nobody, or no writes; ``None`` when it answers."""
    if not app.active:
        return app_inactive(app.id)
    if app.read_only and method in WRITES:
        return app_read_only(app.id)
    return None


def _by_permission(
    principal: Principal, app: AppLike, method: str, resource: str, uri: str
) -> Decision:
    is_allowed = (
        principal.is_admin
        or _is_open(principal, method, resource)
        or is_allowed_to(app, principal.userid, resource, method, is_root=principal.is_root)
    )
    if not is_allowed:
        return forbidden(principal.userid, method, uri)
    is_rotation = method == "POST" and unquote(resource.strip("/")) == _KEYS
    return NOT_AN_APP if is_rotation else ALLOWED


def _is_open(principal: Principal, method: str, resource: str) -> bool:
    """Tell whether this asks what anybody may know: the check of a permission, one's own entry.

    A guest may ask what everybody may do, not what others may.
    """
    segments = [unquote(part) for part in resource.split("/") if part]
    if method != "GET" or not segments or segments[0] != "_permissions":
        return False
    if principal.is_user:
        is_own = len(segments) == _ENTRY and segments[1] == principal.userid
        return is_own or len(segments) == _CHECK
    return len(segments) == _CHECK and segments[1] == EVERYBODY
