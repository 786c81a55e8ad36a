"""The operator's pages: ``/metrics`` for Prometheus, ``/health`` with every part."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from para_server.access.request import first_headers
from para_server.http.answers import Answer, error_answer, json_answer
from para_server.metrics.prometheus import CONTENT_TYPE, render

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from para_server.http.wire import Dispatcher
    from para_server.operator.settings import OperatorSettings
    from para_server.services.container import Services
    from para_server.services.health import Report

__all__ = ["OperatorDoor"]

_PATHS = frozenset({b"/metrics", b"/health"})
_UNHEALTHY = 500


class OperatorDoor:
    """Answers the operator, as an ASGI application for a port of its own and beside the API.

    With a token only who sends it is answered, on both. Without one there is nothing beside the
    API, and whoever reaches the port of its own is answered.
    """

    def __init__(
        self,
        services: Services,
        dispatcher: Dispatcher,
        settings: OperatorSettings,
        *,
        context: str = "",
        metrics: Callable[[], Awaitable[bytes]] | None = None,
    ) -> None:
        """Take what is told; ``metrics`` gives those of more than this process."""
        self._services, self._dispatcher, self._settings = services, dispatcher, settings
        self._told = metrics or self.own_metrics
        self._token = settings.token.strip().encode()
        self._context = context.encode()
        self._beside = {self._context + path for path in _PATHS} if self._token else set()

    def serves(self, path: bytes) -> bool:
        """Return whether a raw path on the port of the API belongs to the operator."""
        return path in self._beside

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        del receive  # a body says nothing here
        if scope["type"] != "http":
            return
        headers = first_headers(scope["headers"])
        headers.pop(b"origin", None)  # a page that others wrote may not read the answer
        answer = await self._answer(scope["method"], scope["raw_path"], headers)
        await self._dispatcher.send(scope, headers, send, answer)

    async def _answer(self, method: str, path: bytes, headers: Mapping[bytes, bytes]) -> Answer:
        name = path.removeprefix(self._context)
        if name not in _PATHS:
            return error_answer(404)
        if method not in ("GET", "HEAD"):
            return error_answer(405, headers=[(b"allow", b"GET, HEAD")])
        if self._token and not self._is_known(headers.get(b"authorization", b"")):
            return error_answer(401, headers=[(b"www-authenticate", b"Bearer")])
        if name == b"/metrics":
            return Answer(200, await self._told(), CONTENT_TYPE)
        return await self._health()

    def _is_known(self, authorization: bytes) -> bool:
        kind, _, token = authorization.partition(b" ")
        return kind.lower() == b"bearer" and hmac.compare_digest(token.strip(), self._token)

    async def own_metrics(self) -> bytes:
        """Return what this process measures, as Prometheus reads it."""
        services = self._services
        progress = services.index.progress().values()
        return await render(
            services.metrics,
            health=await services.health.report(),
            answers=self._dispatcher.sent,
            waiting=sum(max(one.handed - one.applied, 0) for one in progress),
            shows_apps=self._settings.apps,
        )

    async def _health(self) -> Answer:
        report = await self._services.health.report()
        status = 200 if report.is_healthy else _UNHEALTHY
        return json_answer(_told(report, status), status)


def _told(report: Report, status: int) -> dict[str, object]:
    parts = {
        part.name: {
            "message": "healthy" if not part.fault else "unhealthy",
            "vital": part.is_vital,
            "tookMillis": part.took_ms,
            **({"fault": part.fault} if part.fault else {}),
            **({"about": part.about} if part.about else {}),
        }
        for part in report.parts
    }
    message = "healthy" if report.is_healthy else "unhealthy"
    return {"code": status, "message": message, "parts": parts}
