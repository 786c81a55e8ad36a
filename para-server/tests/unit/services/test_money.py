"""Currencies and prices."""

from __future__ import annotations

import pytest

from para_server.services.money import currency_name, is_currency, locale_of_country, price


@pytest.mark.parametrize(
    ("code", "is_known"),
    [("usd", True), ("GBP", True), (None, False), ("", False), ("x", False), ("xxx", False)],
)
def test_a_currency_is_known_by_its_code(code: str | None, *, is_known: bool) -> None:
    assert is_currency(code) is is_known


def test_currencies_have_names() -> None:
    assert currency_name("usd") == "US Dollar"
    assert currency_name("xxx") == ""


@pytest.mark.parametrize(
    ("amount", "code", "text"),
    [
        (5.0, "USD", "$5.00"),
        (5.0, "xxx", "$5.00"),
        (5.0, None, "$5.00"),
        (None, "USD", ""),
        (1234.5, "EUR", "1\u202f234,50\xa0€"),
        (1234.5, "gbp", "£1,234.50"),
        (1234.0, "JPY", "\uffe51,234"),
        (1234.0, "XAF", "FCFA1,234"),
    ],
)
def test_a_price_is_written_as_at_home(amount: float | None, code: str | None, text: str) -> None:
    assert price(amount, code) == text


def test_a_country_has_a_locale() -> None:
    assert locale_of_country("us") == locale_of_country("US")
    assert str(locale_of_country("de")) == "de_DE"
    assert locale_of_country("unknown") is None
    assert locale_of_country("") is None
    assert locale_of_country(None) is None
