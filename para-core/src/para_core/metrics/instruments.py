"""Counters and timers. What an app's instrument hears, the system's of the same name hears too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from para_core.metrics.histogram import Histogram, Quantiles, bucketed
from para_core.metrics.rates import Rates

__all__ = ["MOST_KEPT", "Counter", "Timer", "TimerReading"]

ClockNs = Callable[[], int]
"""Nanoseconds of a steady clock."""

MOST_KEPT = 1024
"""Durations that wait to be worked out."""


class Counter:
    """Counts something."""

    __slots__ = ("_parent", "count")

    def __init__(self, parent: Counter | None = None) -> None:
        self._parent = parent
        self.count = 0

    def add(self, count: int = 1) -> None:
        """Count so many more; fewer with a negative number."""
        self.count += count
        if self._parent is not None:
            self._parent.add(count)


@dataclass(frozen=True, slots=True)
class TimerReading:
    """What a timer knows at one moment: rates in events per second, durations in nanoseconds."""

    count: int = 0
    total_ns: int = 0
    m1_rate: float = 0.0
    m5_rate: float = 0.0
    m15_rate: float = 0.0
    mean_rate: float = 0.0
    took: Quantiles = field(default_factory=Quantiles)


class Timer:
    """Counts events and their durations.

    ``record`` only keeps a duration; ``settle`` works out all that were kept. Whoever owns the
    timer settles it every five seconds, so that the rates are right. From the loop's thread only.

    Where even reading the clock costs too much, every event is counted in ``passed`` and the
    durations of a few of them go to ``sampled``; each of those stands for its share.
    """

    __slots__ = (
        "_clock_ns",
        "_histogram",
        "_parent",
        "_rates",
        "_total_ns",
        "_unsampled",
        "kept",
        "passed",
        "sampled",
    )

    def __init__(self, clock_ns: ClockNs, parent: Timer | None = None) -> None:
        now = clock_ns() / 1e9
        self._clock_ns, self._parent = clock_ns, parent
        self.kept: list[int] = []
        self.sampled: list[int] = []
        self.passed = 0
        self._unsampled = 0  # events that are counted, for whose durations no sample stands yet
        self._rates, self._histogram, self._total_ns = Rates(now), Histogram(now), 0

    def record(self, took_ns: int) -> None:
        """Count one event that took so long."""
        self.kept.append(took_ns)
        if len(self.kept) >= MOST_KEPT:
            self.settle()

    def settle(self) -> None:
        """Work out what was kept; the parent's is its own to settle."""
        if self.kept:
            kept = _Batch.of(self.kept, len(self.kept), len(self.kept))
            self.kept.clear()
            self._absorb(kept)
        if self.passed:
            passed, self.passed = self.passed, 0
            self._unsampled += passed
            sampled = _Batch.of(self.sampled, passed, self._unsampled)
            if self.sampled:
                self._unsampled = 0
                self.sampled.clear()
            self._absorb(sampled)

    def totals(self) -> tuple[int, int]:
        """Return how many events there were, and their nanoseconds."""
        self.settle()
        return self._rates.count, self._total_ns

    def read(self) -> TimerReading:
        """Return what is known now."""
        self.settle()
        one, five, fifteen, mean = self._rates.read(self._clock_ns() / 1e9)
        return TimerReading(
            count=self._rates.count,
            total_ns=self._total_ns,
            m1_rate=one,
            m5_rate=five,
            m15_rate=fifteen,
            mean_rate=mean,
            took=self._histogram.quantiles(),
        )

    def _absorb(self, batch: _Batch) -> None:
        now = self._clock_ns() / 1e9
        self._rates.mark(batch.events, now)
        if batch.counts:
            self._histogram.add(batch.counts, batch.total_ns, now, weight=batch.weight)
            self._total_ns += int(batch.total_ns * batch.weight)
        if self._parent is not None:
            self._parent._absorb(batch)


class _Batch(NamedTuple):
    """Events, and how long some or all of them took."""

    events: int
    counts: Mapping[int, int]  # durations by their buckets
    total_ns: int
    weight: float  # how many events each duration stands for

    @classmethod
    def of(cls, durations: list[int], events: int, stands_for: int) -> _Batch:
        durations.sort()
        weight = stands_for / len(durations) if durations else 0.0
        return cls(events, bucketed(durations), sum(durations), weight)
