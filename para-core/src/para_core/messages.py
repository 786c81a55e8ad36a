"""Messages with numbered places, as translators write them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from para_core.text import grouped_number, is_blank, text_of

__all__ = ["format_message"]

_INDEX = re.compile(r"\+?[0-9]{1,9}")
_NUMBER_STYLES: Mapping[str, Callable[[float], str]] = {
    "": grouped_number,
    "integer": lambda number: grouped_number(round(number)),
    "percent": lambda number: grouped_number(round(number * 100)) + "%",
}
_FORMATS = frozenset(["number", "date", "time", "choice"])


class _UnusableError(ValueError):
    """A place cannot be read, or not be filled with what was given."""


def format_message(message: str | None, values: Sequence[object]) -> str:
    """The message with its places ``{0}``, ``{1}``, … filled.

    Apostrophes mean themselves. A place without a value stays, ``null`` is written out, numbers
    are grouped; ``{0,number}`` wants a number. Empty when the message is missing or blank. A
    message with a place that cannot be read or filled comes back as it is, except that its
    apostrophes are doubled, as the original does when it gives up.
    """
    if message is None or is_blank(message):
        return ""
    try:
        return "".join(_filled(message, values))
    except _UnusableError:
        return message.replace("'", "''")


def _filled(message: str, values: Sequence[object]) -> list[str]:
    parts, at = [], 0
    while (start := message.find("{", at)) >= 0:
        end = _closing(message, start)
        parts += [message[at:start], _value(message[start + 1 : end], values)]
        at = end + 1
    return [*parts, message[at:]]


def _closing(message: str, start: int) -> int:
    depth = 0
    for at in range(start, len(message)):
        depth += {"{": 1, "}": -1}.get(message[at], 0)
        if not depth:
            return at
    raise _UnusableError


def _value(place: str, values: Sequence[object]) -> str:
    number, _, rest = place.partition(",")
    if _INDEX.fullmatch(number) is None:
        raise _UnusableError
    name, _, style = (part.strip() for part in rest.partition(","))
    if name and name.lower() not in _FORMATS:
        raise _UnusableError
    index = int(number)
    if index >= len(values):
        return f"{{{index}}}"
    return _shown(values[index], name.lower(), style)


def _shown(value: object, name: str, style: str) -> str:
    if value is None:
        return text_of(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _shown_number(value, name, style)
    if name:
        raise _UnusableError
    return text_of(value)


def _shown_number(number: float, name: str, style: str) -> str:
    if name not in {"", "number"} or style not in _NUMBER_STYLES:
        raise _UnusableError
    return _NUMBER_STYLES[style](number)
