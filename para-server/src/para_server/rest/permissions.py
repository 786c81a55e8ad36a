"""Resource permissions of an app: ``/v1/_permissions``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from para_core.objects import App
from para_server.access.decision import forbidden
from para_server.access.explain import Question
from para_server.access.grants import decode_resource, grant, normalise_flags, revoke, view
from para_server.access.permissions import is_allowed_to
from para_server.http.answers import Answer, AnswerError, json_answer, text_answer
from para_server.http.request import Request
from para_server.http.router import Route
from para_server.rest.bodies import refuse_large
from para_server.services.explaining import explain_access

__all__ = ["ROUTES"]


async def list_all(request: Request) -> Answer:
    """``GET /v1/_permissions``: the permissions of all subjects."""
    return json_answer(request.the_app().resource_permissions)


async def list_subject(request: Request) -> Answer:
    """``GET /v1/_permissions/{subject}``: those of one subject, and what holds for everybody."""
    return _answer(request.the_app(), request.values[0])


async def put(request: Request) -> Answer:
    """``PUT /v1/_permissions/{subject}/{resource}``: grant methods on a resource."""
    refuse_large(request)
    subject, segment = request.values
    wanted = request.json_list()
    if not all(isinstance(text, str) for text in wanted):
        raise AnswerError(400, "The body must be an array of texts.")
    flags = normalise_flags(wanted, subject)
    if flags is None:
        raise AnswerError(400, "No allowed methods specified.")
    resource = decode_resource(segment)
    return await _change(request, lambda held: grant(held, subject, resource, flags))


async def delete(request: Request) -> Answer:
    """``DELETE /v1/_permissions/{subject}/{resource}``: revoke what is granted on a resource."""
    subject, segment = request.values
    resource = decode_resource(segment)
    return await _change(request, lambda held: revoke(held, subject, resource))


async def delete_subject(request: Request) -> Answer:
    """``DELETE /v1/_permissions/{subject}``: revoke everything of a subject."""
    subject = request.values[0]
    return await _change(request, lambda held: revoke(held, subject))


async def check(request: Request) -> Answer:
    """``GET /v1/_permissions/{subject}/{resource}/{method}``: whether a subject may do that.

    With ``explain=true`` an app is told why, in JSON; the subject ``?`` then stands for a guest.
    """
    if request.params.is_true("explain"):
        return await _explain(request)
    subject, segment, method = request.values
    app, resource = request.the_app(), decode_resource(segment)
    is_root = app.identifier == request.services.apps.root
    is_allowed = is_allowed_to(app, subject, resource, method, is_root=is_root)
    return text_answer("true" if is_allowed else "false")


async def _explain(request: Request) -> Answer:
    caller, app = request.caller, request.the_app()
    if not caller.is_app:  # it tells of the permissions of others
        refused = forbidden(caller.userid, request.method, request.path)
        raise AnswerError(refused.status, refused.message)
    subject, segment, method = request.values
    explanation = await explain_access(
        request.services.store.read,
        app,
        Question(subject, method.upper(), decode_resource(segment)),
        is_root=app.identifier == request.services.apps.root,
    )
    return json_answer(explanation)


async def _change(request: Request, alter: Callable[[dict[str, Any]], dict[str, Any]]) -> Answer:
    app = request.the_app()

    def change(fresh: App) -> bool:
        changed = alter(fresh.resource_permissions)
        if changed == fresh.resource_permissions:
            return False
        fresh.resource_permissions = changed
        return True

    changed = await request.services.apps.change(app.identifier, change)
    return _answer(changed or app, request.values[0])


def _answer(app: App, subject: str) -> Answer:
    return json_answer(view(app.resource_permissions, subject))


ROUTES = [
    Route("GET", "/v1/_permissions", list_all),
    Route("GET", "/v1/_permissions/{subject}", list_subject),
    Route("PUT", "/v1/_permissions/{subject}/{resource}", put),
    Route("DELETE", "/v1/_permissions/{subject}/{resource}", delete),
    Route("DELETE", "/v1/_permissions/{subject}", delete_subject),
    Route("GET", "/v1/_permissions/{subject}/{resource}/{method}", check),
]
