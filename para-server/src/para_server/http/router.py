"""Routes: a trie of path segments, where a literal segment wins over a variable one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from para_server.http.answers import Answer
from para_server.http.request import Request

__all__ = ["Handler", "Route", "Router"]

Handler = Callable[[Request], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Route:
    """One method on one path; segments in braces are variables.

    ``is_public``: no credentials are looked at, and a body only of a ``POST``. ``answers_at_once``:
    honours ``X-Para-Respond-Immediately``. ``is_spooled``: a large body is put into a file, and the
    handler reads it there (``Request.file``). ``now`` answers without waiting for anything, or
    returns ``None`` when that cannot be done; then ``handler`` is asked. ``timer`` names what is
    timed; a handler may say it more exactly in ``Request.timer``.
    """

    method: str
    path: str
    handler: Handler
    is_public: bool = False
    answers_at_once: bool = False
    is_spooled: bool = False
    now: Callable[[Request], Answer | None] | None = None
    timer: str = ""

    @property
    def about(self) -> str:
        """The first line of the handler's docstring."""
        return (self.handler.__doc__ or "").partition("\n")[0]


@dataclass(slots=True)
class _Node:
    literals: dict[str, _Node] = field(default_factory=dict)
    variable: _Node | None = None
    name: str = ""
    routes: dict[str, Route] = field(default_factory=dict)


class Router:
    """Finds the route of a method and the segments of a path."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._root = _Node()
        for route in routes:
            self._add(route)

    def _add(self, route: Route) -> None:
        node = self._root
        for segment in _segments(route.path):
            if segment.startswith("{"):
                if node.variable is None:
                    node.variable = _Node()
                node = node.variable
            else:
                node = node.literals.setdefault(segment, _Node())
        if route.method in node.routes:
            message = f"two routes for {route.method} {route.path}"
            raise ValueError(message)
        node.routes[route.method] = route

    def find(self, method: str, segments: list[str]) -> tuple[Route, list[str]] | set[str]:
        """Return the route and the values of its variables, in order.

        Returns:
            The methods that the path has instead, when it lacks this one; empty when no route has
            such a path.
        """
        found = _walk(self._root, method, segments) or _search(self._root, method, segments, 0, [])
        return found or _methods(self._root, segments, 0)


def _walk(node: _Node, method: str, segments: list[str]) -> tuple[Route, list[str]] | None:
    """Find a route where each segment leaves one way to go, as nearly always; else ``None``."""
    values = []
    for segment in segments:
        literal = node.literals.get(segment)
        if literal is not None:
            if node.variable is not None:
                return None
            node = literal
        elif node.variable is None or not segment:
            return None
        else:
            values.append(segment)
            node = node.variable
    route = node.routes.get(method)
    return None if route is None else (route, values)


def _search(
    node: _Node, method: str, segments: list[str], at: int, values: list[str]
) -> tuple[Route, list[str]] | None:
    if at == len(segments):
        route = node.routes.get(method)
        return None if route is None else (route, values)
    literal = node.literals.get(segments[at])
    if literal is not None:
        found = _search(literal, method, segments, at + 1, values)
        if found is not None:
            return found
    if node.variable is not None and segments[at]:  # no variable is empty
        return _search(node.variable, method, segments, at + 1, [*values, segments[at]])
    return None


def _methods(node: _Node, segments: list[str], at: int) -> set[str]:
    """Return the methods of all routes whose path is this one."""
    if at == len(segments):
        return set(node.routes)
    nodes = (node.literals.get(segments[at]), node.variable if segments[at] else None)
    return {name for n in nodes if n is not None for name in _methods(n, segments, at + 1)}


def _segments(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]
