"""Validation constraints of an app: ``/v1/_constraints``."""

from __future__ import annotations

from collections.abc import Callable

from para_core.constraints import (
    Constraints,
    add_constraint,
    all_constraints,
    constraints_of,
    readable_constraints,
    remove_constraint,
)
from para_core.objects import App
from para_server.http.answers import Answer, AnswerError, json_answer
from para_server.http.request import Request
from para_server.http.router import Route
from para_server.rest.bodies import refuse_large

__all__ = ["ROUTES"]


async def list_all(request: Request) -> Answer:
    """``GET /v1/_constraints``: the constraints of all types that have some."""
    app = request.the_app()
    return json_answer(all_constraints(_stored(app), app.datatypes.values()))


async def list_type(request: Request) -> Answer:
    """``GET /v1/_constraints/{type}``: the constraints of one type, named in the singular."""
    return _answer(request.the_app(), request.values[0])


async def put(request: Request) -> Answer:
    """``PUT /v1/_constraints/{type}/{field}/{name}``: add a constraint, or replace it.

    A name that is unknown and a body that lacks something change nothing and are no error.
    """
    refuse_large(request)
    kind, field, name = request.values
    payload = _payload(request)
    return await _change(request, lambda stored: add_constraint(stored, kind, field, name, payload))


async def delete(request: Request) -> Answer:
    """``DELETE /v1/_constraints/{type}/{field}/{name}``: remove a constraint, if it is there."""
    kind, field, name = request.values
    return await _change(request, lambda stored: remove_constraint(stored, kind, field, name))


async def delete_type(request: Request) -> Answer:
    """``DELETE /v1/_constraints/{type}``: not found; constraints are removed one by one."""
    del request
    raise AnswerError(404)


async def _change(request: Request, alter: Callable[[Constraints], Constraints]) -> Answer:
    app = request.the_app()

    def change(fresh: App) -> bool:
        stored = _stored(fresh)
        changed = alter(stored)
        if changed is stored:
            return False
        fresh.validation_constraints = dict(changed)
        return True

    changed = await request.services.apps.change(app.identifier, change)
    return _answer(changed or app, request.values[0])


def _payload(request: Request) -> object:
    """Return the payload of a constraint, or nothing for a body that cannot be read.

    Para's Python client wraps it: ``{"message": {"value": 3, "message": "messages.min"}}``.
    """
    try:
        payload = request.json_map()
    except AnswerError:
        return None
    wrapped = payload.get("message")
    return wrapped if isinstance(wrapped, dict) else payload


def _stored(app: App) -> Constraints:
    return readable_constraints(app.validation_constraints)


def _answer(app: App, kind: str) -> Answer:
    return json_answer(constraints_of(_stored(app), kind))


ROUTES = [
    Route("GET", "/v1/_constraints", list_all),
    Route("GET", "/v1/_constraints/{type}", list_type),
    Route("PUT", "/v1/_constraints/{type}/{field}/{name}", put),
    Route("DELETE", "/v1/_constraints/{type}/{field}/{name}", delete),
    Route("DELETE", "/v1/_constraints/{type}", delete_type),
]
