"""Counters and timers. What an app's instrument hears, the system's of the same name hears too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from para_core.metrics.histogram import Histogram, Quantiles, bucketed
from para_core.metrics.rates import Rates

__all__ = ["Counter", "Timer", "TimerReading"]

ClockNs = Callable[[], int]
"""Nanoseconds of a steady clock."""

_MOST_PENDING = 1024  # durations that wait to be worked out


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
    """

    __slots__ = ("_clock_ns", "_histogram", "_parent", "_pending", "_rates", "_total_ns")

    def __init__(self, clock_ns: ClockNs, parent: Timer | None = None) -> None:
        now = clock_ns() / 1e9
        self._clock_ns, self._parent = clock_ns, parent
        self._pending: list[int] = []
        self._rates, self._histogram, self._total_ns = Rates(now), Histogram(now), 0

    def record(self, took_ns: int) -> None:
        """Count one event that took so long."""
        pending = self._pending
        pending.append(took_ns)
        if len(pending) >= _MOST_PENDING:
            self.settle()

    def settle(self) -> None:
        """Work out the durations that were kept; the parent's is its own to settle."""
        if not self._pending:
            return
        batch, self._pending = sorted(self._pending), []
        counts, total_ns, now = bucketed(batch), sum(batch), self._clock_ns() / 1e9
        self._absorb(counts, len(batch), total_ns, now)
        if self._parent is not None:
            self._parent._absorb(counts, len(batch), total_ns, now)

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

    def _absorb(self, counts: Mapping[int, int], count: int, total_ns: int, now: float) -> None:
        self._rates.mark(count, now)
        self._histogram.add(counts, total_ns, now)
        self._total_ns += total_ns
