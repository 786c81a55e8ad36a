"""Resources of plugins: ASGI applications under paths of the API, behind the same door."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from para_core.extensions import ResourceHandler
from para_server.http.answers import Answer
from para_server.http.request import Request
from para_server.http.router import Route

if TYPE_CHECKING:
    from starlette.types import Message, Scope

__all__ = ["is_in_api", "routes_of"]

_HOP_BY_HOP = frozenset({b"content-length", b"content-type", b"transfer-encoding", b"connection"})

_BRACES = {ord("{"): None, ord("}"): None}


def is_in_api(handler: ResourceHandler) -> bool:
    """Return whether a resource lies below ``/v1`` and is authorized like the built-in ones."""
    return handler.path.startswith("/v1/")


def routes_of(handler: ResourceHandler) -> list[Route]:
    """Return the routes of a plugin's resource."""
    names = [part[1:-1] for part in handler.path.split("/") if part.startswith("{")]

    async def run(request: Request) -> Answer:
        return await _run(handler, dict(zip(names, request.values, strict=True)), request)

    run.__doc__ = f"``{handler.path}``: a resource of a plugin."
    return [
        Route(method, handler.path, run, timer=_timer_of(handler, method))
        for method in handler.methods
    ]


def _timer_of(handler: ResourceHandler, method: str) -> str:
    """Name the timer of a method, such as ``v1.tides.place.handleGet``."""
    place = handler.path.strip("/").replace("/", ".").translate(_BRACES)
    return f"{place}.handle{method.capitalize()}"


async def _run(handler: ResourceHandler, params: dict[str, str], request: Request) -> Answer:
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": request.path,
        "raw_path": request.path.encode(),
        "query_string": request.query,
        "root_path": "",
        "headers": list(request.headers.items()),
        "client": (request.client, 0) if request.client else None,
        "server": None,
        "path_params": params,
        "state": {"para": request.services, "caller": request.caller, "app": request.app},
    }
    messages: list[Message] = []
    bodies = iter([{"type": "http.request", "body": request.body, "more_body": False}])

    async def receive() -> Message:
        return next(bodies, {"type": "http.disconnect"})

    async def send(message: Message) -> None:
        messages.append(message)

    await handler.app(scope, receive, send)
    return _answer(messages)


def _answer(messages: Iterable[Message]) -> Answer:
    answer = Answer()
    for message in messages:
        if message["type"] == "http.response.start":
            headers = [(name.lower(), value) for name, value in message.get("headers", [])]
            answer.status = message["status"]
            answer.kind = dict(headers).get(b"content-type")
            answer.headers = [pair for pair in headers if pair[0] not in _HOP_BY_HOP]
        elif message["type"] == "http.response.body":
            answer.body += message.get("body", b"")
    return answer
