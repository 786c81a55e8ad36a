from __future__ import annotations

import math

import pytest

from para_core.metrics.rates import Rates


def test_rates_start_with_what_the_first_five_seconds_saw() -> None:
    rates = Rates(100.0)
    rates.mark(3, 100.0)
    assert rates.read(104.0)[:3] == (0, 0, 0)
    one, five, fifteen, mean = rates.read(105.0)
    assert (one, five, fifteen) == (0.6, 0.6, 0.6)
    assert mean == pytest.approx(0.6)


@pytest.mark.parametrize(("which", "minutes"), [(0, 1), (1, 5), (2, 15)])
def test_an_average_fades_in_its_time(which: int, minutes: int) -> None:
    rates = Rates(0.0)
    rates.mark(3, 0.0)
    rates.read(5.0)
    for passed in (1, 2, 30):
        found = rates.read(5.0 + passed * 60)[which]
        assert found == pytest.approx(0.6 * math.exp(-passed / minutes))


def test_a_steady_rate_is_the_rate_of_every_average() -> None:
    rates = Rates(0.0)
    for second in range(1, 7200):
        rates.mark(50, second - 0.5)
    assert rates.read(7199.0) == pytest.approx((50, 50, 50, 50), rel=0.001)


def test_what_happened_before_a_long_silence_counts_for_its_own_time() -> None:
    rates, often = Rates(0.0), Rates(0.0)
    for second in range(1, 60):
        rates.mark(1, second)
        often.mark(1, second)
    for second in range(60, 600, 5):
        often.read(second)
    assert rates.read(600.0) == pytest.approx(often.read(600.0))
