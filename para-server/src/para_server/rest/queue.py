"""The queue, for whoever runs the server: ``/v1/_queue``."""

from __future__ import annotations

from para_server.http.answers import EMPTY, Answer, AnswerError, json_answer
from para_server.http.request import Request
from para_server.http.router import Route

__all__ = ["ROUTES"]

_LISTED = 100


async def look(request: Request) -> Answer:
    """``GET /v1/_queue``: how much waits, and what was set aside; for the root app."""
    _require_root(request)
    queue = request.services.queue
    items = [
        {"id": m.id, "body": m.body, "attempts": m.attempts, "reason": m.reason}
        for m in await queue.aside(_LISTED)
    ]
    return json_answer({"waiting": await queue.size(), "aside": items})


async def put_back(request: Request) -> Answer:
    """``POST /v1/_queue/{id}``: put a message that was set aside back; for the root app."""
    _require_root(request)
    if not await request.services.queue.restore(request.values[0]):
        raise AnswerError(404)
    return EMPTY


def _require_root(request: Request) -> None:
    if not request.caller.is_app:
        raise AnswerError(401, "Not an app.")
    if not request.caller.is_root:
        raise AnswerError(403, "Only root app can look into the queue.")


ROUTES = [
    Route("GET", "/v1/_queue", look),
    Route("POST", "/v1/_queue/{id}", put_back),
]
