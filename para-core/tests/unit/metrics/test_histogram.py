from __future__ import annotations

import random

import pytest

from para_core.metrics.histogram import Histogram, Quantiles, bucketed


def of(values: list[int], *, now: float = 0.0) -> Histogram:
    histogram = Histogram(0.0)
    histogram.add(bucketed(sorted(values)), sum(values), now)
    return histogram


def test_an_empty_one_is_all_zeros() -> None:
    assert Histogram(0.0).quantiles() == Quantiles()


@pytest.mark.parametrize("scale", [1, 40, 1_000, 5_000_000, 90_000_000_000])
def test_quantiles_are_right_within_three_percent(scale: int) -> None:
    chance = random.Random(11)  # noqa: S311 - not a secret
    values = sorted(int(chance.lognormvariate(2, 1) * scale) for _ in range(20_000))
    found = of(values).quantiles()
    for share, value in (
        (0.5, found.p50), (0.75, found.p75), (0.95, found.p95), (0.98, found.p98),
        (0.99, found.p99), (0.999, found.p999), (0, found.low), (0.99999999, found.high),
    ):  # fmt: skip
        assert value == pytest.approx(values[int(share * len(values))], rel=0.033, abs=1)
    mean = sum(values) / len(values)
    assert found.mean == pytest.approx(mean)
    variance = sum((value - mean) ** 2 for value in values) / len(values)
    assert found.stddev == pytest.approx(variance**0.5, rel=0.05)


def test_every_duration_has_its_place() -> None:
    values = [0, 1, 31, 32, 33, 34, 63, 64, 1023, 1024, 2**40, 2**40 + 1, 2**70, 2**71]
    counts = bucketed(values)
    assert sum(counts.values()) == len(values)
    assert bucketed([-5]) == bucketed([0])
    assert list(counts) == sorted(counts)


def test_recent_durations_weigh_more() -> None:
    histogram = of([1_000] * 100)
    histogram.add(bucketed([9_000] * 20), 9_000 * 20, 0.0)
    assert histogram.quantiles().p50 == pytest.approx(1_000, rel=0.033)
    histogram.add(bucketed([9_000] * 30), 9_000 * 30, 300.0)  # after five minutes 1 % is left
    found = histogram.quantiles()
    assert found.p50 == pytest.approx(9_000, rel=0.033)
    assert found.low == pytest.approx(1_000, rel=0.033)
    assert found.mean == pytest.approx(8_750, rel=0.02)


def test_what_is_hours_old_is_forgotten_and_nothing_overflows() -> None:
    histogram = of([1_000] * 1_000)
    for hour in range(1, 200):
        histogram.add(bucketed([5_000]), 5_000, hour * 3600.0)
    found = histogram.quantiles()
    assert found.low == pytest.approx(5_000, rel=0.033)
    assert found.mean == pytest.approx(5_000, rel=0.001)
