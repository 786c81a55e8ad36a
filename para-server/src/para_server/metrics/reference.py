"""Renders the reference page of metric names from the code."""

from __future__ import annotations

from para_server.metrics.names import (
    CACHE_METHODS,
    DAO_METHODS,
    INDEX_METHODS,
    SEARCH_METHODS,
    BackendNames,
    names_of_routes,
)
from para_server.metrics.prometheus import FAMILIES

__all__ = ["metrics_page"]

_NAMES = BackendNames("<DAO>", "<Search>", "<Cache>")


def metrics_page() -> str:
    """Render the names of timers, and the families that Prometheus reads."""
    from para_server.rest.routes import ROUTES

    lines = [
        "# Metrics",
        "",
        "Each timer is there for the whole server, and once more for each app. `<DAO>`, `<Search>`",
        "and `<Cache>` stand for what `para.dao`, `para.search` and `para.cache` select, such as",
        "`H2DAO`, `LuceneSearch` and `CaffeineCache`. Those of a back-end that is turned off are",
        "not there. Resources of plugins below `/v1` have timers such as `v1.guestbook.handleGet`.",
        "",
        "## Timers",
        "",
        "| timer | what is timed |",
        "|---|---|",
        *_rows(f"{_NAMES.dao}.", DAO_METHODS, "a call of the database"),
        *_rows("MeasuredSearch.", INDEX_METHODS, "a change of the index, many objects at once"),
        *_rows(f"{_NAMES.search}.", SEARCH_METHODS, "a call of the search engine"),
        *_rows(f"{_NAMES.cache}.", CACHE_METHODS, "a call of the cache"),
        *(f"| `{name}` | {_about(name)} |" for name in names_of_routes(ROUTES)),
        "",
        "## Attributes",
        "",
        "Lines of the log and Graphite know of each timer: `count`; the rates `m1_rate`, `m5_rate`",
        "and `m15_rate` over 1, 5 and 15 minutes and `mean_rate` since the start, in events per",
        "second; and of the durations of the last minutes, in milliseconds, `min`, `max`, `mean`,",
        "`stddev`, `p50`, `p75`, `p95`, `p98`, `p99` and `p999`. A counter has `count` alone.",
        "",
        "## Prometheus",
        "",
        "| metric | type | meaning |",
        "|---|---|---|",
        *(f"| `{name}` | {kind} | {about} |" for name, (kind, about) in FAMILIES.items()),
        "",
        "The label `operation` is the name of a timer, `app` the identifier of an app, and",
        "`quantile` one of 0.5, 0.75, 0.95, 0.98, 0.99 and 0.999. Durations are in seconds.",
    ]
    return "\n".join(lines) + "\n"


def _rows(prefix: str, methods: tuple[str, ...], about: str) -> list[str]:
    return [f"| `{prefix}{method}` | {about} |" for method in methods]


def _about(name: str) -> str:
    owner, _, verb = name.rpartition(".")
    kinds = {
        "RestUtils.crud": "a request for one object",
        "RestUtils.batch": "a request for several objects",
        "RestUtils.links": "a request for links",
        "RestUtils.search": f"a search over HTTP by `{verb}`",
    }
    return kinds.get(owner, "a request")
