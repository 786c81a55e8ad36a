"""Numbers for people."""

from __future__ import annotations

import pytest

from para_core.numbers import abbreviate_number, format_price, round_half_up


@pytest.mark.parametrize(
    ("number", "places", "rounded"),
    [
        (2.345, 2, 2.35),
        (2.5, 0, 3.0),
        (-2.345, 2, -2.35),
        (1.005, 2, 1.01),
        (7, 2, 7.0),
        (1e300, 2, 1e300),
    ],
)
def test_half_is_rounded_up(number: float, places: int, rounded: float) -> None:
    assert round_half_up(number, places) == rounded


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (1234.5, "1,234.50"),
        (0, "0.00"),
        (5, "5.00"),
        (-1000000.005, "-1,000,000.01"),
        (1e27, f"1{',000' * 9}.00"),
    ],
)
def test_a_price_has_two_decimals(amount: float, text: str) -> None:
    assert format_price(amount) == text


@pytest.mark.parametrize(
    ("number", "places", "text"),
    [
        (0, 0, "0"),
        (999, 0, "999"),
        (1000, 0, "1K"),
        (1_000_000, 0, "1M"),
        (1500, 0, "2K"),
        (1500, 1, "1.5K"),
        (999_999, 1, "1M"),
        (999_499, 0, "999K"),
        (1_000_000_000, 0, "1B"),
        (2_500_000_000_000, 1, "2.5T"),
        (5_000_000_000_000_000, 0, "5000T"),
        (-1500, 1, "-1.5K"),
        (1_500_000_000_000_000_000, 20, "1500000T"),
        (10**40, 0, f"1{'0' * 28}T"),
    ],
)
def test_a_large_number_is_told_in_few_letters(number: int, places: int, text: str) -> None:
    assert abbreviate_number(number, places) == text
