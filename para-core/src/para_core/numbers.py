"""Numbers for people: prices, rounded ones, and large ones in few letters."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal

__all__ = ["abbreviate_number", "format_price", "round_half_up"]

_UNITS = ("", "K", "M", "B", "T")
_STEP = 1000
_EXACT = Context(prec=400)  # digits, more than the largest float has


def round_half_up(number: float, places: int = 2) -> float:
    """The number rounded as people do it, on its decimals as they are written: 2.345 gives 2.35.

    Half goes away from zero. Python's ``round`` goes by the binary value, and to even numbers.
    """
    return float(_rounded(number, places))


def format_price(amount: float) -> str:
    """The amount with two decimals and its thousands grouped: 1234.5 gives ``1,234.50``."""
    return f"{_rounded(amount, 2):,.2f}"


def abbreviate_number(number: int, places: int = 0) -> str:
    """The number in thousands, millions and so on: 1500 gives ``2K``, with one place ``1.5K``.

    The original counts in 32 bits, which gives odd texts from 10^9 on; here they go up to ``T``.

    Args:
        number: Of up to 300 digits; the sign stays.
        places: Most decimals; zeros at their end are left out.
    """
    value, unit = Decimal(number), 0
    shown = _rounded(value, places)
    while abs(shown) >= _STEP and unit < len(_UNITS) - 1:
        value, unit = _EXACT.divide(value, _STEP), unit + 1
        shown = _rounded(value, places)
    text = f"{shown:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) + _UNITS[unit]


def _rounded(number: float | Decimal, places: int) -> Decimal:
    return Decimal(str(number)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, _EXACT)
