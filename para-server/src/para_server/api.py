"""The door of the API: every request to ``/v1`` comes through here.

One ASGI callable does what all requests need, in this order: read the body, answer pre-flights,
find out who sends it and whether it may go on, find the route, run the handler, send the answer.
A signature covers the body, so the body comes first. Anybody can send a large one, though: before
that is read, whoever is refused in any case is.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from para_server.access.classify import CredentialKind, classify
from para_server.access.decision import ALLOWED
from para_server.access.gate import Admission, Gate
from para_server.access.principal import NOBODY
from para_server.access.request import RawRequest, first_headers
from para_server.access.resources import resource_of, segments_of
from para_server.http.answers import Answer, AnswerError, error_answer
from para_server.http.body import (
    TooLargeError,
    declared_bytes,
    has_body,
    has_large_body,
    read_body,
    spool_body,
)
from para_server.http.request import Request
from para_server.http.room import Room, busy
from para_server.http.router import Route, Router
from para_server.http.spool import Spool
from para_server.http.wire import Dispatcher, preflight
from para_server.rest.responses import answer_of
from para_server.web.protected import Guards

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    from para_core.metrics import Metrics
    from para_server.http.room import Share
    from para_server.services.container import Services

__all__ = ["Api"]

logger = logging.getLogger(__name__)

_GUARDED = re.compile(rb"/v\d[\d.]*(/|\Z)", re.IGNORECASE)
_MOST_BACKGROUND = 1000  # requests that were answered at once and are still at work
_MOST_HELD = 1 << 27  # bytes of their bodies, and of what strangers upload
_MOST_TAKEN_IN = 1 << 28  # bytes of large bodies: who signs one is proven once it is there
_MOST_SPOOLED = 4  # times as much as one body in a file may have
_ADMISSION = "para.admission"
_SAMPLED = 15  # of 16 answers from memory that many are only counted


class Api:
    """The REST API of one server, as an ASGI application."""

    def __init__(
        self,
        services: Services,
        gate: Gate,
        routes: Sequence[Route],
        guards: Guards | None = None,
        *,
        metrics: Metrics | None = None,
    ) -> None:
        """Put the routes together; without ``metrics`` nothing is timed."""
        self.services, self.gate, self._guards = services, gate, guards
        self._metrics, self._turn = metrics, -1
        self.router = Router(routes)
        settings = services.settings
        self._context = settings.context_path.encode()
        self._most = settings.max_body_bytes
        self.dispatcher = Dispatcher(
            is_cors_enabled=settings.cors_enabled, is_gzip_enabled=settings.gzip_enabled
        )
        self._background: set[asyncio.Task[None]] = set()
        self._held = Room(_MOST_HELD)  # bodies in the background and of strangers
        self._taken_in = Room(_MOST_TAKEN_IN)
        self._on_disk = Room(settings.import_max_bytes * _MOST_SPOOLED)

    def serves(self, path: bytes) -> bool:
        """Return whether a raw path belongs to the API."""
        if self._context:
            if not path.startswith(self._context):
                return False
            path = path[len(self._context) :]
        return path.startswith(b"/v1/") or _GUARDED.match(path) is not None

    async def close(self) -> None:
        """Wait for the work of requests that were answered at once."""
        if self._background:
            await asyncio.wait(self._background, timeout=10)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = first_headers(scope["headers"])
        raw = RawRequest(scope["method"], scope["raw_path"], scope["query_string"], headers)
        challenge, most = "", self._most
        share: Share | None = None
        try:
            early = None
            if has_large_body(headers):
                early = await self._answer_without_body(scope, raw)
                if early is None:
                    most = self._most_of(raw)
                    share = self._share_for(raw, most)
            if early is None and has_body(headers):
                await self._take_in(raw, receive, most, share)
            answer, challenge = early or await self._answer(scope, raw)
        except TooLargeError:
            answer = error_answer(400, self._too_large(scope["path"], most))
        except Exception as error:  # noqa: BLE001 - every failure becomes an answer, here only
            answer = answer_of(error)
        finally:
            if share is not None:
                share.give_back()
            if raw.spool is not None:
                raw.spool.close()
        await self.dispatcher.send(scope, headers, send, answer, challenge)

    # ---- the body -----------------------------------------------------------------------------

    async def _answer_without_body(
        self, scope: Scope, raw: RawRequest
    ) -> tuple[Answer, str] | None:
        """Return the answer that a request gets whatever its body is, and its challenge."""
        segments = segments_of(raw.path.removeprefix(self._context))
        if segments is None or self._needs_no_body(raw, segments):
            return await self._answer(scope, raw)
        if self._is_of_strangers(raw):
            return None
        resource = resource_of(raw.path, self._context)
        refused = await self.gate.refuse_without_body(raw, resource, time.time())
        return None if refused is None else (_refusal(refused), refused.challenge)

    def _needs_no_body(self, raw: RawRequest, segments: list[str]) -> bool:
        """Return whether everybody gets the same answer, whatever the body is."""
        if self.dispatcher.is_preflight(raw.method, raw.headers):
            return True
        found = self._found(raw.method, segments)
        takes_body = isinstance(found, tuple) and (not found[0].is_public or _is_upload(found[0]))
        return not takes_body and self._is_public(segments, found)

    def _is_of_strangers(self, raw: RawRequest) -> bool:
        """Return whether a body is read although nobody says whose it is."""
        segments = segments_of(raw.path.removeprefix(self._context)) or []
        found = self._found(raw.method, segments)
        is_upload = isinstance(found, tuple) and _is_upload(found[0])
        return is_upload and self._is_public(segments, found)

    def _is_spooled(self, raw: RawRequest) -> bool:
        """Return whether a large body goes into a file."""
        segments = segments_of(raw.path.removeprefix(self._context)) or []
        found = self._found(raw.method, segments)
        return isinstance(found, tuple) and found[0].is_spooled

    def _most_of(self, raw: RawRequest) -> int:
        """Return how many bytes a large body may have."""
        if self._is_of_strangers(raw):
            return self.services.settings.max_upload_bytes
        return self.services.settings.import_max_bytes if self._is_spooled(raw) else self._most

    def _share_for(self, raw: RawRequest, most: int) -> Share | None:
        """Return room for a large body in memory; ``None`` for one that goes into a file."""
        if self._is_spooled(raw):
            return None
        room = self._held if self._is_of_strangers(raw) else self._taken_in
        return room.share(min(declared_bytes(raw.headers), most))

    async def _take_in(
        self, raw: RawRequest, receive: Receive, most: int, share: Share | None
    ) -> None:
        """Read a body, into memory or into a file."""
        if share is not None or not has_large_body(raw.headers):
            take = None if share is None else share.take
            raw.body = await read_body(raw.headers, receive, most, take)
            return
        room = self._on_disk.share(min(declared_bytes(raw.headers), most))
        raw.spool = Spool(self.services.settings.import_folder, room)
        await spool_body(raw.headers, receive, most, raw.spool)

    def _too_large(self, path: str, most: int) -> str:
        if most != self._most:
            return f"Request is too large - the maximum is {most // 1024} KB."
        if path.rstrip("/").endswith("/_batch"):
            limit = self._most // 1024
            return f"Batch request is too large - the maximum total batch size is {limit} KB."
        limit = self.services.settings.max_entity_size_bytes // 1024
        return f"Request is too large - the maximum is {limit} KB."

    # ---- one request --------------------------------------------------------------------------

    async def _answer(self, scope: Scope, raw: RawRequest) -> tuple[Answer, str]:
        if self.dispatcher.is_preflight(raw.method, raw.headers):
            return preflight(raw.headers), ""
        segments = segments_of(raw.path.removeprefix(self._context))
        if segments is None:
            return error_answer(400), ""
        found = self._found(raw.method, segments)
        if self._is_public(segments, found):
            admission = _PUBLIC
        else:
            known: Admission | None = scope.get(_ADMISSION)
            admission = known or await self._admit(raw, resource_of(raw.path, self._context))
            if not admission.decision.is_allowed:
                return _refusal(admission), admission.challenge
            if self._is_barred(raw.method, segments, admission):
                return error_answer(403, "Access Denied"), admission.challenge
        try:
            answer = await self._run(scope, raw, found, admission)
        except Exception as error:  # noqa: BLE001 - answered once, in the table of errors
            answer = answer_of(error)
        return answer, admission.challenge

    def _found(self, method: str, segments: list[str]) -> tuple[Route, list[str]] | set[str]:
        return self.router.find("GET" if method == "HEAD" else method, segments)

    def _is_public(self, segments: list[str], found: tuple[Route, list[str]] | set[str]) -> bool:
        """Return whether nobody has to say who it is; which methods a path has is no secret."""
        if not isinstance(found, tuple) and found:
            found = self.router.find("GET" if "GET" in found else min(found), segments)
        is_public = isinstance(found, tuple) and found[0].is_public
        guards = self._guards
        if guards is None or not (is_public or guards.opens_api) or len(segments) == 1:
            return is_public
        return guards.is_open(_path(segments))

    def _is_barred(self, method: str, segments: list[str], admission: Admission) -> bool:
        """Return whether the configuration keeps a path for users of other groups."""
        if self._guards is None or not self._guards.entries:
            return False
        guard = self._guards.of(method, _path(segments))
        if guard is None or guard.is_for_apps:
            return False
        principal = admission.principal
        return not (principal.is_user and guard.admits(principal.groups))

    async def _admit(self, raw: RawRequest, resource: str) -> Admission:
        """Ask the gate; a signed request of a known app needs no waiting."""
        now = time.time()
        return self._admit_now(raw, resource, now) or await self.gate.admit(raw, resource, now)

    def _admit_now(self, raw: RawRequest, resource: str, now: float) -> Admission | None:
        """Ask the gate about a signed request of a known app; ``None`` for any other."""
        authorization = raw.headers.get(b"authorization", b"").strip()
        signatures = self.gate.signatures
        is_signed = signatures.knows(authorization) or _is_signed(authorization)
        if not is_signed:
            return None
        signed = signatures.read(authorization, raw)
        app = self.services.apps.known(self.gate.identifier_of(signed))
        return None if app is None else self.gate.judge(signed, app, raw, resource, now)

    def answer_now(self, cycle: RequestResponseCycle) -> bool:
        """Answer a request without waiting, if that is possible.

        It is for signed ``GET`` requests of apps whose answer lies in memory: they need no task.

        Returns:
            ``False`` when nothing was sent, and ``__call__`` must answer.
        """
        scope: Any = cycle.scope  # a TypedDict without our own keys
        raw_path: bytes = scope["raw_path"]
        segments = segments_of(raw_path.removeprefix(self._context))
        found = self.router.find("GET", segments) if segments is not None else set[str]()
        if not isinstance(found, tuple) or found[0].now is None:
            return False
        if self._guards is not None and self._guards.entries:
            return False
        headers = first_headers(scope["headers"])
        if has_body(headers):
            return False
        raw = RawRequest("GET", raw_path, scope["query_string"], headers)
        admission = self._admit_now(raw, resource_of(raw_path, self._context), time.time())
        if admission is None or not admission.decision.is_allowed:
            return False
        scope[_ADMISSION] = admission  # when it comes to waiting, nobody asks the gate again
        request = self._request(scope, raw, found, admission)
        metrics, began = self._metrics, 0
        self._turn += 1
        if metrics is not None and not self._turn & _SAMPLED:
            began = metrics.clock_ns()
        try:
            answer = found[0].now(request)
        except AnswerError as error:
            answer = answer_of(error)
        if answer is None:
            return False
        if metrics is not None and request.timer:
            metrics.tally(admission.principal.appid, request.timer, began)
        return self.dispatcher.send_now(cycle, headers, answer, admission.challenge)

    async def _run(
        self,
        scope: Scope,
        raw: RawRequest,
        found: tuple[Route, list[str]] | set[str],
        admission: Admission,
    ) -> Answer:
        if not isinstance(found, tuple):
            return _no_route(raw.method, found)
        route = found[0]
        request = self._request(scope, raw, found, admission)
        if route.answers_at_once and raw.headers.get(b"x-para-respond-immediately") == b"true":
            return await self._at_once(route, request, raw)
        return await self._handle(route, request)

    async def _handle(self, route: Route, request: Request) -> Answer:
        metrics = self._metrics
        if metrics is None or not request.timer:
            return await route.handler(request)
        began = metrics.clock_ns()
        try:
            return await route.handler(request)
        finally:
            metrics.book(request.caller.appid, request.timer, began)

    def _request(
        self, scope: Scope, raw: RawRequest, found: tuple[Route, list[str]], admission: Admission
    ) -> Request:
        client = (scope.get("client") or ("",))[0]
        route, values = found
        request = Request(raw, values, admission, services=self.services, client=client)
        request.timer = route.timer
        return request

    async def _at_once(self, route: Route, request: Request, raw: RawRequest) -> Answer:
        """Answer before the work is done; its errors are logged and heard by nobody.

        Without work in the background the answer is the same, and comes when the work is done.
        """
        size = len(request.body)
        is_full = len(self._background) >= _MOST_BACKGROUND or self._held.is_full_with(size)
        if is_full and self._background:
            raise busy()
        self._held.held += size
        raw.spool = None  # the work closes it

        async def work() -> None:
            try:
                await self._handle(route, request)
            except Exception as error:  # noqa: BLE001 - the client has gone
                answer_of(error)

        def end(task: asyncio.Task[None]) -> None:
            self._background.discard(task)
            self._held.held -= size
            if request.spool is not None:
                request.spool.close()

        task = asyncio.create_task(work())
        self._background.add(task)
        task.add_done_callback(end)  # also when it is cancelled before it begins
        if not self.services.settings.works_in_background:
            await asyncio.shield(task)
        return Answer()


def _is_upload(route: Route) -> bool:
    """Return whether a route reads what strangers send."""
    return route.is_public and route.method == "POST"


def _is_signed(authorization: bytes) -> bool:
    return classify(authorization, b"").kind is CredentialKind.SIGNATURE


_PUBLIC = Admission(ALLOWED, NOBODY, challenge="")


def _refusal(admission: Admission) -> Answer:
    decision = admission.decision
    if not decision.message:
        return Answer(decision.status)
    answer = error_answer(decision.status, decision.message)
    answer.kind = b"application/json;charset=UTF-8"
    return answer


def _no_route(method: str, allowed: set[str]) -> Answer:
    if not allowed:
        return error_answer(404)
    names = sorted(allowed | ({"HEAD"} if "GET" in allowed else set()))
    allow = [(b"allow", ", ".join(names).encode())]
    if method == "OPTIONS":
        return Answer(200, headers=allow)
    return error_answer(405, headers=[(b"allow", ", ".join(sorted(allowed)).encode())])


def _path(segments: list[str]) -> str:
    return "/" + "/".join(segments)
