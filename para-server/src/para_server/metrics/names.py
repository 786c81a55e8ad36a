"""The names of all timers of the server: those of the original, where it had one.

Names of back-ends begin with the name that the configuration selects, such as ``H2DAO.read``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from para_server.http.router import Route

__all__ = [
    "CACHE_METHODS",
    "DAO_METHODS",
    "INDEX_METHODS",
    "SEARCH_METHODS",
    "SEARCH_TIMERS",
    "BackendNames",
    "names_of_backends",
    "names_of_routes",
    "search_timer",
]

DAO_METHODS = (
    "create", "read", "update", "delete", "createAll", "readAll", "updateAll", "deleteAll",
)  # fmt: skip
INDEX_METHODS = ("index", "unindex", "indexAll", "unindexAll")
SEARCH_METHODS = (
    "findById", "findByIds", "findNearby", "findPrefix", "findQuery", "findNestedQuery",
    "findSimilar", "findTagged", "findTags", "findTermInList", "findTerms", "findWildcard",
    "getCount", "rebuildIndex", "deleteIndex",
)  # fmt: skip
CACHE_METHODS = ("contains", "get", "getAll", "put", "putAll", "remove", "removeAll")

_DEFAULT = "RestUtils.search.default"
_WAYS = (
    "id", "ids", "nested", "nearby", "prefix", "similar", "tagged", "in", "terms", "wildcard",
    "count",
)  # fmt: skip
SEARCH_TIMERS = {way: f"RestUtils.search.{way}" for way in _WAYS}
"""Timers of searches over HTTP, by the way of searching."""


@dataclass(frozen=True, slots=True)
class BackendNames:
    """What the selected back-ends are called."""

    dao: str
    search: str
    cache: str


def search_timer(way: str) -> str:
    """Return the timer of a way of searching; every other way is ``default``."""
    return SEARCH_TIMERS.get(way, _DEFAULT)


def names_of_backends(names: BackendNames, *, is_cached: bool, is_searched: bool) -> list[str]:
    """Return the timers of the back-ends that are in use."""
    found = [f"{names.dao}.{method}" for method in DAO_METHODS]
    if is_searched:
        found += [f"MeasuredSearch.{method}" for method in INDEX_METHODS]
        found += [f"{names.search}.{method}" for method in SEARCH_METHODS]
    if is_cached:
        found += [f"{names.cache}.{method}" for method in CACHE_METHODS]
    return found


def names_of_routes(routes: Iterable[Route]) -> list[str]:
    """Return the timers of routes."""
    found = {route.timer for route in routes if route.timer}
    if _DEFAULT in found:
        found |= set(SEARCH_TIMERS.values())
    return sorted(found)
