"""Many objects at once: ``/v1/_batch``."""

from __future__ import annotations

from typing import Any

from para_core.errors import VersionConflictError
from para_server.http.answers import EMPTY, Answer, AnswerError, bytes_answer
from para_server.http.request import Request
from para_server.http.router import Route
from para_server.rest.rendering import render_all

__all__ = ["ROUTES"]

_ALL_STALE = "Update failed for all objects in batch due to 'version' mismatch."


async def create_all(request: Request) -> Answer:
    """``POST`` and ``PUT /v1/_batch``: make objects; those that are invalid are left out."""
    bodies = _bodies(request)
    objects = await request.services.objects.create_all(request.the_app(), request.caller, bodies)
    return bytes_answer(render_all(request, objects))


async def read_all(request: Request) -> Answer:
    """``GET /v1/_batch?ids=``: the objects with these ids, in this order."""
    keys = list(dict.fromkeys(_ids(request)))
    records = await request.services.objects.read_all(request.the_app(), request.caller, keys)
    return bytes_answer(render_all(request, records))


async def patch_all(request: Request) -> Answer:
    """``PATCH /v1/_batch``: change objects; those that cannot be changed so are left out."""
    bodies = _bodies(request)
    try:
        objects = await request.services.objects.patch_all(
            request.the_app(), request.caller, bodies
        )
    except VersionConflictError as error:
        raise AnswerError(412, _ALL_STALE) from error
    return bytes_answer(render_all(request, objects))


async def delete_all(request: Request) -> Answer:
    """``DELETE /v1/_batch?ids=``: delete objects; unknown ones are no error."""
    await request.services.objects.delete_all(request.the_app(), request.caller, _ids(request))
    return EMPTY


def _ids(request: Request) -> list[str]:
    if not request.params.has("ids"):
        raise AnswerError(400, "Missing ids.")
    return [key for key in request.params.all("ids") if key.strip()]


def _bodies(request: Request) -> list[Any]:
    most = request.services.settings.max_entity_size_bytes
    bodies = request.json_list()
    if len(request.body) > most and any(_size_of(body) > most for body in bodies):
        limit = most // 1024
        message = (
            "Batch request too large or containing items larger than the max. allowed size "
            f"{limit} KB."
        )
        raise AnswerError(400, message)
    return bodies


def _size_of(value: object) -> int:
    """Return the size in bytes that a value counts with."""
    if isinstance(value, str):
        return len(value.encode()) + 2
    if isinstance(value, dict):
        inner = sum(len(key.encode()) + 12 + _size_of(item) for key, item in value.items())
        return 2 + max(len(value) - 1, 0) + inner
    if isinstance(value, list):
        return 2 + max(len(value) - 1, 0) + sum(map(_size_of, value))
    return len(str(value)) + 2 if value is not None else 4


ROUTES = [
    Route("POST", "/v1/_batch", create_all, answers_at_once=True, timer="RestUtils.batch.create"),
    Route("PUT", "/v1/_batch", create_all, answers_at_once=True, timer="RestUtils.batch.create"),
    Route("GET", "/v1/_batch", read_all, timer="RestUtils.batch.read"),
    Route("PATCH", "/v1/_batch", patch_all, answers_at_once=True, timer="RestUtils.batch.update"),
    Route("DELETE", "/v1/_batch", delete_all, answers_at_once=True, timer="RestUtils.batch.delete"),
]
