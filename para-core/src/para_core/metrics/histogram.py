"""A histogram of durations in which recent ones weigh more.

The weight of a duration halves every 46 seconds, as in the reservoir of the original, of which
99 % is from the last five minutes. Durations are counted by buckets that grow with them, so every
quantile is right within 3 %, however many there are, in a few hundred numbers.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Histogram", "Quantiles", "bucketed"]

_DECAY_PER_SEC = 0.015
_MOST_SCALE = 1e9  # after 23 minutes all weights are made small again
_NEGLIGIBLE = 1e-6  # of a duration just recorded
_SUB_BITS = 4  # 16 buckets from one power of two to the next
_SUB = 1 << _SUB_BITS


@dataclass(frozen=True, slots=True)
class Quantiles:
    """How durations are spread, in nanoseconds; all 0 before the first."""

    low: float = 0.0
    high: float = 0.0
    mean: float = 0.0
    stddev: float = 0.0
    p50: float = 0.0
    p75: float = 0.0
    p95: float = 0.0
    p98: float = 0.0
    p99: float = 0.0
    p999: float = 0.0


class Histogram:
    """Weights of buckets of durations."""

    __slots__ = ("_since", "_sum", "_total", "_weights")

    def __init__(self, now: float) -> None:
        """Start empty; ``now`` is in seconds of any steady clock."""
        self._weights: dict[int, float] = {}
        self._total, self._sum = 0.0, 0.0
        self._since = now

    def add(
        self, counts: Mapping[int, int], total_ns: int, now: float, *, weight: float = 1.0
    ) -> None:
        """Add durations that were ``bucketed``.

        Args:
            counts: How many there are in each bucket.
            total_ns: What they add up to.
            now: When they were measured, in seconds.
            weight: How many durations each of them stands for.
        """
        scale = math.exp(_DECAY_PER_SEC * (now - self._since))
        if scale > _MOST_SCALE:
            self._rescale(scale, now)
            scale = 1.0
        scale *= weight
        weights = self._weights
        for bucket, count in counts.items():
            weights[bucket] = weights.get(bucket, 0.0) + count * scale
            self._total += count * scale
        self._sum += total_ns * scale

    def quantiles(self) -> Quantiles:
        """Return how the durations are spread."""
        if not self._weights:
            return Quantiles()
        ordered = sorted(self._weights.items())
        middles = [_MIDDLES[bucket] for bucket, _ in ordered]
        reached, upto = 0.0, []
        for _, weight in ordered:
            reached += weight
            upto.append(reached)
        mean = self._sum / self._total
        spread = sum(
            weight * (middle - mean) ** 2
            for (_, weight), middle in zip(ordered, middles, strict=True)
        )

        def at(share: float) -> float:
            return middles[min(bisect_right(upto, share * reached), len(middles) - 1)]

        return Quantiles(
            low=middles[0],
            high=middles[-1],
            mean=mean,
            stddev=math.sqrt(spread / reached),
            p50=at(0.5),
            p75=at(0.75),
            p95=at(0.95),
            p98=at(0.98),
            p99=at(0.99),
            p999=at(0.999),
        )

    def _rescale(self, scale: float, now: float) -> None:
        """Make the numbers small again, and forget what no longer counts."""
        kept = {
            bucket: weight / scale
            for bucket, weight in self._weights.items()
            if weight / scale > _NEGLIGIBLE
        }
        mean = self._sum / self._total if self._total else 0.0
        self._weights, self._since = kept, now
        self._total = sum(kept.values())
        self._sum = mean * self._total


def bucketed(ordered: Sequence[int]) -> dict[int, int]:
    """Count durations, given in ascending order, by their buckets."""
    counts: dict[int, int] = {}
    at, size = 0, len(ordered)
    while at < size:
        bucket = bisect_left(_LASTS, ordered[at], 0, _LAST_BUCKET)
        end = size if bucket == _LAST_BUCKET else bisect_right(ordered, _LASTS[bucket], at)
        counts[bucket] = end - at
        at = end
    return counts


def _first_of(bucket: int) -> int:
    """Return the least duration of a bucket; the small ones have a bucket each."""
    if bucket < 2 * _SUB:
        return bucket
    shift = (bucket >> _SUB_BITS) - 1
    return ((bucket & (_SUB - 1)) + _SUB) << shift


_LAST_BUCKET = 45 << _SUB_BITS  # begins at 4.9 hours, and has whatever is longer
_LASTS = [_first_of(bucket + 1) - 1 for bucket in range(_LAST_BUCKET + 1)]
_MIDDLES = [(_first_of(bucket) + last) / 2 for bucket, last in enumerate(_LASTS)]
