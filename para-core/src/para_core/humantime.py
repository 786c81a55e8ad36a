"""Durations in few letters."""

from __future__ import annotations

__all__ = ["approximately"]

_UNITS = (  # letters and milliseconds, the largest first; a month is n, to tell it from a minute
    ("y", 31_536_000_000),
    ("n", 2_592_000_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
)


def approximately(duration_ms: int) -> str:
    """A duration in its largest unit, rounded down: 1042 gives ``1s``, 364 days give ``12n``.

    The sign does not count. Empty for no time at all.
    """
    length = abs(duration_ms)
    found = next(((letters, size) for letters, size in _UNITS if length >= size), None)
    return f"{length // found[1]}{found[0]}" if found else ""
