"""Objects one by one: ``/v1/{type}``, ``/v1/{type}/{id}``, ``/v1/_id/{id}``."""

from __future__ import annotations

from para_core.contracts.dao import Record
from para_core.objects.codec import uri_of
from para_server.http.answers import EMPTY, JSON, Answer, AnswerError, bytes_answer, json_answer
from para_server.http.request import Request
from para_server.http.router import Route
from para_server.rest.bodies import refuse_large
from para_server.rest.rendering import render
from para_server.services.naming import normal_id, type_of_path
from para_server.services.votes import is_vote

__all__ = ["ROUTES"]


async def create(request: Request) -> Answer:
    """``POST /v1/{type}``: make an object."""
    kind = request.values[0]
    if kind.startswith("_"):
        raise AnswerError(405, headers=[(b"allow", b"GET")])
    refuse_large(request)
    body = request.json_map()
    record = await request.services.objects.create(request.the_app(), request.caller, kind, body)
    headers = [(b"location", _location(request, record))]
    return Answer(201, render(request, record), JSON, headers)


async def read(request: Request) -> Answer:
    """``GET /v1/{type}/{id}``: one object, whatever its type is."""
    segment, key = request.values
    kind = type_of_path(request.the_app(), segment)
    return await _read(request, normal_id(kind, key), kind)


def read_now(request: Request) -> Answer | None:
    """Answer ``read`` from the cache, for the app itself."""
    segment, key = request.values
    app = request.the_app()
    kind = type_of_path(app, segment)
    if kind in ("tag", "app"):
        return None
    record = request.services.store.peek(app.identifier, key)
    return None if record is None or record.type == "app" else bytes_answer(render(request, record))


async def read_by_id(request: Request) -> Answer:
    """``GET /v1/_id/{id}``: one object; the id is taken literally."""
    return await _read(request, request.values[0])


async def _read(request: Request, key: str, kind: str = "") -> Answer:
    record = await request.services.objects.read(request.the_app(), request.caller, key, kind=kind)
    if record is None:
        raise AnswerError(404)
    return bytes_answer(render(request, record))


async def patch(request: Request) -> Answer:
    """``PATCH /v1/{type}/{id}``: change an object, or vote on it."""
    app, services, caller = request.the_app(), request.services, request.caller
    segment, key = request.values
    kind = type_of_path(app, segment)
    key = normal_id(kind, key)
    try:
        refuse_large(request)
        body = request.json_map()
    except AnswerError:
        if await services.objects.read(app, caller, key, kind=kind) is None:
            raise AnswerError(404) from None  # the object is looked for first
        raise
    if is_vote(body):
        await services.objects.refuse_vote(app, caller, kind, key)
        counted = await services.votes.cast(app, key, body)
        if counted is None:
            raise AnswerError(404)
        return json_answer(counted)
    record = await services.objects.patch(app, caller, key, body, kind=kind)
    if record is None:
        raise AnswerError(404)
    return bytes_answer(render(request, record))


async def overwrite(request: Request) -> Answer:
    """``PUT /v1/{type}/{id}``: store the body as this object, whatever was there."""
    segment, key = request.values
    refuse_large(request)
    app = request.the_app()
    body = request.json_map()
    record = await request.services.objects.overwrite(app, request.caller, segment, key, body)
    return bytes_answer(render(request, record))


async def delete(request: Request) -> Answer:
    """``DELETE /v1/{type}/{id}``: delete an object; an absent one is no error."""
    segment, key = request.values
    app = request.the_app()
    kind = type_of_path(app, segment)
    key = normal_id(kind, key)
    await request.services.objects.delete(app, request.caller, key, kind=kind)
    return EMPTY


def _location(request: Request, record: Record) -> bytes:
    return f"{request.services.settings.context_path}/v1{uri_of(record)}".encode()


ROUTES = [
    Route("POST", "/v1/{type}", create, answers_at_once=True, timer="RestUtils.crud.create"),
    Route("GET", "/v1/{type}/{id}", read, now=read_now, timer="RestUtils.crud.read"),
    Route("PATCH", "/v1/{type}/{id}", patch, answers_at_once=True, timer="RestUtils.crud.update"),
    Route(
        "PUT", "/v1/{type}/{id}", overwrite, answers_at_once=True, timer="RestUtils.crud.overwrite"
    ),
    Route("DELETE", "/v1/{type}/{id}", delete, answers_at_once=True, timer="RestUtils.crud.delete"),
    Route("GET", "/v1/_id/{id}", read_by_id, timer="RestUtils.crud.read"),
]
