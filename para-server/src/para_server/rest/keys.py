"""New keys of an app: ``/v1/_newkeys``."""

from __future__ import annotations

from para_server.http.answers import Answer, AnswerError, json_answer
from para_server.http.request import Request
from para_server.http.router import Route

__all__ = ["ROUTES"]

_INFO = "Save the secret key! It is showed only once!"


async def new_keys(request: Request) -> Answer:
    """``POST /v1/_newkeys``: give the calling app another secret; the old one is worthless."""
    if not request.caller.is_app:
        raise AnswerError(401, "Not an app.")
    app = await request.services.apps.new_keys(request.the_app())
    return json_answer({"accessKey": app.id, "secretKey": app.secret, "info": _INFO})


ROUTES = [Route("POST", "/v1/_newkeys", new_keys)]
