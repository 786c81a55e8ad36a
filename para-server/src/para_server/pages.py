"""What is served outside the API: the greeting, sign-in, and the envelope for all else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from para_server.http.answers import error_answer
from para_server.signin.jwt_auth import jwt_auth

if TYPE_CHECKING:
    from para_core.extensions import ASGIApp, ResourceHandler
    from para_server.access.gate import Gate
    from para_server.services.container import Services

__all__ = ["pages_app"]

_JSON = "application/json"
_GREETING = b'{"code":200,"message":"Hello from Para!"}'
_LANDING = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Para</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:15vh auto;padding:0 1rem}}</style>
<h1>Hello from Para!</h1><p>The API is at <a href="{context}/v1">{context}/v1</a>.</p></html>
"""


def pages_app(
    services: Services, gate: Gate, resources: Sequence[ResourceHandler] = ()
) -> Starlette:
    """Return the application for everything outside ``/v1``; plugins add ``resources``."""
    settings = services.settings
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    routes = [Route(path, jwt_auth, methods=methods) for path in ("/jwt_auth", "/jwt_auth/")]
    if settings.landing_page_enabled:
        routes += [Route(path, _landing) for path in ("/", "/index.html", "/index.htm")]
    routes += [Route(r.path, _as_class(r.app), methods=list(r.methods)) for r in resources]
    app = Starlette(routes=routes, exception_handlers={HTTPException: _refuse})
    app.router.redirect_slashes = False
    app.state.services, app.state.gate = services, gate
    return app


def _as_class(app: ASGIApp) -> Callable[..., Any]:
    """Return an ASGI application in the shape that Starlette takes for one."""

    class Resource:
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await app(scope, receive, send)

    return Resource()


async def _landing(request: Request) -> Response:
    settings = request.app.state.services.settings
    if settings.is_production:
        return Response(_GREETING, media_type=_JSON)
    return HTMLResponse(_LANDING.format(context=settings.context_path))


async def _refuse(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = error.headers if isinstance(error, HTTPException) else None
    return Response(error_answer(status).body, status, headers, _JSON)
