"""Names of the parts of dates in many languages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from para_core.dates import format_date
from para_server.services.locales import date_names

MOMENT = datetime(2026, 11, 27, 8, 18, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("locale", "pattern", "text"),
    [
        (None, "MMMM EEEE a G", "November Friday AM AD"),
        ("de_DE", "MMMM EEEE a G", "November Freitag AM n. Chr."),
        ("de", "MMM EEE", "Nov. Fr."),
        ("de-DE", "EEEE", "Freitag"),
        ("de_DE_x", "EEEE", "Freitag"),
        ("de_BG", "EEEE", "Freitag"),
        ("ru_RU", "MMMM EEEE LLLL MMM", "ноября пятница ноябрь нояб."),
        ("bg", "MMMM EEEE", "ноември петък"),
        ("ja_JP", "MMMM EEEE", "11月 金曜日"),
        ("fr_FR", "EEE, d MMM yyyy", "ven., 27 nov. 2026"),
        ("fr_001", "MMMM", "novembre"),
        ("fil", "MMMM", "Nobyembre"),
        ("el", "a", "π.μ."),
        ("ar_EG", "yyyy d", "2026 27"),
        ("de", "w Y", "48 2026"),
        ("", "MMMM EEEE G", "Nov Fri CE"),
        ("_DE", "MMMM", "Nov"),
        ("zz", "MMMM", "Nov"),
        ("xx_YY", "MMMM", "Nov"),
        ("xx_yy", "MMMM", "November"),
        ("de_", "MMMM EEEE", "November Friday"),
        ("FR", "MMMM G", "November AD"),
        ("DE_de", "MMMM", "November"),
        ("../../etc", "MMMM", "November"),
    ],
)
def test_a_locale_names_months_and_days(locale: str | None, pattern: str, text: str) -> None:
    assert format_date(MOMENT, pattern, date_names(locale)) == text


@pytest.mark.parametrize(
    ("locale", "name"),
    [(None, "Coordinated Universal Time"), ("de", "Koordinierte Weltzeit")],
)
def test_zones_have_long_names(locale: str | None, name: str) -> None:
    assert date_names(locale).zone(MOMENT) == name


def test_a_zone_that_is_not_the_one_of_this_machine_is_told_by_its_offset() -> None:
    moment = MOMENT.astimezone(timezone(timedelta(hours=5, minutes=7)))
    assert date_names("de").zone(moment) == "GMT+05:07"
