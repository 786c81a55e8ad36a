"""How much memory does an export take, and how much slower are reads meanwhile?

1,000,000 objects of 500 bytes (seed 7) in one app, of which 2,000 (seed 3) are read by id over 8
signed connections, as fast as they are answered, in rounds of 3 seconds: 5 before the export, then,
with 6 seconds in between, as many as it takes. The ratio is that of the median p99. Memory is what
the server holds more than before, at most.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from benchmarks.archives import Export
from benchmarks.peers import ParaServer
from benchmarks.reads import ROUNDS, median_p99, median_per_sec, read_round
from benchmarks.scenario import Bar, Experiment, Extent, Finding
from benchmarks.wrk import Load

__all__ = ["EXPERIMENT"]

_OBJECTS = 1_000_000
_PAUSE_SEC = 6
_REST_SEC = 10  # until the index has settled


def run(server: ParaServer, extent: Extent) -> Sequence[Finding]:
    """Read before and during an export."""
    objects = extent.objects or _OBJECTS
    server.fill(objects)
    server.connection.ask("GET", "/v1/things", query=[("limit", "1")], by=server.credentials)
    time.sleep(_REST_SEC)
    read_round(server, 0)  # warms up
    alone = [read_round(server, turn) for turn in range(1, ROUNDS + 1)]
    export, held = Export(server), [server.process.memory_mb()]
    thread = threading.Thread(target=export.run)
    thread.start()
    beside = list[Load]()
    while thread.is_alive():
        beside.append(read_round(server, len(beside)))
        held.append(server.process.memory_mb())
        thread.join(_PAUSE_SEC)
        held.append(server.process.memory_mb())
    thread.join()
    if export.objects != objects:
        raise RuntimeError(f"the archive has {export.objects} of {objects} objects")
    whole = beside[:-1] or beside  # the export ended during the last one
    before, during = median_p99(alone), median_p99(whole)
    return [
        Finding("objects a second", objects / export.took_sec),
        Finding("archive, MB", export.size / 1_000_000),
        Finding("memory before, MB", held[0]),
        Finding("memory of the export, MB", max(held) - held[0], Bar(200)),
        Finding("reads a second, alone", median_per_sec(alone)),
        Finding("reads a second, beside it", median_per_sec(whole)),
        Finding("p99 of reads, alone, ms", before),
        Finding("p99 of reads, beside it, ms", during),
        Finding("ratio of p99", during / before, Bar(2)),
    ]


EXPERIMENT = Experiment(run, is_long=True)
