"""The door of everything outside the API: pages, sign-in, protected paths, resources of plugins.

What all requests need is done here, in this order: read the body, answer pre-flights, refuse forged
requests, ask who is there where a path is protected, find what answers.
"""

from __future__ import annotations

import base64
import logging
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from para_server.access.authorize import check_app
from para_server.access.classify import CredentialKind, classify
from para_server.access.request import first_headers
from para_server.access.resources import resource_of
from para_server.access.tokens import Proof
from para_server.http.answers import Answer, AnswerError, error_answer
from para_server.http.body import has_body, read_body, replayed
from para_server.http.wire import preflight
from para_server.rest.responses import answer_of
from para_server.web import csrf
from para_server.web.answers import redirect, refusal
from para_server.web.cookies import SetCookie
from para_server.web.request import WebRequest, web_request

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

    from para_server.access.decision import Decision
    from para_server.access.gate import Gate
    from para_server.http.wire import Dispatcher
    from para_server.web.plugged import PluggedResources
    from para_server.web.protected import Guard, Guards
    from para_server.web.routes import WebRoutes
    from para_server.web.settings import WebSettings

__all__ = ["WebDoor"]

logger = logging.getLogger(__name__)

_DENIED = "Access Denied"
_FULL = "Full authentication is required to access this resource"
_ENVELOPE = b"application/json;charset=UTF-8"


class _DeniedError(Exception):
    """A user is known, and in none of the groups that a path is for."""


