"""Counters and timers: how often things happen, and how long they take.

The server counts and times its own work with these; plugins get the ``Metrics`` of the process by
the hook ``para_on_metrics``. Recording costs a fraction of a microsecond: durations gather in a
list, and rates and quantiles are worked out from many at once.
"""

from __future__ import annotations

from para_core.metrics.histogram import Histogram, Quantiles
from para_core.metrics.instruments import Counter, Timer, TimerReading
from para_core.metrics.rates import Rates
from para_core.metrics.registry import SYSTEM, Metrics, Registry

__all__ = [
    "SYSTEM",
    "Counter",
    "Histogram",
    "Metrics",
    "Quantiles",
    "Rates",
    "Registry",
    "Timer",
    "TimerReading",
]
