"""Durations in few letters."""

from __future__ import annotations

import time

import pytest

from para_core.humantime import approximately, exactly, read_duration

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


@pytest.mark.parametrize(
    ("duration_ms", "text"),
    [
        (0, ""),
        (1, "1ms"),
        (42, "42ms"),
        (999, "999ms"),
        (1000, "1s"),
        (1042, "1s"),
        (19 * SECOND + 850, "19s"),
        (55 * SECOND, "55s"),
        (59_999, "59s"),
        (60_000, "1m"),
        (30 * MINUTE, "30m"),
        (59 * MINUTE + 100, "59m"),
        (3_599_999, "59m"),
        (HOUR + 100, "1h"),
        (2 * HOUR + 20 * MINUTE, "2h"),
        (86_399_999, "23h"),
        (DAY + 10 * SECOND, "1d"),
        (2 * DAY + 22 * HOUR, "2d"),
        (2_591_999_999, "29d"),
        (2_592_000_000, "1n"),
        (50 * DAY + 20 * SECOND, "1n"),
        (350 * DAY + 18 * HOUR, "11n"),
        (364 * DAY, "12n"),
        (31_535_999_999, "12n"),
        (31_536_000_000, "1y"),
        (700 * DAY, "1y"),
        (-5000, "5s"),
        (2**63 - 1, "292471208y"),
    ],
)
def test_a_duration_is_told_in_its_largest_unit(duration_ms: int, text: str) -> None:
    assert approximately(duration_ms) == text


@pytest.mark.parametrize(
    ("duration_ms", "text"),
    [
        (0, ""),
        (42, "42 ms"),
        (1042, "1 s 42 ms"),
        (DAY, "1 d"),
        (30 * DAY, "30 d"),
        (366 * DAY + 2 * HOUR + 3 * MINUTE, "1 y 1 d 2 h 3 m"),
        (-5000, "5 s"),
    ],
)
def test_a_duration_is_told_in_all_its_units(duration_ms: int, text: str) -> None:
    assert exactly(duration_ms) == text
    assert read_duration(text) == abs(duration_ms)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2m8d2h4m", "8 d 2 h 6 m"),
        ("1 d 1d 2m 3m", "2 d 5 m"),
        ("1 ms 1ms 1  ms 1 ms s", "4 ms"),
        ("- 4 319 y  Y + 1 y", "320 y"),
        ("1 DAY, 2 Hours", "1 d 2 h"),
        ("12", ""),
        ("", ""),
    ],
)
def test_the_parts_of_a_written_duration_add_up(text: str, told: str) -> None:
    assert exactly(read_duration(text)) == told


@pytest.mark.parametrize("unit", ["", "s"], ids=["no unit", "seconds"])
def test_a_number_beyond_all_measure_is_none_and_takes_no_time(unit: str) -> None:
    began = time.thread_time()
    assert read_duration("1" * 100_000 + unit + " 2 ms") == 2
    assert time.thread_time() - began < 1
