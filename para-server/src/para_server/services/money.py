"""Names of currencies, and prices as people of their countries write them.

The names and patterns come from the Unicode locale data, through Babel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from para_core.currencies import CODES

if TYPE_CHECKING:
    from babel import Locale

__all__ = ["currency_name", "is_currency", "locale_of_country", "price"]

_ENGLISH = "en_US"
_HOMES = {"EUR": "fr_FR", "USD": _ENGLISH}  # of currencies of many countries
_OTHER = "USD"  # how a price in no known currency is written


def is_currency(code: str | None) -> bool:
    """Whether a text is the code of a currency that is in use, in any letter case."""
    return (code or "").upper() in CODES


def currency_name(code: str | None) -> str:
    """The English name of a currency: ``US Dollar``; empty when the code is not known."""
    from babel.numbers import get_currency_name  # some megabytes, for who asks

    known = (code or "").upper()
    return get_currency_name(known, locale=_ENGLISH) if known in CODES else ""


def price(amount: float | None, code: str | None) -> str:
    """An amount as it is written where the currency is at home: ``$5.00``.

    Empty without an amount; an unknown currency counts as US dollars.
    """
    from babel.numbers import format_currency

    if amount is None:
        return ""
    known = (code or "").upper() if is_currency(code) else _OTHER
    home = _HOMES.get(known) or locale_of_country(known[:2]) or _ENGLISH
    return format_currency(amount, known, locale=home)


def locale_of_country(country: str | None) -> Locale | None:
    """The locale of a country by its two letters, in its most spoken language, else ``None``."""
    from babel import Locale
    from babel.core import get_global

    region = (country or "").upper()
    likely = get_global("likely_subtags").get(f"und_{region}") if region else None
    return Locale.parse(likely) if likely else None
