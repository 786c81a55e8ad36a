"""Durations in few letters."""

from __future__ import annotations

import re

__all__ = ["approximately", "exactly", "read_duration"]

_UNITS = (  # letters and milliseconds, the largest first; a month is n, to tell it from a minute
    ("y", 31_536_000_000),
    ("n", 2_592_000_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
)
_SIZES = {letters: size for letters, size in _UNITS if letters != "n"}
_PART = re.compile(r"(?<![0-9])([0-9]{1,18})(?![0-9])[^0-9ydhms]*(ms|[ydhms])")


def approximately(duration_ms: int) -> str:
    """A duration in its largest unit, rounded down: 1042 gives ``1s``, 364 days give ``12n``.

    The sign does not count. Empty for no time at all.
    """
    length = abs(duration_ms)
    found = next(((letters, size) for letters, size in _UNITS if length >= size), None)
    return f"{length // found[1]}{found[0]}" if found else ""


def exactly(duration_ms: int) -> str:
    """A duration in all its units but months: 1042 gives ``1 s 42 ms``.

    The sign does not count. Empty for no time at all.
    """
    rest, parts = abs(duration_ms), []
    for letters, size in _SIZES.items():
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {letters}")
    return " ".join(parts)


def read_duration(text: str) -> int:
    """Milliseconds that a text such as ``2h 30m`` stands for; its parts add up.

    Units are ``y d h m s ms`` in any letter case. Everything else, signs too, does not count, nor
    does a unit without a number or with one of more than 18 digits.
    """
    found = _PART.findall(text.lower())
    return sum(int(count) * _SIZES[letters] for count, letters in found)
