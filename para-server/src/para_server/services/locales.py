"""Names of the parts of dates in many languages."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from para_core.dates import ENGLISH, DateNames

if TYPE_CHECKING:
    from datetime import datetime

    from babel import Locale

__all__ = ["date_names"]

_LOCALE = re.compile(
    r"(?P<language>[a-z]{2,3})?"
    r"(?:[_-](?P<region>[A-Z]{2}|[0-9]{3})(?:[_-][A-Za-z0-9]+)?|__[A-Za-z0-9]+)?"
)


def _english_zone(moment: datetime) -> str:
    from babel import Locale

    return _zone_name(moment, Locale("en", "US"))


_ENGLISH = replace(ENGLISH, zone=_english_zone)
_NEUTRAL = replace(  # what the original calls the root locale
    _ENGLISH,
    months=ENGLISH.short_months,
    lone_months=ENGLISH.short_months,
    days=ENGLISH.short_days,
    era="CE",
    first_day=0,
)


@lru_cache(64)
def date_names(locale: str | None) -> DateNames:
    """The names of a locale such as ``de``, ``de_DE`` or ``fr-001``.

    US English when the text is missing or no name of a locale; short English names when it is empty
    or names a language that is not known.
    """
    if locale is None:
        return _ENGLISH
    found = _LOCALE.fullmatch(locale)
    if found is None or (locale and not found["language"] and not found["region"]):
        return _ENGLISH
    known = _known_locale(found["language"], found["region"])
    return _NEUTRAL if known is None else _names_of(known)


def _known_locale(language: str | None, region: str | None) -> Locale | None:
    from babel import Locale, UnknownLocaleError  # some megabytes, for who asks for a language

    if language is None:
        return None
    for name in (f"{language}_{region}", language):
        try:
            return Locale.parse(name)
        except (UnknownLocaleError, ValueError):
            continue
    return None


def _names_of(locale: Locale) -> DateNames:
    written, alone = locale.months["format"], locale.months["stand-alone"]
    days, halves = locale.days["format"], locale.day_periods["format"]["abbreviated"]
    months = range(1, 13)
    return DateNames(
        months=[written["wide"][month] for month in months],
        short_months=[written["abbreviated"][month] for month in months],
        lone_months=[alone["wide"][month] for month in months],
        short_lone_months=[alone["abbreviated"][month] for month in months],
        days=[days["wide"][day] for day in range(7)],
        short_days=[days["abbreviated"][day] for day in range(7)],
        halves=(halves.get("am", "AM"), halves.get("pm", "PM")),
        era=locale.eras["abbreviated"][1],
        first_day=locale.first_week_day,
        min_days=locale.min_week_days,
        zone=lambda moment: _zone_name(moment, locale),
    )


def _zone_name(moment: datetime, locale: Locale) -> str:
    from babel.dates import LOCALTZ, get_timezone_name

    local = moment.astimezone(LOCALTZ)
    named = local if local.utcoffset() == moment.utcoffset() else moment
    return get_timezone_name(named, width="long", locale=locale)
