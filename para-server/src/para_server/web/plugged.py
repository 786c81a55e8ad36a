"""Resources of plugins outside the API: ASGI applications, behind the same door.

Starlette is loaded where there are some.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from para_server.http.answers import AnswerError

if TYPE_CHECKING:
    from starlette.routing import Route
    from starlette.types import ASGIApp, Receive, Scope, Send

    from para_core.extensions import ResourceHandler
    from para_server.http.wire import Dispatcher
    from para_server.services.container import Services

__all__ = ["PluggedResources"]


class PluggedResources:
    """Finds and runs the resource of a path."""

    def __init__(
        self,
        handlers: Sequence[ResourceHandler],
        services: Services,
        dispatcher: Dispatcher,
        context: str = "",
    ) -> None:
        self._services, self._context = services, context
        self._routes = [
            (_route_of(handler), dispatcher.dressed(handler.app, context)) for handler in handlers
        ]

    def is_at(self, scope: Scope) -> bool:
        """Return whether a resource is at the path of a request."""
        if not self._routes:
            return False
        from starlette.routing import Match

        below = {**scope, "root_path": self._context}
        return any(route.matches(below)[0] is not Match.NONE for route, _ in self._routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Answer a request; ``False`` when nothing is at its path.

        Raises:
            AnswerError: 405, when the path has other methods only.
        """
        if not self._routes:
            return False
        from starlette.routing import Match

        allowed: set[str] = set()
        below = {**scope, "root_path": self._context}
        for route, app in self._routes:
            match, found = route.matches(below)
            if match is Match.FULL:
                state = {**scope.get("state", {}), "para": self._services}
                inner = {**below, "path_params": found["path_params"], "state": state}
                await app(inner, receive, send)
                return True
            if match is Match.PARTIAL:
                allowed |= route.methods or set()
        if allowed:
            names = ", ".join(sorted(allowed)).encode()
            raise AnswerError(405, headers=[(b"allow", names)])
        return False


def _route_of(handler: ResourceHandler) -> Route:
    from starlette.routing import Route

    return Route(handler.path, _as_class(handler.app), methods=list(handler.methods))


def _as_class(app: ASGIApp) -> type:
    """Return an ASGI application in a shape that Starlette does not take for a function."""

    class Resource:
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await app(scope, receive, send)

    return Resource
