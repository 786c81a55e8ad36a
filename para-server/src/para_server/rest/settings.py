"""Settings of an app: ``/v1/_settings``."""

from __future__ import annotations

from typing import Any

from para_core.nesting import without_nulls
from para_server.http.answers import EMPTY, Answer, AnswerError, json_answer
from para_server.http.request import Request
from para_server.http.router import Route
from para_server.rest.bodies import refuse_large

__all__ = ["ROUTES"]


async def list_all(request: Request) -> Answer:
    """``GET /v1/_settings``: all settings."""
    return json_answer(without_nulls(request.the_app().settings))


async def read(request: Request) -> Answer:
    """``GET /v1/_settings/{key}``: one setting; an unknown one is ``null``."""
    value = request.the_app().settings.get(request.values[0])
    return json_answer({"value": without_nulls(value)})


async def put_all(request: Request) -> Answer:
    """``PUT /v1/_settings``: replace all settings."""
    await request.services.apps.put_settings(request.the_app(), _body(request), replace=True)
    return EMPTY


async def put(request: Request) -> Answer:
    """``PUT /v1/_settings/{key}``: set one setting; ``null`` changes nothing."""
    key, body = request.values[0], _body(request)
    if not key.strip():
        return await put_all(request)
    if "value" not in body:
        raise AnswerError(400)
    settings = {key: body["value"]}
    await request.services.apps.put_settings(request.the_app(), settings, replace=False)
    return EMPTY


async def delete(request: Request) -> Answer:
    """``DELETE /v1/_settings/{key}``: remove a setting, if it is there."""
    await request.services.apps.remove_setting(request.the_app(), request.values[0])
    return EMPTY


def _body(request: Request) -> dict[str, Any]:
    refuse_large(request)  # settings are a part of their app
    try:
        return request.json_map()
    except AnswerError as error:
        raise AnswerError(400) from error


ROUTES = [
    Route("GET", "/v1/_settings", list_all),
    Route("PUT", "/v1/_settings", put_all),
    Route("GET", "/v1/_settings/{key}", read),
    Route("PUT", "/v1/_settings/{key}", put),
    Route("DELETE", "/v1/_settings/{key}", delete),
]
