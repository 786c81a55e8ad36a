"""How many objects a second are loaded through ``_batch``?

100,000 objects of 500 bytes (seed 7) in requests of 500, one after the other, on one connection.
The clock runs until a search finds the last of them.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from benchmarks.peers import ParaServer
from benchmarks.scenario import Bar, Experiment, Extent, Finding

__all__ = ["EXPERIMENT"]

_OBJECTS = 100_000


def run(server: ParaServer, _: Extent) -> Sequence[Finding]:
    """Load, then search."""
    stored = server.fill(_OBJECTS)
    began = time.perf_counter()
    query = [("limit", "1"), ("q", f"id:thing{_OBJECTS - 1}")]
    found = server.connection.ask("GET", "/v1/things/search", query=query, by=server.credentials)
    if found.json["totalHits"] != 1:
        raise RuntimeError("the last object is not found")
    seconds = _OBJECTS / stored + time.perf_counter() - began
    return [
        Finding("objects a second, stored", stored),
        Finding("objects a second, found", _OBJECTS / seconds, Bar(3000, is_upper=False)),
        Finding("memory afterwards, MB", server.process.memory_mb()),
    ]


EXPERIMENT = Experiment(run)
