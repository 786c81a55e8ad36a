"""Dates in the patterns of Java, such as ``yyyy-MM-dd'T'HH:mm:ss``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from para_core.remembering import remembered

__all__ = ["ENGLISH", "DateNames", "DatePatternError", "format_date"]

_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August"]
_MONTHS += ["September", "October", "November", "December"]
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_TOKEN = re.compile(r"''|'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+|'", re.DOTALL)
_NAME_LENGTH = 3  # letters from which a month is written as a word
_WIDE_LENGTH = 4  # ... and as a whole word
_LONGEST_OFFSET = 3  # letters of an offset of ISO 8601: hours, with minutes, with a colon between
_WEEK = 7


class DatePatternError(ValueError):
    """A pattern has a letter without a meaning, or a quote that does not end."""


@dataclass(frozen=True, slots=True)
class DateNames:
    """What a language calls the parts of a date, and how it counts weeks."""

    months: Sequence[str]
    short_months: Sequence[str]
    lone_months: Sequence[str]  # as a heading of a calendar
    short_lone_months: Sequence[str]
    days: Sequence[str]  # Monday first
    short_days: Sequence[str]
    halves: tuple[str, str]  # of a day
    era: str
    first_day: int  # of a week, 0 is Monday
    min_days: int  # of a week that is the first of its year
    zone: Callable[[datetime], str]  # the long name of the zone of a time


ENGLISH = DateNames(
    months=_MONTHS,
    short_months=[name[:3] for name in _MONTHS],
    lone_months=_MONTHS,
    short_lone_months=[name[:3] for name in _MONTHS],
    days=_DAYS,
    short_days=[name[:3] for name in _DAYS],
    halves=("AM", "PM"),
    era="AD",
    first_day=6,
    min_days=1,
    zone=lambda moment: moment.tzname() or "",
)
"""US English, the language of texts that name none."""

Part = Callable[[datetime, DateNames], str]


def format_date(moment: datetime, pattern: str, names: DateNames = ENGLISH) -> str:
    """A time as text.

    Args:
        moment: The time, in the zone that it is shown in.
        pattern: Letters ``G y Y M L d h H m s S E u D F w W a k K X z Z`` with the meaning that
            ``SimpleDateFormat`` gives them, text in apostrophes; other signs stand for themselves.
        names: Names of months, days and so on.

    Raises:
        DatePatternError: A letter has no meaning, or a quote does not end.
    """
    return "".join(part(moment, names) for part in _parts(pattern))


@remembered(most=256, longest=100)
def _parts(pattern: str) -> list[Part]:
    return [_part(found) for found in _TOKEN.finditer(pattern)]


def _part(found: re.Match[str]) -> Part:
    text, letter = found[0], found[2]
    if text == "'":
        raise DatePatternError("Unterminated quote")
    if letter:
        return _field(letter, len(text))
    if text == "''":
        return _literal("'")
    return _literal(text if found[1] is None else found[1].replace("''", "'"))


def _literal(text: str) -> Part:
    return lambda _, __: text


def _field(letter: str, length: int) -> Part:
    if letter in _NUMBERS:
        number = _NUMBERS[letter]
        return lambda moment, names: str(number(moment, names)).zfill(length)
    if letter in _WORDS:
        word = _WORDS[letter]
        return lambda moment, names: word(moment, names, length)
    raise DatePatternError(f"Illegal pattern component: {letter * length}")


def _year(year: int, length: int) -> str:
    return f"{year % 100:02}" if length == len("yy") else str(year).zfill(max(length, 4))


def _week_year(moment: datetime, names: DateNames, length: int) -> str:
    return _year(_year_and_week(moment, names)[0], length)


def _month(moment: datetime, names: DateNames, length: int) -> str:
    if length < _NAME_LENGTH:
        return str(moment.month).zfill(length)
    words = names.months if length >= _WIDE_LENGTH else names.short_months
    return words[moment.month - 1]


def _lone_month(moment: datetime, names: DateNames, length: int) -> str:
    if length < _NAME_LENGTH:
        return str(moment.month).zfill(length)
    words = names.lone_months if length >= _WIDE_LENGTH else names.short_lone_months
    return words[moment.month - 1]


def _day(moment: datetime, names: DateNames, length: int) -> str:
    return (names.days if length >= _WIDE_LENGTH else names.short_days)[moment.weekday()]


def _zone(moment: datetime, names: DateNames, length: int) -> str:
    return names.zone(moment) if length >= _WIDE_LENGTH else moment.tzname() or ""


def _iso_offset(moment: datetime, _: DateNames, length: int) -> str:
    if length > _LONGEST_OFFSET:
        raise DatePatternError("invalid number of X")
    if not moment.utcoffset():
        return "Z"
    return (moment.strftime("%z")[:3], _offset(moment, ""), _offset(moment, ":"))[length - 1]


def _plain_offset(moment: datetime, names: DateNames, length: int) -> str:
    if length == len("ZZ"):
        return _iso_offset(moment, names, _LONGEST_OFFSET)
    return _offset(moment, "" if length == 1 else ":")


def _offset(moment: datetime, colon: str) -> str:
    text = moment.strftime("%z")
    return text[:3] + colon + text[3:5]


def _year_and_week(moment: date, names: DateNames) -> tuple[int, int]:
    """The week of the year that a day is in, with the year that this week counts for."""
    for year in (moment.year + 1, moment.year):
        first = _first_week(year, names)
        if first <= moment.toordinal():
            return year, (moment.toordinal() - first) // _WEEK + 1
    first = _first_week(moment.year - 1, names)
    return moment.year - 1, (moment.toordinal() - first) // _WEEK + 1


def _first_week(year: int, names: DateNames) -> int:
    """The day on which the first week of a year starts."""
    new_year = date(year, 1, 1)
    start = new_year.toordinal() - (new_year.weekday() - names.first_day) % _WEEK
    days_in_year = start + _WEEK - new_year.toordinal()
    return start if days_in_year >= names.min_days else start + _WEEK


def _week_of_month(moment: datetime, names: DateNames) -> int:
    first = moment.date() - timedelta(days=moment.day - 1)
    into_week = (first.weekday() - names.first_day) % _WEEK
    number = (moment.day + into_week - 1) // _WEEK
    return number + 1 if _WEEK - into_week >= names.min_days else number


_NUMBERS: Mapping[str, Callable[[datetime, DateNames], int]] = {
    "d": lambda moment, _: moment.day,
    "h": lambda moment, _: moment.hour % 12 or 12,
    "H": lambda moment, _: moment.hour,
    "m": lambda moment, _: moment.minute,
    "s": lambda moment, _: moment.second,
    "S": lambda moment, _: moment.microsecond // 1000,
    "u": lambda moment, _: moment.isoweekday(),
    "D": lambda moment, _: moment.timetuple().tm_yday,
    "F": lambda moment, _: (moment.day - 1) // _WEEK + 1,
    "w": lambda moment, names: _year_and_week(moment.date(), names)[1],
    "W": _week_of_month,
    "k": lambda moment, _: moment.hour or 24,
    "K": lambda moment, _: moment.hour % 12,
}

_WORDS: Mapping[str, Callable[[datetime, DateNames, int], str]] = {
    "G": lambda _, names, __: names.era,
    "y": lambda moment, _, length: _year(moment.year, length),
    "Y": _week_year,
    "M": _month,
    "L": _lone_month,
    "E": _day,
    "a": lambda moment, names, _: names.halves[moment.hour // 12],
    "X": _iso_offset,
    "z": _zone,
    "Z": _plain_offset,
}
