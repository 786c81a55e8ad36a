"""Runs scenarios: the servers take turns, and the medians of their rounds count."""

from __future__ import annotations

import contextlib
import random
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from benchmarks.peers import PEERS, ParaServer, Peer
from benchmarks.scenario import Experiment, Extent, Finding, Scenario
from benchmarks.wrk import Load, replay

__all__ = ["Options", "Row", "measure", "perform"]

_STEP = 997  # a prime: each round begins with other requests


@dataclass(frozen=True, slots=True)
class Options:
    """How to measure."""

    peers: Sequence[str] = ("floor",)
    rounds: int = 5
    seconds: int = 3
    warm_sec: int = 2
    uses_all_cores: bool = False
    objects: int | None = None  # instead of what the scenarios say
    minutes: float | None = None  # of what runs for a time
    connections: int | None = None  # of a driver that something is compared with
    data: Path | None = None  # where the data of experiments stays


@dataclass(frozen=True, slots=True)
class Row:
    """The medians of one server in one scenario."""

    server: str
    per_sec: float
    cpu_us: float  # of all its processes, for one request
    p50_ms: float
    p99_ms: float
    max_ms: float
    requests: int


def measure(scenarios: Mapping[str, Scenario], options: Options) -> dict[str, list[Row]]:
    """Measure scenarios that share a server: its settings and objects are those of the first."""
    first = next(iter(scenarios.values()))
    objects = options.objects or first.objects
    core = None if options.uses_all_cores else 0
    with contextlib.ExitStack() as stack:
        peers: list[Peer] = [stack.enter_context(ParaServer(core=core, settings=first.settings))]
        peers += [stack.enter_context(PEERS[name](core=core)) for name in options.peers]
        for peer in peers:
            peer.fill(objects)
        return {name: _in_turns(peers, scenario, options) for name, scenario in scenarios.items()}


def _in_turns(peers: Sequence[Peer], scenario: Scenario, options: Options) -> list[Row]:
    for peer in peers:
        _load(peer, scenario, options, seconds=options.warm_sec, start=0)
    seen: dict[str, list[Row]] = {peer.name: [] for peer in peers}
    for turn in range(options.rounds):
        for peer in peers if turn % 2 == 0 else peers[::-1]:
            row = _load(peer, scenario, options, seconds=options.seconds, start=_STEP * turn)
            seen[peer.name].append(row)
    return [_median(rows) for rows in seen.values()]


def _load(peer: Peer, scenario: Scenario, options: Options, *, seconds: int, start: int) -> Row:
    requests = scenario.requests(peer, random.Random(scenario.seed))
    before = peer.process.cpu_ns()
    load = replay(
        peer.port,
        requests,
        seconds=seconds,
        connections=scenario.connections,
        start=start,
        core=None if options.uses_all_cores else 1,
    )
    return _row(peer.name, load, peer.process.cpu_ns() - before)


def _row(server: str, load: Load, cpu_ns: int) -> Row:
    cpu_us = cpu_ns / max(load.requests, 1) / 1000
    seen = asdict(load)
    times = {name: seen[name] for name in ("per_sec", "p50_ms", "p99_ms", "max_ms", "requests")}
    return Row(server, cpu_us=cpu_us, **times)


def _median(rows: Sequence[Row]) -> Row:
    numbers = [one.name for one in fields(Row) if one.name != "server"]
    values = {name: statistics.median(getattr(row, name) for row in rows) for name in numbers}
    return Row(rows[0].server, **values)


def perform(experiment: Experiment, options: Options) -> list[Finding]:
    """Run an experiment with a server of its own."""
    core = None if options.uses_all_cores else 0
    server = ParaServer(core=core, settings=experiment.settings, folder=options.data)
    try:
        if experiment.is_started:
            server.start()
        extent = Extent(options.objects, options.minutes, options.connections)
        return list(experiment.run(server, extent))
    finally:
        server.stop()
