"""The server itself: ``/v1``, ``/v1/_setup``, ``/v1/_health``, ``/v1/_me``, ``/v1/_reindex``."""

from __future__ import annotations

import time

from para_core.objects import App
from para_core.types import app_id
from para_server import COMPATIBLE_VERSION, __version__
from para_server.http.answers import Answer, AnswerError, bytes_answer, error_answer, json_answer
from para_server.http.request import Request
from para_server.http.router import Route
from para_server.rest.rendering import render
from para_server.services.health import is_healthy

__all__ = ["ROUTES"]

_INFO = "Para - the backend for busy developers."
_ONCE = "Save these keys - they are shown only once!"
_SHOWN_ONCE = "Save the secret key! It is showed only once!"
_DONE = {"code": 200, "message": "All set!"}
_FAILED = {"message": "Error - app was not created."}
_CREDENTIALS = "getCredentials"
_PASSED_ON = frozenset({b"forwarded", b"via", b"x-forwarded-for", b"x-real-ip"})


async def info(request: Request) -> Answer:
    """``GET /v1``: what this server is."""
    about: dict[str, object] = {"info": _INFO}
    if request.services.settings.print_version:
        about["version"] = COMPATIBLE_VERSION
        about["server"] = {"name": "Para for Python", "version": __version__}
    return json_answer(about)


async def setup(request: Request) -> Answer:
    """``GET /v1/_setup``: the keys of the root app, handed out once."""
    keys = await request.services.setup.hand_out_keys(is_local=_is_local(request))
    return json_answer(_DONE if keys is None else keys)


def _is_local(request: Request) -> bool:
    """Return whether the caller is on this machine; what a proxy passes on may be from anywhere."""
    if not _PASSED_ON.isdisjoint(request.headers):
        return False
    return request.client in ("127.0.0.1", "::1", "::ffff:127.0.0.1", "")


async def setup_app(request: Request) -> Answer:
    """``GET /v1/_setup/{appid}``: create a child app; for the root app only."""
    caller, params = request.caller, request.params
    if not (caller.is_app and caller.is_root):
        raise AnswerError(403, "Only root app can create and initialize other apps.")
    identifier = app_id(request.values[0])
    if identifier is None:
        return json_answer(_DONE)
    app = App(
        id=identifier,
        name=params.first("name").strip() or request.values[0],
        creatorid=params.get("creatorid"),
        sharing_index=params.is_true("sharedIndex"),
        sharing_table=params.is_true("sharedTable"),
    )
    created = await request.services.apps.create(app)
    if created is None:
        return json_answer(_DONE)
    keys = {"accessKey": created.id, "message": _ONCE, "secretKey": created.secret}
    return json_answer({**keys, "info": _SHOWN_ONCE})


async def me(request: Request) -> Answer:
    """``GET /v1/_me``: the user or the app that sends the request."""
    caller, app = request.caller, request.the_app()
    if caller.is_user:
        user = await request.services.users.find(app, caller.userid)
        if user is None:
            return Answer(401)
        return bytes_answer(render(request, user))
    wanted = caller.claims.get(_CREDENTIALS)
    if caller.is_root and isinstance(wanted, str):
        other = await request.services.apps.find((app_id(wanted) or "").partition(":")[2])
        if other is not None:
            keys = {"accessKey": other.id, "secretKey": other.secret}
            shown = render(request, other)[:-1] + b',"credentials":'
            return bytes_answer(shown + json_answer(keys).body + b"}")
    return bytes_answer(render(request, app))


async def health(request: Request) -> Answer:
    """``GET /v1/_health``: whether the server can do its work."""
    if await is_healthy(request.services):
        return json_answer({"code": 200, "message": "healthy"})
    return error_answer(500, "unhealthy")


async def reindex(request: Request) -> Answer:
    """``POST /v1/_reindex``: rebuild the search index of the app from the database."""
    began = time.monotonic()
    count = await request.services.index.rebuild(request.appid)
    took = int((time.monotonic() - began) * 1000)
    return json_answer({"reindexed": count, "tookMillis": took})


ROUTES = [
    Route("GET", "/v1", info, is_public=True),
    Route("GET", "/v1/_setup", setup, is_public=True),
    Route("GET", "/v1/_setup/{appid}", setup_app),
    Route("GET", "/v1/_me", me),
    Route("GET", "/v1/_health", health, is_public=True),
    Route("POST", "/v1/_reindex", reindex, answers_at_once=True, timer="Api1.rebuildIndex"),
]
