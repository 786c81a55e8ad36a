"""The kinds of constraints: what they keep, what they let through, and what they say otherwise.

Every kind but ``required`` lets an absent value through.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from para_core.formats import is_email, is_url
from para_core.patterns import matches_whole
from para_core.text import grouped_number, is_blank, text_of, utf16_length

__all__ = ["KINDS", "Kind"]

_HIGHEST = 10_000  # what an upper bound is that cannot be read as a number
_WHOLE = re.compile(r"[+-]?\d+")
_LONGEST_NUMBER = 19  # digits of a 64-bit number


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of constraint."""

    name: str
    text: str  # what it says after the name of the field, with the keys of its payload in braces
    allows: Callable[[object, Mapping[str, object], int], bool]  # value, payload, now in ms
    numbers: tuple[tuple[str, int], ...] = ()  # numbers of its payload, with their substitutes
    values: tuple[str, ...] = ()  # what its payload holds besides

    def payload(self, given: Mapping[str, object]) -> dict[str, object] | None:
        """What is stored of a payload that a client sent; ``None`` if a key is missing.

        Numbers are read from their text; one that cannot be read becomes 0, as an upper bound
        10000. Other keys are left out, a message too.
        """
        if any(given.get(name) is None for name in self.values):
            return None
        if any(name not in given for name, _ in self.numbers):
            return None
        kept: dict[str, object] = {name: given[name] for name in self.values}
        for name, substitute in self.numbers:
            kept[name] = _parsed(text_of(given[name]), substitute)
        return kept | {"message": f"messages.{self.name}"}

    def message(self, field: str, payload: Mapping[str, object]) -> str:
        """What a client is told about a field that breaks this constraint."""
        shown = {name: _shown(payload.get(name)) for name in ("value", *dict(self.numbers))}
        return f"{field} {self.text.format_map(shown)}"


def _parsed(text: str, substitute: int) -> int:
    is_number = len(text) <= _LONGEST_NUMBER and _WHOLE.fullmatch(text) and text.isascii()
    return int(text) if is_number else substitute


def _shown(value: object) -> str:
    number = _as_number(value)
    return text_of(value) if number is None else grouped_number(number)


def _as_number(value: object) -> float | None:
    """A JSON number; ``None`` for flags and all else."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _number(payload: Mapping[str, object], name: str, substitute: int) -> int:
    """A number of a stored payload, without its fraction."""
    number = _as_number(payload.get(name))
    return substitute if number is None else int(number)


def _is_there(value: object, _: Mapping[str, object], __: int) -> bool:
    return value is not None and not is_blank(text_of(value))


def _is_email(value: object, _: Mapping[str, object], __: int) -> bool:
    return is_email(value)


def _is_false(value: object, _: Mapping[str, object], __: int) -> bool:
    return value is not True and not (isinstance(value, str) and value.lower() == "true")


def _is_true(value: object, _: Mapping[str, object], __: int) -> bool:
    return value.lower() == "true" if isinstance(value, str) else value is not False


def _is_future(value: object, _: Mapping[str, object], now_ms: int) -> bool:
    number = _as_number(value)
    return number is None or number > now_ms


def _is_past(value: object, _: Mapping[str, object], now_ms: int) -> bool:
    number = _as_number(value)
    return number is None or number < now_ms


def _is_url(value: object, _: Mapping[str, object], __: int) -> bool:
    return is_url(text_of(value))


def _is_at_least(value: object, payload: Mapping[str, object], _: int) -> bool:
    number = _as_number(value)
    return number is not None and int(number) >= _number(payload, "value", 0)


def _is_at_most(value: object, payload: Mapping[str, object], _: int) -> bool:
    number = _as_number(value)
    return number is not None and int(number) <= _number(payload, "value", _HIGHEST)


def _has_size(value: object, payload: Mapping[str, object], _: int) -> bool:
    if isinstance(value, str):
        size = utf16_length(value)
    elif isinstance(value, list | tuple | Mapping):
        size = len(value)
    else:
        return False
    return _number(payload, "min", 0) <= size <= _number(payload, "max", _HIGHEST)


def _has_digits(value: object, payload: Mapping[str, object], _: int) -> bool:
    """Digits before and after the first point or comma; what follows a second one is not read."""
    if not isinstance(value, str) and _as_number(value) is None:
        return False
    whole, _point, rest = text_of(value).replace(",", ".").partition(".")
    fraction = rest.partition(".")[0]
    is_short = len(whole) <= _number(payload, "integer", 0)
    return whole.isdecimal() and is_short and len(fraction) <= _number(payload, "fraction", 0)


def _fits(value: object, payload: Mapping[str, object], _: int) -> bool:
    pattern = payload.get("value")
    if not isinstance(pattern, str):
        return True
    return isinstance(value, str) and matches_whole(pattern, value)


_SIMPLE = (
    Kind("required", "is required.", _is_there),
    Kind("email", "is not a valid email.", _is_email),
    Kind("false", "must be false.", _is_false),
    Kind("true", "must be true.", _is_true),
    Kind("future", "must be in the future.", _is_future),
    Kind("past", "must be in the past.", _is_past),
    Kind("url", "is not a valid URL.", _is_url),
)
_WITH_PAYLOAD = (
    Kind("min", "must be a number larger than {value}.", _is_at_least, (("value", 0),)),
    Kind("max", "must be a number smaller than {value}.", _is_at_most, (("value", _HIGHEST),)),
    Kind("size", "must be between {min} and {max}.", _has_size, (("min", 0), ("max", _HIGHEST))),
    Kind(
        "digits",
        "is not a valid number or within range.",
        _has_digits,
        (("integer", 0), ("fraction", 0)),
    ),
    Kind("pattern", "doesn't match the pattern {value}.", _fits, values=("value",)),
)

KINDS: Mapping[str, Kind] = MappingProxyType(
    {kind.name: kind for kind in (*_SIMPLE, *_WITH_PAYLOAD)}
)
"""The kinds by their names, which are in lower case."""
