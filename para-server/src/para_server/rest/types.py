"""Types of an app's objects: ``/v1/_types``."""

from __future__ import annotations

import asyncio

from para_core.query.tree import All
from para_core.types import SINGULARS
from para_server.http.answers import Answer, json_answer
from para_server.http.request import Request
from para_server.http.router import Route
from para_server.services.owning import seen_by

__all__ = ["ROUTES"]

_AT_ONCE = 16  # counts that run at the same time


async def list_types(request: Request) -> Answer:
    """``GET /v1/_types``: singulars by plural; with ``count=true`` how many objects there are."""
    types = {**SINGULARS, **request.the_app().datatypes}
    if request.params.is_true("count"):
        return json_answer(await _counts(request, dict.fromkeys(types.values())))
    return json_answer(types)


async def _counts(request: Request, kinds: dict[str, None]) -> dict[str, int]:
    """Return how many indexed objects of each type there are that the caller may see."""
    app, caller, finder = request.the_app(), request.caller, request.services.finder
    turn = asyncio.Semaphore(_AT_ONCE)

    async def count(kind: str) -> int:
        async with turn:
            return await finder.count(app, seen_by(app, caller, kind) or All(), kind=kind)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = {kind: group.create_task(count(kind)) for kind in kinds}
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None  # it has a status of its own
    return {kind: task.result() for kind, task in tasks.items()}


ROUTES = [Route("GET", "/v1/_types", list_types)]
