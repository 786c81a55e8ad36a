"""Objects one by one: ``/v1/{type}``, ``/v1/{type}/{id}``, ``/v1/_id/{id}``."""

from __future__ import annotations

from para_core.objects import ParaObject
from para_core.objects.codec import derived
from para_server.http.answers import EMPTY, JSON, Answer, AnswerError, bytes_answer, json_answer
from para_server.http.request import Request
from para_server.http.router import Route
from para_server.rest.rendering import render
from para_server.services.objects import normal_id, type_of_path
from para_server.services.votes import is_vote

__all__ = ["ROUTES"]


async def create(request: Request) -> Answer:
    """``POST /v1/{type}``: make an object."""
    kind = request.values[0]
    if kind.startswith("_"):
        raise AnswerError(405, headers=[(b"allow", b"GET")])
    _refuse_large(request)
    body = request.json_map()
    obj = await request.services.objects.create(request.the_app(), request.caller, kind, body)
    return Answer(201, render(request, obj), JSON, [(b"location", _location(request, obj))])


async def read(request: Request) -> Answer:
    """``GET /v1/{type}/{id}``: one object, whatever its type is."""
    segment, key = request.values
    app = request.the_app()
    key = normal_id(type_of_path(app, segment), key)
    return await _read(request, key)


async def read_by_id(request: Request) -> Answer:
    """``GET /v1/_id/{id}``: one object; the id is taken literally."""
    return await _read(request, request.values[0])


async def _read(request: Request, key: str) -> Answer:
    record = await request.services.objects.read(request.the_app(), request.caller, key)
    if record is None:
        raise AnswerError(404)
    return bytes_answer(render(request, record))


async def patch(request: Request) -> Answer:
    """``PATCH /v1/{type}/{id}``: change an object, or vote on it."""
    app, services = request.the_app(), request.services
    segment, key = request.values
    key = normal_id(type_of_path(app, segment), key)
    if await services.objects.read(app, request.caller, key) is None:
        await _refuse_missing(request, key)
    _refuse_large(request)
    body = request.json_map()
    if is_vote(body):
        counted = await services.votes.cast(app, key, body)
        if counted is None:
            raise AnswerError(404)
        return json_answer(counted)
    obj = await services.objects.patch(app, request.caller, key, body)
    if obj is None:
        raise AnswerError(404)
    return bytes_answer(render(request, obj))


async def _refuse_missing(request: Request, key: str) -> None:
    """An object that is there and not the caller's is a bad request, none at all is not found."""
    there = await request.services.store.read(request.appid, key)
    raise AnswerError(404 if there is None else 400)


async def overwrite(request: Request) -> Answer:
    """``PUT /v1/{type}/{id}``: store the body as this object, whatever was there."""
    segment, key = request.values
    _refuse_large(request)
    app = request.the_app()
    body = request.json_map()
    obj = await request.services.objects.overwrite(app, request.caller, segment, key, body)
    return bytes_answer(render(request, obj))


async def delete(request: Request) -> Answer:
    """``DELETE /v1/{type}/{id}``: delete an object; an absent one is no error."""
    segment, key = request.values
    app = request.the_app()
    key = normal_id(type_of_path(app, segment), key)
    await request.services.objects.delete(app, request.caller, key)
    return EMPTY


def _location(request: Request, obj: ParaObject) -> bytes:
    return f"{request.services.settings.context_path}/v1{derived(obj)['objectURI']}".encode()


def _refuse_large(request: Request) -> None:
    most = request.services.settings.max_entity_size_bytes
    if len(request.body) > most:
        raise AnswerError(400, f"Request is too large - the maximum is {most // 1024} KB.")


ROUTES = [
    Route("POST", "/v1/{type}", create, answers_at_once=True),
    Route("GET", "/v1/{type}/{id}", read),
    Route("PATCH", "/v1/{type}/{id}", patch, answers_at_once=True),
    Route("PUT", "/v1/{type}/{id}", overwrite, answers_at_once=True),
    Route("DELETE", "/v1/{type}/{id}", delete, answers_at_once=True),
    Route("GET", "/v1/_id/{id}", read_by_id),
]
