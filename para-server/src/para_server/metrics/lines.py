"""Metrics as lines of the log, in the words of the original: one line for each metric."""

from __future__ import annotations

from collections.abc import Iterator

from para_core.metrics import Registry, TimerReading

__all__ = ["ATTRIBUTES", "lines_of", "values_of"]

ATTRIBUTES = (
    "max", "mean", "min", "stddev", "p50", "p75", "p95", "p98", "p99", "p999", "count",
    "m1_rate", "m5_rate", "m15_rate", "mean_rate",
)  # fmt: skip
"""What is told of a timer, in the order in which Graphite hears it."""

_IN_LINE = (
    "count", "min", "max", "mean", "stddev", "p50", "p75", "p95", "p98", "p99", "p999",
    "m1_rate", "m5_rate", "m15_rate", "mean_rate",
)  # fmt: skip
_UNITS = "rate_unit=events/second, duration_unit=milliseconds"
_NS_PER_MS = 1e6


def lines_of(registry: Registry) -> Iterator[str]:
    """Yield the lines of a registry: counters first, each kind by name."""
    for name, count in registry.counts():
        yield f"type=COUNTER, name={name}, count={count}"
    for name, reading in registry.readings():
        values = values_of(reading)
        told = ", ".join(f"{key}={_text(values[key])}" for key in _IN_LINE)
        yield f"type=TIMER, name={name}, {told}, {_UNITS}"


def values_of(reading: TimerReading) -> dict[str, float]:
    """Return what a timer knows by its attributes; durations in milliseconds."""
    took = reading.took
    return {
        "max": took.high / _NS_PER_MS,
        "mean": took.mean / _NS_PER_MS,
        "min": took.low / _NS_PER_MS,
        "stddev": took.stddev / _NS_PER_MS,
        "p50": took.p50 / _NS_PER_MS,
        "p75": took.p75 / _NS_PER_MS,
        "p95": took.p95 / _NS_PER_MS,
        "p98": took.p98 / _NS_PER_MS,
        "p99": took.p99 / _NS_PER_MS,
        "p999": took.p999 / _NS_PER_MS,
        "count": reading.count,
        "m1_rate": reading.m1_rate,
        "m5_rate": reading.m5_rate,
        "m15_rate": reading.m15_rate,
        "mean_rate": reading.mean_rate,
    }


def _text(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.6f}"
