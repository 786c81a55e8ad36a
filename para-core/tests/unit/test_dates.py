"""Dates in the patterns of Java."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from para_core.dates import ENGLISH, DatePatternError, format_date

MOMENT = datetime(2001, 9, 9, 1, 46, 40, 7_999, tzinfo=UTC)
LATER = datetime(2026, 11, 27, 15, 5, 9, 940_000, tzinfo=timezone(timedelta(hours=-3, minutes=-30)))


OFFSETS = "|".join("X" * letters for letters in (1, 2, 3))


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("yyyy", "2001"),
        ("yyyy-MM-dd", "2001-09-09"),
        ("yyyy-MM-dd'T'HH:mm:ss", "2001-09-09T01:46:40"),
        ("dd MM yyyy", "09 09 2001"),
        ("EEE, d MMM yyyy HH:mm:ss Z", "Sun, 9 Sep 2001 01:46:40 +0000"),
        ("EEEE MMMM", "Sunday September"),
        ("y|yy|yyy|yyyyy", "2001|01|2001|02001"),
        ("Y|YY|YYYY", "2001|01|2001"),
        ("M|MM|MMM|MMMM|MMMMM", "9|09|Sep|September|September"),
        ("L|LL|LLL|LLLL", "9|09|Sep|September"),
        ("d|dd|ddd", "9|09|009"),
        ("E|EEEE|u|uu", "Sun|Sunday|7|07"),
        ("D|F|w|ww|W", "252|2|37|37|3"),
        ("a|H|HH|k|kk|K|h|hh", "AM|1|01|1|01|1|1|01"),
        ("S|SS|SSS|SSSSS", "7|07|007|00007"),
        (f"{OFFSETS}|z|zzzz", "Z|Z|Z|UTC|UTC"),
        ("Z|ZZ|ZZZ|ZZZZ", "+0000|Z|+00:00|+00:00"),
        ("'fixed' G", "fixed AD"),
        ("''''", "''"),
        ("'it''s' yy", "it's 01"),
        ("yyyy.MM/dd,!{}", "2001.09/09,!{}"),
        ("日yyyy年", "日2001年"),
        ("", ""),
    ],
)
def test_letters_stand_for_parts_of_the_time(pattern: str, text: str) -> None:
    assert format_date(MOMENT, pattern) == text


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (OFFSETS, "-03|-0330|-03:30"),
        ("Z|ZZ|ZZZ", "-0330|-03:30|-03:30"),
        ("a|H|k|K|h", "PM|15|15|3|3"),
        ("D|F|w|W", "331|4|48|4"),
    ],
)
def test_zones_and_halves_of_a_day(pattern: str, text: str) -> None:
    assert format_date(LATER, pattern) == text


@pytest.mark.parametrize(
    ("day", "american", "iso"),
    [
        (datetime(2021, 1, 1, tzinfo=UTC), "2021 1 1", "2020 53 0"),
        (datetime(2024, 12, 30, tzinfo=UTC), "2025 1 5", "2025 1 5"),
        (datetime(2023, 1, 1, tzinfo=UTC), "2023 1 1", "2022 52 0"),
        (datetime(2026, 12, 31, tzinfo=UTC), "2027 1 5", "2026 53 5"),
        (datetime(2000, 1, 3, tzinfo=UTC), "2000 2 2", "2000 1 1"),
    ],
)
def test_weeks_are_counted_as_the_language_does(day: datetime, american: str, iso: str) -> None:
    names = replace(ENGLISH, first_day=0, min_days=4)
    assert format_date(day, "Y w W") == american
    assert format_date(day, "Y w W", names) == iso
    assert names.first_day == 0
    assert day.isocalendar()[:2] == tuple(map(int, iso.split()[:2]))


@pytest.mark.parametrize("hour", [0, 12])
def test_midnight_and_noon(hour: int) -> None:
    moment = MOMENT.replace(hour=hour)
    shown = {0: "0 24 0 12 AM", 12: "12 12 0 12 PM"}
    assert format_date(moment, "H k K h a") == shown[hour]


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("yyyy n", "Illegal pattern component: n"),
        ("nn", "Illegal pattern component: nn"),
        ("B", "Illegal pattern component: B"),
        ("'open", "Unterminated quote"),
        ("XXXX", "invalid number of X"),
    ],
)
def test_a_pattern_without_a_meaning_is_refused(pattern: str, reason: str) -> None:
    with pytest.raises(DatePatternError, match=reason):
        format_date(MOMENT, pattern)
