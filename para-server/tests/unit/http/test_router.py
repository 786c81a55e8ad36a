from __future__ import annotations

import pytest

from para_server.http.answers import EMPTY, Answer
from para_server.http.request import Request
from para_server.http.router import Route, Router


async def handler(request: Request) -> Answer:
    """Say nothing.

    And more that nobody needs.
    """
    del request
    return EMPTY


def routes(*pairs: str) -> list[Route]:
    return [Route(method, path, handler) for method, path in (pair.split(" ") for pair in pairs)]


ROUTER = Router(
    routes(
        "GET /v1",
        "GET /v1/{type}",
        "POST /v1/{type}",
        "GET /v1/{type}/{id}",
        "DELETE /v1/{type}/{id}",
        "GET /v1/_batch",
        "GET /v1/search",
        "GET /v1/search/{querytype}",
        "GET /v1/{type}/search",
        "GET /v1/{type}/{id}/links/{other}",
        "PUT /v1/{type}/{id}/links/{other}/{key}",
    )
)


def found(method: str, path: str) -> tuple[str, list[str]]:
    answer = ROUTER.find(method, path.split("/"))
    assert isinstance(answer, tuple), answer
    return answer[0].path, answer[1]


@pytest.mark.parametrize(
    ("method", "path", "route", "values"),
    [
        ("GET", "v1", "/v1", []),
        ("GET", "v1/cat", "/v1/{type}", ["cat"]),
        ("POST", "v1/cat", "/v1/{type}", ["cat"]),
        ("GET", "v1/cat/a b", "/v1/{type}/{id}", ["cat", "a b"]),
        ("GET", "v1/_batch", "/v1/_batch", []),
        ("GET", "v1/search", "/v1/search", []),
        ("GET", "v1/search/terms", "/v1/search/{querytype}", ["terms"]),
        ("GET", "v1/cat/search", "/v1/{type}/search", ["cat"]),
        ("GET", "v1/search/search", "/v1/search/{querytype}", ["search"]),
        ("POST", "v1/_batch", "/v1/{type}", ["_batch"]),
        ("DELETE", "v1/cat/search", "/v1/{type}/{id}", ["cat", "search"]),
        ("DELETE", "v1/search/x", "/v1/{type}/{id}", ["search", "x"]),
        ("GET", "v1/a/b/links/c", "/v1/{type}/{id}/links/{other}", ["a", "b", "c"]),
        ("PUT", "v1/a/b/links/c/d", "/v1/{type}/{id}/links/{other}/{key}", ["a", "b", "c", "d"]),
        ("GET", "v1/{type}", "/v1/{type}", ["{type}"]),
    ],
    ids=str,
)
def test_a_literal_segment_wins_unless_it_leads_nowhere(
    method: str, path: str, route: str, values: list[str]
) -> None:
    assert found(method, path) == (route, values)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "v1/cat/x", "DELETE GET"),
        ("PUT", "v1/cat", "GET POST"),
        ("PUT", "v1/_batch", "GET POST"),
        ("GET", "v1/a/b/links/c/d", "PUT"),
        ("GET", "v1/a/b/c", ""),
        ("GET", "v2", ""),
        ("GET", "", ""),
        ("GET", "v1/a/b/links", ""),
    ],
    ids=str,
)
def test_a_path_tells_the_methods_that_it_has(method: str, path: str, allowed: str) -> None:
    assert ROUTER.find(method, path.split("/")) == set(allowed.split())


def test_two_routes_for_one_thing_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="two routes for GET /v1/"):
        Router(routes("GET /v1/{a}", "GET /v1/{b}"))


def test_a_search_leaves_no_trace_in_the_next_one() -> None:
    assert found("GET", "v1/a/b") == found("GET", "v1/a/b")
    assert found("GET", "v1/a/b")[1] is not found("GET", "v1/a/b")[1]


def test_a_route_says_in_one_line_what_it_does() -> None:
    assert routes("GET /v1")[0].about == "Say nothing."
