"""Types of an app's objects: ``/v1/_types``."""

from __future__ import annotations

from para_core.types import SINGULARS
from para_server.http.answers import Answer, json_answer
from para_server.http.request import Request
from para_server.http.router import Route
from para_server.services.owning import counts_of

__all__ = ["ROUTES"]


async def list_types(request: Request) -> Answer:
    """``GET /v1/_types``: singulars by plural; with ``count=true`` how many objects there are."""
    types = {**SINGULARS, **request.the_app().datatypes}
    if request.params.is_true("count"):
        app, caller, finder = request.the_app(), request.caller, request.services.finder
        return json_answer(await counts_of(finder, app, caller, dict.fromkeys(types.values())))
    return json_answer(types)


ROUTES = [Route("GET", "/v1/_types", list_types)]
