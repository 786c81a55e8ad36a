"""The documentation of all settings: ``/v1/_config/options``."""

from __future__ import annotations

from para_server.config_options import render_options
from para_server.http.answers import Answer
from para_server.http.request import Request
from para_server.http.router import Route

__all__ = ["ROUTES"]


async def options(request: Request) -> Answer:
    """``GET /v1/_config/options``: every setting with its default; never a value in use."""
    params = request.params
    kind, body = render_options(params.get("format"), params.get("groupby"))
    return Answer(200, body, kind.encode())


ROUTES = [Route("GET", "/v1/_config/options", options, is_public=True)]
