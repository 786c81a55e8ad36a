"""What a file of ``scenarios/`` says about its question."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.peers import ParaServer, Peer

__all__ = ["Bar", "Experiment", "Extent", "Finding", "Scenario"]

Requests = Callable[[Peer, random.Random], Sequence[bytes]]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A question that load answers: how many such requests a second, beside peers.

    ``bars``: how many times the requests of a peer this server should answer at least.
    """

    requests: Requests
    bars: Mapping[str, float] = field(default_factory=dict)
    objects: int = 20_000
    connections: int = 32
    seed: int = 3
    settings: Mapping[str, object] = field(default_factory=dict)  # of this server


@dataclass(frozen=True, slots=True)
class Bar:
    """What a figure should be: at most, or at least."""

    limit: float
    is_upper: bool = True

    def holds(self, value: float) -> bool:
        """Return whether a figure is on the right side."""
        return value <= self.limit if self.is_upper else value >= self.limit


@dataclass(frozen=True, slots=True)
class Finding:
    """One figure of an experiment."""

    name: str
    value: float
    bar: Bar | None = None


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is asked for on the command line, instead of what an experiment says."""

    objects: int | None = None
    minutes: float | None = None
    connections: int | None = None  # of a driver that something is compared with


@dataclass(frozen=True, slots=True)
class Experiment:
    """A question that is answered by doing something with one server of this kind."""

    run: Callable[[ParaServer, Extent], Sequence[Finding]]
    is_started: bool = True  # whether the server runs before
    is_long: bool = False  # only when it is named
    settings: Mapping[str, object] = field(default_factory=dict)
