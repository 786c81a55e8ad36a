"""The one function that decides whether a caller may send a request; every door asks it."""

from __future__ import annotations

from urllib.parse import unquote

from para_server.access.contracts import AppLike
from para_server.access.decision import (
    APP_NOT_FOUND,
    NOT_AN_APP,
    UNKNOWN_TO_ME,
    Decision,
    allowed,
    app_inactive,
    app_read_only,
    forbidden,
    unauthenticated,
)
from para_server.access.permissions import EVERYBODY, WRITES, Verdict, decide
from para_server.access.principal import Kind, Principal
from para_server.access.reasons import Reason, Rule

__all__ = ["authorize", "check_app"]

_ME = "_me"
_KEYS = "_newkeys"
_FOR_APPS = frozenset({"_queue", "_webhooks"})
_CHECK = 4  # segments of _permissions/{subject}/{resource}/{method}
_ENTRY = 2  # segments of _permissions/{subject}

_ALLOWED_APP = allowed(Reason(Rule.APP))
_ALLOWED_ME = allowed(Reason(Rule.ME))
_NO_APP = Reason(Rule.NO_APP)
_ADMINISTRATOR = Verdict(is_allowed=True, reason=Reason(Rule.ADMINISTRATOR))
_QUESTION = Verdict(is_allowed=True, reason=Reason(Rule.QUESTION))


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
        return _unknown(method, uri, Rule.NOBODY, is_me=is_me)
    if app is None:
        is_app = principal.is_app
        return APP_NOT_FOUND if is_app else forbidden(principal.userid, method, uri, _NO_APP)
    if not principal.is_active:
        return _unknown(method, uri, Rule.INACTIVE_USER, is_me=is_me)
    refused = check_app(app, method)
    if refused is not None or principal.is_app:
        return refused or _ALLOWED_APP
    return _ALLOWED_ME if is_me else _by_permission(principal, app, method, resource, uri)


def check_app(app: AppLike, method: str) -> Decision | None:
    """Return why an app answers nobody, or no writes; ``None`` when it answers."""
    if not app.active:
        return app_inactive(app.id)
    if app.read_only and method in WRITES:
        return app_read_only(app.id)
    return None


def _unknown(method: str, uri: str, rule: Rule, *, is_me: bool) -> Decision:
    decision = UNKNOWN_TO_ME if is_me else unauthenticated(method, uri)
    return Decision(decision.status, decision.message, Reason(rule))


def _by_permission(
    principal: Principal, app: AppLike, method: str, resource: str, uri: str
) -> Decision:
    verdict = _verdict(principal, app, method, resource)
    if not verdict.is_allowed:
        return forbidden(principal.userid, method, uri, verdict.reason)
    return NOT_AN_APP if _is_for_apps(method, resource) else allowed(verdict.reason)


def _is_for_apps(method: str, resource: str) -> bool:
    """Tell whether only an app with its own keys may do this, whatever is granted."""
    path = unquote(resource.strip("/"))
    return (method == "POST" and path == _KEYS) or path.partition("/")[0] in _FOR_APPS


def _verdict(principal: Principal, app: AppLike, method: str, resource: str) -> Verdict:
    if principal.is_admin:
        return _ADMINISTRATOR
    if _is_open(principal, method, resource):
        return _QUESTION
    return decide(app, principal.userid, resource, method, is_root=principal.is_root)


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
