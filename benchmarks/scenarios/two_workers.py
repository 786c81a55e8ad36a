"""How many more cached reads do two workers answer than one?

20,000 objects of 500 bytes (seed 7), of which 2,000 (seed 3) are read by id over 64 signed
connections. Two servers, with ``para.workers`` 1 and 2, take turns of 3 seconds, 5 each; nothing is
pinned to a core. The load comes from the same machine: what it needs of two cores is missing to the
two workers, while beside one worker it has a core of its own. So what is seen here is less than
what is seen from another machine. The second ratio takes the load out: it compares what each server
answers in a second of the processors that it got, times the cores that it can use.
"""

from __future__ import annotations

import resource
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.peers import ParaServer
from benchmarks.reads import ROUNDS, read_round
from benchmarks.scenario import Bar, Experiment, Extent, Finding
from benchmarks.wrk import Load

__all__ = ["EXPERIMENT"]

_OBJECTS = 20_000
_CONNECTIONS = 64


@dataclass(frozen=True, slots=True)
class _Round:
    load: Load
    cpu_us: float  # of the server, for one read
    client_us: float  # of the load


def run(_: ParaServer, __: Extent) -> Sequence[Finding]:
    """Read from both in turns."""
    with (
        ParaServer(core=None, settings={"para.workers": 1}) as one,
        ParaServer(core=None, settings={"para.workers": 2}) as two,
    ):
        for server in (one, two):
            server.fill(_OBJECTS)
            _read(server, 0)  # warms up
        seen: dict[str, list[_Round]] = {"one": [], "two": []}
        for turn in range(1, ROUNDS + 1):
            order = [("one", one), ("two", two)]
            for name, server in order if turn % 2 else order[::-1]:
                seen[name].append(_read(server, turn))
    one_sec, two_sec = (_median(seen[name], "per_sec") for name in ("one", "two"))
    one_us, two_us = (statistics.median(r.cpu_us for r in seen[n]) for n in ("one", "two"))
    return [
        Finding("reads a second, one worker", one_sec),
        Finding("reads a second, two workers", two_sec),
        Finding(
            "ratio, the load on the same two cores", two_sec / one_sec, Bar(1.6, is_upper=False)
        ),
        Finding("ratio, the load taken out", 2 * one_us / two_us, Bar(1.6, is_upper=False)),
        Finding("processor time of a read, one worker, us", one_us),
        Finding("processor time of a read, two workers, us", two_us),
        Finding(
            "processor time of the load, us", statistics.median(r.client_us for r in seen["two"])
        ),
        Finding("cores that two workers got", two_sec * two_us / 1e6),
        Finding("p99, one worker, ms", _median(seen["one"], "p99_ms")),
        Finding("p99, two workers, ms", _median(seen["two"], "p99_ms")),
    ]


def _median(rounds: Sequence[_Round], name: str) -> float:
    return float(statistics.median(getattr(one.load, name) for one in rounds))


def _read(server: ParaServer, turn: int) -> _Round:
    before, client = server.process.cpu_ns(), _children_sec()
    load = read_round(server, turn, connections=_CONNECTIONS, is_light=True)
    count = max(load.requests, 1)
    cpu_us = (server.process.cpu_ns() - before) / count / 1000
    return _Round(load, cpu_us, (_children_sec() - client) / count * 1e6)


def _children_sec() -> float:
    """Return the processor time of processes that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


EXPERIMENT = Experiment(run, is_started=False)
