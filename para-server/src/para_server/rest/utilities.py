"""Helper functions for clients: ``/v1/utils``."""

from __future__ import annotations

import asyncio

from para_server.http.answers import Answer, AnswerError, text_answer
from para_server.http.request import Request
from para_server.http.router import Route
from para_server.rest.search import list_objects
from para_server.services.utilities import UtilityError

__all__ = ["ROUTES"]

_LONG = 2000  # bytes of Markdown that take about 5 ms


async def run(request: Request) -> Answer:
    """``GET /v1/utils/{method}``: what a helper function gives, as bare text."""
    return await _run(request, request.values[0])


async def run_or_list(request: Request) -> Answer:
    """``GET /v1/utils``: the same with ``method`` as a parameter; without it, a list of objects."""
    method = request.params.first("method")
    if method.strip():
        return await _run(request, method)
    request.values = ["utils"]
    return await list_objects(request)


async def _run(request: Request, method: str) -> Answer:
    utilities = request.services.utilities
    try:
        if method == "md2html" and len(request.query) > _LONG:
            found = await asyncio.to_thread(utilities.run, method, request.params)
        else:
            found = utilities.run(method, request.params)
    except UtilityError as error:
        raise AnswerError(400, str(error)) from error
    return text_answer(found.text, f"{found.content_type};charset=UTF-8".encode())


ROUTES = [
    Route("GET", "/v1/utils", run_or_list),
    Route("GET", "/v1/utils/{method}", run),
]
