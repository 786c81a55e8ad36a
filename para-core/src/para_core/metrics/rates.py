"""How often something happens: averages over one, five and fifteen minutes, and since the start.

Like the load averages of Unix: every five seconds what happened meanwhile is mixed into the old
average, with a weight that makes it forget in that time.
"""

from __future__ import annotations

import math

__all__ = ["TICK_SEC", "Rates"]

TICK_SEC = 5
"""Seconds from one step of the averages to the next."""

_KEEPS = tuple(math.exp(-TICK_SEC / 60 / minutes) for minutes in (1, 5, 15))


class Rates:
    """Rates of one thing, in events per second."""

    __slots__ = ("_averages", "_started", "_ticked", "_untold", "count")

    def __init__(self, now: float) -> None:
        """Start to count; ``now`` is in seconds of any steady clock."""
        self.count = 0
        self._started = self._ticked = now
        self._averages: list[float] | None = None  # before the first step there are none
        self._untold = 0

    def mark(self, count: int, now: float) -> None:
        """Count events that happened just now."""
        self._catch_up(now)
        self.count += count
        self._untold += count

    def read(self, now: float) -> tuple[float, float, float, float]:
        """Return the rates of one, five and fifteen minutes and since the start."""
        self._catch_up(now)
        one, five, fifteen = self._averages or (0.0, 0.0, 0.0)
        age = now - self._started
        return one, five, fifteen, self.count / age if age > 0 else 0.0

    def _catch_up(self, now: float) -> None:
        steps = int((now - self._ticked) / TICK_SEC)
        if steps <= 0:
            return
        self._ticked += steps * TICK_SEC
        rate = self._untold / TICK_SEC
        self._untold = 0
        if self._averages is None:
            self._averages = [rate] * len(_KEEPS)
        else:
            self._averages = [
                rate + (average - rate) * keep
                for average, keep in zip(self._averages, _KEEPS, strict=True)
            ]
        if steps > 1:
            self._averages = [
                average * keep ** (steps - 1)
                for average, keep in zip(self._averages, _KEEPS, strict=True)
            ]
