"""How long from the start to the first answer, and how much memory at rest?

Five starts on the folder of the first one, medians; memory is the resident set a second after the
first answer.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

from benchmarks.peers import ParaServer
from benchmarks.scenario import Bar, Experiment, Extent, Finding

__all__ = ["EXPERIMENT"]

_STARTS = 5
_REST_SEC = 1.0


def run(server: ParaServer, __: Extent) -> Sequence[Finding]:
    """Start and stop."""
    first = server.start()
    times, sizes = [], []
    for _ in range(_STARTS):
        server.connection.close()
        server.process.stop()
        times.append(server.start())
        time.sleep(_REST_SEC)
        sizes.append(server.process.memory_mb())
    return [
        Finding("seconds to the first answer, empty folder", first),
        Finding("seconds to the first answer", statistics.median(times), Bar(1.0)),
        Finding("memory at rest, MB", statistics.median(sizes), Bar(90)),
    ]


EXPERIMENT = Experiment(run, is_started=False)