class WebDoor:
    """Serves what is outside ``/v1``, as an ASGI application."""

    def __init__(  # noqa: PLR0913 - the collaborators of one service
        self,
        routes: WebRoutes,
        plugged: PluggedResources,
        guards: Guards,
        gate: Gate,
        *,
        dispatcher: Dispatcher,
        settings: WebSettings,
        context: str = "",
        max_body_bytes: int,
        max_plugged_body_bytes: int,
    ) -> None:
        self._routes, self._plugged, self._guards, self._gate = routes, plugged, guards, gate
        self._dispatcher, self._settings = dispatcher, settings
        self._context = context
        self._max_body_bytes, self._max_plugged_body_bytes = max_body_bytes, max_plugged_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = first_headers(scope["headers"])
        challenge = ""
        try:
            answer, challenge = await self._answer(scope, headers, receive, send)
        except AnswerError as error:
            answer = error_answer(error.status, error.message, error.headers)
            answer.kind = _ENVELOPE
        except Exception as error:  # noqa: BLE001 - every failure becomes an answer, here only
            answer = answer_of(error)
        if answer is not None:
            await self._dispatcher.send(scope, headers, send, answer, challenge)

    async def _answer(
        self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive, send: Send
    ) -> tuple[Answer | None, str]:
        """Return the answer, or ``None`` when a resource of a plugin has given one."""
        if self._dispatcher.is_preflight(scope["method"], headers):
            return preflight(headers), ""
        raw_path: bytes = scope["raw_path"]
        if self._context and not raw_path.startswith(f"{self._context}/".encode()):
            return error_answer(404), ""
        is_plugged = self._plugged.is_at(scope)
        most = self._max_plugged_body_bytes if is_plugged else self._max_body_bytes
        body = await read_body(headers, receive, most) if has_body(headers) else b""
        request = web_request(scope, body, self._context, self._settings.trusted_proxies)
        try:
            refused = await self._refusal(request)
        except _DeniedError:
            if await self._show_denied(request, scope, receive, send):
                return None, ""
            refused = refusal(request, 403, _DENIED), ""
        if refused is not None:
            return refused
        handler = self._routes.find(request)
        if handler is not None:
            return self._with_token(request, await handler(request)), ""
        is_answered = await self._plugged(scope, replayed(body, receive), send)
        return None if is_answered else error_answer(404), ""

    async def _refusal(self, request: WebRequest) -> tuple[Answer, str] | None:
        """Return the answer to a request that goes no further, and its challenge."""
        if any(part in (".", "..") for part in request.path.split("/")):
            return error_answer(400), ""
        guard = self._guards.of(request.method, request.path)
        forged = self._forged(request, guard)
        if forged is not None:
            return forged, ""
        if guard is None or self._routes.is_own(request.path):
            return None
        return await (self._admit_app if guard.is_for_apps else self._admit)(request, guard)

    # ---- forged requests ----------------------------------------------------------------------

    def _forged(self, request: WebRequest, guard: Guard | None) -> Answer | None:
        """Return the refusal of a request that another site may have made the browser send."""
        if not self._settings.is_csrf_on or csrf.is_safe(request.method):
            return None
        if self._is_exempt(request.path, guard):
            return None
        fault = csrf.fault_of(request)
        if not fault:
            return None
        headers = []
        if not csrf.token_of(request):
            headers.append(csrf.token_cookie(request, csrf.new_token()).header())
        return refusal(request, 403, fault, headers)

    def _is_exempt(self, path: str, guard: Guard | None) -> bool:
        """Tell whether a path is for programs, or for what other sites may rightly send."""
        first = path.lstrip("/").partition("/")[0]
        is_for_programs = guard is not None and guard.is_for_apps
        is_sign_in = first.endswith("_auth") or first.startswith("saml_metadata")
        return is_for_programs or is_sign_in or self._guards.is_open(path)

    def _with_token(self, request: WebRequest, answer: Answer) -> Answer:
        """Hand out a token with the first answer, where pages of one script need it."""
        if self._settings.csrf_protection_with_spa and not csrf.token_of(request):
            cookie = csrf.token_cookie(request, csrf.new_token())
            answer.headers = [*answer.headers, cookie.header()]
        return answer

    # ---- protected paths ----------------------------------------------------------------------

    async def _admit_app(self, request: WebRequest, _: Guard) -> tuple[Answer, str] | None:
        """Ask the gate of the API."""
        if request.method == "OPTIONS":
            return Answer(204), ""
        resource = resource_of(request.raw.path, self._context.encode())
        admission = await self._gate.admit(request.raw, resource, time.time())
        if admission.decision.is_allowed:
            return None
        return _refused(request, admission.decision), admission.challenge

    async def _admit(self, request: WebRequest, guard: Guard) -> tuple[Answer, str] | None:
        """Ask for the token of a user in one of the groups."""
        if request.method == "OPTIONS":
            return Answer(204), ""
        found = await self._proof(request)
        if found is None or found.user is None or not found.user.active:
            return self._unknown(request), ""
        refused = check_app(found.app, request.method)
        if refused is not None:
            return _refused(request, refused), ""
        if not guard.admits(found.user.groups):
            raise _DeniedError
        return None

    async def _show_denied(
        self, request: WebRequest, scope: Scope, receive: Receive, send: Send
    ) -> bool:
        """Show people the page of a plugin that is for those who are refused, if there is one."""
        path = f"{self._context}{self._settings.access_denied}"
        page = {**scope, "method": "GET", "path": path, "query_string": b""}
        page["raw_path"] = path.encode()
        if request.is_script or not self._plugged.is_at(page):
            return False

        async def refuse(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "status": 403}
            await send(message)

        return await self._plugged(page, replayed(b"", receive), refuse)

    async def _proof(self, request: WebRequest) -> Proof | None:
        """Return what the bearer token proves; cookies prove nothing."""
        authorization = request.raw.headers.get(b"authorization", b"").strip()
        found = classify(authorization, b"")
        if found.kind is not CredentialKind.TOKEN:
            return None
        proof = await self._gate.tokens.verify(found.token, self._gate.lookup, time.time())
        return proof if isinstance(proof, Proof) else None

    def _unknown(self, request: WebRequest) -> Answer:
        """Ask somebody to sign in: programs by a status, people by sending them there."""
        if request.is_script or request.method == "HEAD":
            return refusal(request, 401, _FULL, as_json=True)
        cookie = SetCookie(
            name=self._settings.returnto_cookie,
            value=base64.b64encode(request.url.encode()).decode(),
            max_age_sec=self._settings.session_timeout,
            is_hidden=False,
            is_secure=request.is_secure,
        )
        return redirect(request, self._settings.signin, [cookie.header()])


def _refused(request: WebRequest, decision: Decision) -> Answer:
    return refusal(request, decision.status, decision.message, as_json=True)
