"""Reads by id, in rounds of load: by themselves, and beside something else."""

from __future__ import annotations

import random
import statistics
from collections.abc import Sequence

from benchmarks.peers import ParaServer
from benchmarks.scenarios import get_cached
from benchmarks.wrk import Load, replay

__all__ = ["ROUNDS", "ROUND_SEC", "median_p99", "median_per_sec", "read_round"]

ROUNDS = 5
ROUND_SEC = 3
_SEED = 3
_APART = 997  # requests between the beginnings of two rounds


def read_round(
    server: ParaServer, turn: int, *, connections: int = 8, is_light: bool = False
) -> Load:
    """Read 2,000 of the stored objects over signed connections, other ones first in each turn.

    The load is on the second core, when the server is bound to the first.
    """
    return replay(
        server.port,
        get_cached.requests(server, random.Random(_SEED)),
        seconds=ROUND_SEC,
        connections=connections,
        start=turn * _APART,
        core=None if server.process.core is None else 1,
        is_light=is_light,
    )


def median_p99(loads: Sequence[Load]) -> float:
    """Return the median of what the slowest of a hundred took, in milliseconds."""
    return statistics.median(load.p99_ms for load in loads)


def median_per_sec(loads: Sequence[Load]) -> float:
    """Return the median of answers a second."""
    return statistics.median(load.per_sec for load in loads)
