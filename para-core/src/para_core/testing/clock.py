"""A clock that goes only when it is told to."""

from __future__ import annotations

__all__ = ["FakeClock"]


class FakeClock:
    """Call it for the time in seconds; ``advance`` moves it."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        """Return the time."""
        return self.now

    async def advance(self, seconds: float) -> None:
        """Let so many seconds pass in no time."""
        self.now += seconds
