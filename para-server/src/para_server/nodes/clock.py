"""Time as nodes measure it: each on its own clock, and only how long something takes.

No moment of one machine is ever compared with one of another, so their clocks may be wrong.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable

__all__ = ["Stillness", "elapsed_sec"]


def elapsed_sec() -> float:
    """Return seconds from some moment in the past; they go on while the machine sleeps."""
    return time.clock_gettime(_CLOCK)


_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Stillness:
    """Knows for how long each of some records has not changed before the eyes of this node."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seen: dict[Hashable, tuple[int, float]] = {}

    def of(self, key: Hashable, change: int, since: float) -> float:
        """Return the seconds for which a record has stood still.

        Args:
            key: The record.
            change: The change that it is at now.
            since: When the database was asked for it; what was written may be as old as that.
        """
        seen = self._seen.get(key)
        if seen is None or seen[0] != change:
            self._seen[key] = (change, self._clock())
            return 0.0
        return max(since - seen[1], 0.0)

    def forget(self, key: Hashable) -> None:
        """Forget a record."""
        self._seen.pop(key, None)
