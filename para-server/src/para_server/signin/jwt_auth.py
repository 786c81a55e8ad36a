"""``/jwt_auth``: sign in, refresh a token, revoke all tokens."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from para_core.errors import ParaError
from para_core.objects import App, User
from para_core.objects.codec import wire
from para_core.objects.identifiers import identity_provider
from para_core.types import app_identifier
from para_server.access.decision import Decision
from para_server.access.authorize import check_app
from para_server.access.issuing import issue_user_token, validity_of
from para_server.access.principal import Kind, Principal
from para_server.access.tokens import Proof
from para_server.access.visibility import hide
from para_server.http.answers import error_answer
from para_server.rest.responses import answer_of
from para_server.services.users import new_token_secret
from para_server.signin.password import SignInError

if TYPE_CHECKING:
    from para_server.services.container import Services

__all__ = ["jwt_auth"]

_JSON = "application/json;charset=UTF-8"
_MISSING = "Some of the required query parameters 'provider', 'appid', 'token', are missing."
_INVALID = 'Bearer error="invalid_token"'


async def jwt_auth(request: Request) -> Response:
    """Answer ``POST`` (sign in), ``GET`` (refresh) and ``DELETE`` (revoke); others get nothing."""
    try:
        if request.method == "POST":
            return await _sign_in(request)
        if request.method == "GET":
            return await _refresh(request)
        if request.method == "DELETE":
            return await _revoke(request)
    except ParaError as error:
        answer = answer_of(error)
        return Response(answer.body, answer.status, media_type=_JSON)
    return Response()


async def _sign_in(request: Request) -> Response:
    services: Services = request.app.state.services
    body = await request.body()
    if len(body) > services.settings.max_entity_size_bytes:
        return _error(400, "The request is too large.")
    try:
        fields = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError) as error:
        return _error(400, f"The body is not valid JSON: {error}")
    texts = [fields.get(name) for name in ("appid", "provider", "token")]
    if not all(isinstance(text, str) for text in texts):
        return _error(400, _MISSING)
    appid, provider, token = (str(text) for text in texts)
    identifier = app_identifier(appid)
    if identifier == services.apps.root:
        reason = "Reason: clients aren't allowed to access root app."
        about = f"Can't authenticate user with app '{appid}' using provider '{provider}'."
        return _error(403, f"{about} {reason}")
    app = await services.apps.find(identifier)
    if app is None:
        return _error(400, f"User belongs to app '{appid}' which does not exist. ")
    refused = check_app(app, "POST")
    if refused is not None:
        return _refused(refused)
    user = await _user_of(services, app, provider, token)
    if user is None:
        return _error(
            400, f"Failed to authenticate user with '{provider}'. Check if user is active."
        )
    return await _issue(services, app, user)


async def _user_of(services: Services, app: App, provider: str, token: str) -> User | None:
    sign_in = services.sign_in.get(provider.lower())
    if sign_in is None:
        return None
    try:
        user = await sign_in.user_of(app, token)
    except SignInError:
        return None
    return user if user is not None and user.active else None


async def _issue(services: Services, app: App, user: User) -> Response:
    """Answer with a new token; with one session per user, all earlier ones end."""
    one_session = _setting(services, app, "security.one_session_per_user", "true").lower() == "true"

    def renew(fresh: User) -> bool | None:
        if one_session or not fresh.token_secret:
            fresh.token_secret = new_token_secret()
            return None
        return False

    current = await services.users.change(app, user.id, renew) or user
    settings = services.settings
    seconds = validity_of(app.settings, app.token_validity_sec, settings.jwt_expires_after)
    times = (seconds, settings.jwt_refresh_interval)
    provider = identity_provider(current.identifier)
    issued = issue_user_token(app, current, provider, time.time(), validity=times)
    if issued is None:
        return _error(400, _MISSING)
    own = Principal(Kind.USER, app.identifier, userid=current.id, groups=current.groups)
    jwt = {
        "access_token": issued.token,
        "refresh": issued.refresh_ms,
        "expires": issued.expires_ms,
    }
    return _json({"jwt": jwt, "user": hide(wire(current), own)})


async def _refresh(request: Request) -> Response:
    proof = await _proof(request)
    if proof is None:
        return _error(401, "User must reauthenticate.", {"WWW-Authenticate": _INVALID})
    services: Services = request.app.state.services
    app = await services.apps.find(proof.principal.appid)
    user = await services.users.find(app, proof.principal.userid) if app is not None else None
    if app is None or user is None or not user.active:
        return _error(401, "User must reauthenticate.", {"WWW-Authenticate": _INVALID})
    refused = check_app(app, "GET")
    return _refused(refused) if refused is not None else await _issue(services, app, user)


async def _revoke(request: Request) -> Response:
    proof = await _proof(request)
    if proof is None:
        return _error(401, "Invalid or expired token.", {"WWW-Authenticate": "Bearer"})
    services: Services = request.app.state.services
    app = await services.apps.find(proof.principal.appid)

    def renew(user: User) -> None:
        user.token_secret = new_token_secret()

    if app is not None:
        await services.users.change(app, proof.principal.userid, renew)
    message = f"All tokens revoked for user {proof.principal.userid}!"
    return _json({"code": 200, "message": message})


async def _proof(request: Request) -> Proof | None:
    """Return what the request's user token proves; ``None`` for anything but a user."""
    authorization = request.headers.get("authorization") or request.query_params.get(
        "Authorization", ""
    )
    if "Bearer" not in authorization:
        return None
    gate = request.app.state.gate
    raw = authorization.strip()[len("Bearer") :].strip().encode()
    proof = await gate.tokens.verify(raw, gate.lookup, time.time())
    return proof if isinstance(proof, Proof) and proof.principal.is_user else None


def _setting(services: Services, app: App, key: str, default: str) -> str:
    value = app.settings.get(key)
    if value is None:
        return default
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _json(value: Any) -> Response:
    return Response(msgspec.json.encode(value), media_type=_JSON)


def _error(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    return Response(error_answer(status, message).body, status, headers, _JSON)


def _refused(decision: Decision) -> Response:
    return _error(decision.status, decision.message)
