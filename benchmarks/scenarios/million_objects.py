"""What do lists, filters and searches take with a million objects?

1,000,000 objects of 500 bytes (seed 7), loaded through ``_batch``; then 200 different requests of
each kind, one after the other, after the index has settled. Takes some minutes.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Sequence

from benchmarks.peers import ParaServer
from benchmarks.scenario import Bar, Experiment, Extent, Finding
from benchmarks.things import CITIES, COLOURS, word_pairs
from benchmarks.wire import Query

__all__ = ["EXPERIMENT"]

_OBJECTS = 1_000_000
_REQUESTS = 200
_TENTH = 9  # of ten parts, the border of the slowest
_REST_SEC = 10


def run(server: ParaServer, _: Extent) -> Sequence[Finding]:
    """Load, wait, ask."""
    stored = server.fill(_OBJECTS)
    _ask(server, "/v1/things", [("limit", "1")])
    time.sleep(_REST_SEC)
    chance = random.Random(3)
    pairs = word_pairs(chance, _REQUESTS)
    findings = [Finding("objects a second, stored", stored)]
    findings += _timed(server, "search", Bar(30), lambda at: _search(*pairs[at]))
    findings += _timed(server, "list", Bar(10), lambda at: _list(at + 1))
    findings += _timed(server, "filter", None, _filter)
    findings.append(Finding("memory, MB", server.process.memory_mb()))
    return findings


def _search(one: str, other: str) -> tuple[str, Query]:
    return "/v1/things/search", [("q", f"{one} AND {other}"), ("limit", "30")]


def _list(page: int) -> tuple[str, Query]:
    return "/v1/things", [("limit", "30"), ("page", str(page))]


def _filter(at: int) -> tuple[str, Query]:
    city, colour = CITIES[at % len(CITIES)], COLOURS[at // len(CITIES) % len(COLOURS)]
    terms = [("terms", f"properties.city:{city}"), ("terms", f"properties.color:{colour}")]
    page = str(1 + at // (len(CITIES) * len(COLOURS)))
    return "/v1/things/search/terms", [
        *terms,
        ("matchall", "true"),
        ("limit", "30"),
        ("page", page),
    ]


def _timed(
    server: ParaServer, name: str, bar: Bar | None, question: Callable[[int], tuple[str, Query]]
) -> list[Finding]:
    times = []
    for at in range(_REQUESTS):
        path, query = question(at)
        began = time.perf_counter()
        _ask(server, path, query)
        times.append((time.perf_counter() - began) * 1000)
    slowest = statistics.quantiles(times, n=10)[_TENTH - 1]
    return [
        Finding(f"{name}, p50 ms", statistics.median(times), bar),
        Finding(f"{name}, p90 ms", slowest),
    ]


def _ask(server: ParaServer, path: str, query: Query) -> None:
    reply = server.connection.ask("GET", path, query=query, by=server.credentials)
    if not reply.json["items"]:
        raise RuntimeError(f"{path} {query} found nothing")


EXPERIMENT = Experiment(run, is_long=True)
