"""Looking up what an explanation of access is about: the user, and the object of the path."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from para_core.objects import User
from para_core.objects.codec import decode
from para_server.access.explain import ANY_GUEST, Explanation, Question, explain
from para_server.access.ownership import own_id
from para_server.access.permissions import EVERYBODY
from para_server.access.principal import Kind, Principal
from para_server.access.resources import Resource
from para_server.services.naming import normal_id, type_of_path

if TYPE_CHECKING:
    from para_core.contracts.dao import Record
    from para_core.objects import App, ParaObject

__all__ = ["Read", "explain_access"]

Read = Callable[[str, str], Awaitable["Record | None"]]
"""Reads an object of an app by its id, as ``DAO.read`` does."""

_OBJECT = 2  # segments of {type}/{id}
_BY_ID = "_id"


async def explain_access(read: Read, app: App, question: Question, *, is_root: bool) -> Explanation:
    """Explain what a user, any user (``*``) or a guest (``?``) would be answered.

    Args:
        read: Reads objects; nothing is written.
        app: The app that is called.
        question: What is asked.
        is_root: Whether it is the root app.
    """
    subject = question.subject
    user = None
    if subject not in (EVERYBODY, ANY_GUEST):
        record = await read(app.identifier, subject)
        user = decode(record) if record is not None and record.type == "user" else None
    principal = _principal(app, subject, user, is_root=is_root)
    obj = await _object(read, app, principal, question)
    is_known = principal.is_guest or subject == EVERYBODY or user is not None
    return explain(principal, app, question, obj=obj, is_known=is_known)


def _principal(app: App, subject: str, user: ParaObject | None, *, is_root: bool) -> Principal:
    if subject == ANY_GUEST:
        return Principal(Kind.GUEST, app.identifier, is_root=is_root)
    if not isinstance(user, User):
        return Principal(Kind.USER, app.identifier, is_root=is_root, userid=subject)
    return Principal(
        Kind.USER,
        app.identifier,
        is_root=is_root,
        userid=subject,
        groups=user.groups,
        is_active=user.active,
    )


async def _object(
    read: Read, app: App, principal: Principal, question: Question
) -> ParaObject | None:
    path = Resource.parse(question.resource, app.datatypes)
    if path is None or path.depth != _OBJECT:
        return None
    first, key = path.segments
    if first == _BY_ID:
        record = await read(app.identifier, key)
    elif first.startswith("_"):
        return None
    else:
        kind = type_of_path(app, first)
        key = (
            own_id(principal, app, kind, key) if question.method == "PUT" else normal_id(kind, key)
        )
        record = await read(app.identifier, key)
    return None if record is None else decode(record)
