"""Explaining a decision about access: what would be answered, and which rule says so.

Nothing is decided here. The callers' own functions are asked, ``authorize`` for the request and
``why_not_touch`` for the object behind it, and their reasons are put into words.
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct

from para_core.types import SINGULARS
from para_server.access.authorize import authorize
from para_server.access.contracts import AppLike, Owned
from para_server.access.ownership import own_rule_applies, why_not_touch
from para_server.access.permissions import EVERYBODY
from para_server.access.principal import Principal
from para_server.access.reasons import Reason, Rule

__all__ = ["ANY_GUEST", "Entry", "Explanation", "Question", "explain"]

ANY_GUEST = "?"
"""The subject that stands for a guest where explanations are asked for."""

_READS = frozenset({"GET", "HEAD"})


class Question(NamedTuple):
    """May this subject send this method to this resource?

    The subject is a user's id, ``*`` for any user or ``?`` for a guest; the resource is the path
    below the version, percent-encoded as in a request.
    """

    subject: str
    method: str
    resource: str


class Entry(Struct, frozen=True, rename="camel"):
    """An entry of the permissions: who, what, and the flags as they are stored."""

    subject: str
    resource: str
    flags: list[str]


class Explanation(Struct, frozen=True, rename="camel", omit_defaults=True, kw_only=True):
    """What a request would be answered, and why.

    ``status`` is 200 where it would go on to its handler. ``only_own`` tells that it goes on, and
    that the flag ``OWN`` then leaves out the objects of others; where the object is known, that is
    judged as well.
    """

    allowed: bool
    status: int
    app: str
    subject: str
    method: str
    resource: str
    rule: str
    because: str
    entry: Entry | None = None
    message: str = ""
    only_own: bool = False
    unknown_user: bool = False


def explain(
    principal: Principal,
    app: AppLike,
    question: Question,
    *,
    obj: Owned | None = None,
    is_known: bool = True,
) -> Explanation:
    """Explain what a caller would be answered.

    Args:
        principal: The caller; its ``userid`` is ``*`` to ask about any user.
        app: Its app.
        question: What is asked.
        obj: The object that the path names, if it is there.
        is_known: Whether there is such a user.
    """
    _, method, resource = question
    decision = authorize(principal, app, method, resource, uri=f"/v1/{resource}")
    reason = decision.reason or Reason(Rule.NOTHING)
    status, message = decision.status, decision.message
    only_own = decision.is_allowed and _is_held_to_own(principal, app, resource, obj)
    is_judged = decision.is_allowed and obj is not None and principal.userid != EVERYBODY
    hidden = why_not_touch(principal, app, obj) if is_judged and obj else None
    if hidden is not None:
        reason = hidden
        status, message = (404, "Not Found") if method in _READS else (400, "Bad Request")
    return Explanation(
        allowed=decision.is_allowed and hidden is None,
        status=status,
        app=app.id,
        subject=question.subject,
        method=method,
        resource=resource,
        rule=reason.rule.value,
        because=reason.text,
        entry=_entry(reason),
        message=message,
        only_own=only_own,
        unknown_user=not is_known,
    )


def _is_held_to_own(principal: Principal, app: AppLike, resource: str, obj: Owned | None) -> bool:
    if principal.is_app or principal.is_admin:
        return False
    first, _, rest = resource.strip("/").partition("/")
    kind = obj.type if obj else app.datatypes.get(first) or SINGULARS.get(first) or first
    return own_rule_applies(app, principal.userid, kind, obj.id if obj else rest.partition("/")[0])


def _entry(reason: Reason) -> Entry | None:
    if not reason.has_entry:
        return None
    flags = reason.flags if isinstance(reason.flags, list | tuple) else ()
    return Entry(reason.subject, reason.resource, [str(flag) for flag in flags])
