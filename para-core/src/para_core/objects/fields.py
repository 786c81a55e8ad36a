"""Which fields the classes of objects have, and how JSON values become theirs.

*Locked* fields are taken when an object is made and ignored when it is changed; *derived* ones are
computed for output and ignored as input; *hidden* ones are stored and never shown to anybody.
Who may see the rest of the secrets is decided in one place of the server.
Source: Para 1.54, ``@Stored`` and ``@Locked`` fields; core-object reference.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec

from para_core.errors import UnusableBodyError
from para_core.nesting import MAX_DEPTH, is_too_deep, without_nulls
from para_core.objects.base import CLASSES, ParaObject, Sysprop, class_of
from para_core.text import text_of

__all__ = [
    "COMMON_LOCKED",
    "DERIVED",
    "HIDDEN",
    "Field",
    "custom_allowed",
    "declared_fields",
    "fields_of",
    "json_in",
]

DERIVED = frozenset({"plural", "objectURI"})
COMMON_LOCKED = frozenset({"id", "timestamp", "type", "appid", "parentid", "creatorid"})
HIDDEN: dict[str, frozenset[str]] = {
    "user": frozenset({"tokenSecret", "twoFAstep", "verifiedEmail"}),
    "app": frozenset({"secret", "settings"}),
}
_LOCKED: dict[str, frozenset[str]] = {
    "user": frozenset({"groups"}) | HIDDEN["user"],
    "app": frozenset({"sharingIndex", "sharingTable", "secret", "readOnly", "datatypes"}),
    "tag": frozenset({"tag"}),
    "vote": frozenset({"value", "expiresAfter", "lockedAfter", "tags", "votes"}),
    "linker": frozenset({"id1", "id2", "type1", "type2"}),
    "translation": frozenset({"authorName", "locale", "thekey"}),
}


class Field:
    """One declared field of a class: its JSON name, its attribute, and its conversion."""

    __slots__ = ("attribute", "convert", "is_locked", "name")

    def __init__(
        self, name: str, attribute: str, convert: Callable[[object], Any], *, is_locked: bool
    ) -> None:
        self.name, self.attribute, self.convert = name, attribute, convert
        self.is_locked = is_locked


@cache
def fields_of(cls: type[ParaObject]) -> dict[str, Field]:
    """Return the declared fields of a class by JSON name, without ``properties``."""
    kind = next((name for name, known in CLASSES.items() if known is cls), "sysprop")
    locked = COMMON_LOCKED | _LOCKED.get(kind, frozenset())
    return {
        info.encode_name: Field(
            info.encode_name,
            info.name,
            _converter(info.encode_name, _annotation(cls, info.name)),
            is_locked=info.encode_name in locked,
        )
        for info in msgspec.structs.fields(cls)
        if info.name != "properties"
    }


def declared_fields(kind: str) -> frozenset[str]:
    """Return the JSON names of the fields that objects of this type declare."""
    return _names_of(class_of(kind))


@cache
def _names_of(cls: type[ParaObject]) -> frozenset[str]:
    return frozenset(fields_of(cls))


def custom_allowed(cls: type[ParaObject]) -> bool:
    """Return whether objects of this class keep fields they do not declare."""
    return issubclass(cls, Sysprop)


def _annotation(cls: type[ParaObject], attribute: str) -> str:
    """Return an annotation as it is written, in modules with and without postponed evaluation."""
    found = next(
        base.__annotations__[attribute]
        for base in cls.__mro__
        if attribute in getattr(base, "__annotations__", {})
    )
    return found.__name__ if type(found) is type else str(found)


def _converter(name: str, annotation: str) -> Callable[[object], Any]:
    if name == "notifyEmails":
        return _texts_or_one_number
    return _short if name in _SHORT else _CONVERTERS[annotation.removesuffix(" | None")]


def _text(value: object) -> str:
    if isinstance(value, list):
        return _text(value[0]) if value and value[0] is not None else ""
    return text_of(value)


_INTEGER = re.compile(r"\s*([+-]?)0*([0-9]{1,19})\s*")  # longer ones are out of range
_LONG, _INT = 1 << 63, 1 << 31
_SHORT = frozenset({"count", "expiresAfter", "lockedAfter", "repeatedDeliveryAttempts", "votes"})
"""Numbers that have 32 bits in the original, and in the clients that are written for it."""


def _short(value: object) -> int:
    number = _integer(value)
    return number if -_INT <= number < _INT else 0


def _integer(value: object) -> int:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, list):
        return _integer(value[0]) if value else 0
    number = 0
    if isinstance(value, int):
        number = value
    elif isinstance(value, float):
        number = int(value) if abs(value) < _LONG else 0
    elif isinstance(value, str) and (found := _INTEGER.fullmatch(value)):
        number = int(found[1] + found[2])
    return number if -_LONG <= number < _LONG else 0


def _number(value: object) -> float:
    if isinstance(value, list):
        return _number(value[0]) if value else 0.0
    if not isinstance(value, str | int | float):
        return 0.0
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return 0.0
    return number if math.isfinite(number) else 0.0


_TRUE = frozenset({"true", "yes", "y", "on", "1"})


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, list):
        return bool(value) and _flag(value[0])
    if isinstance(value, str | int):
        return str(value).strip().lower() in _TRUE
    return False


def json_in(text: str) -> object:
    """Return the JSON value in a text; ``None`` when there is none, or it is ``null``.

    Raises:
        UnusableBodyError: It has too many levels.
    """
    try:
        value: object = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return None
    except RecursionError:
        raise _too_deep() from None
    if text.count("[") + text.count("{") > MAX_DEPTH and is_too_deep(value):
        raise _too_deep()
    return value


def _too_deep() -> UnusableBodyError:
    return UnusableBodyError(f"a text of JSON with more than {MAX_DEPTH} levels inside each other")


_WORDS = {
    str: "a text",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "an object",
}


def _structured(kind: type) -> Callable[[object], object]:
    def convert(value: object) -> object:
        if value == "":
            return None  # the text is ignored
        found = json_in(value) if isinstance(value, str) else value
        if not isinstance(found, kind):
            given = _WORDS.get(type(value), "something else")
            raise UnusableBodyError(f"{given} where {_WORDS[kind]} belongs")
        return without_nulls(found)

    return convert


_list = _structured(list)


def _texts(value: object) -> object:
    items = _list(value)
    if isinstance(items, list) and not all(isinstance(item, str) for item in items):
        raise UnusableBodyError("a list of texts has an item that is no text")
    return items


def _texts_or_one_number(value: object) -> object:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return [text_of(value)] if is_number else _texts(value)


_CONVERTERS: dict[str, Callable[[object], Any]] = {
    "str": _text,
    "int": _integer,
    "float": _number,
    "bool": _flag,
    "list[str]": _texts,
    "list[Any]": _list,
    "dict[str, Any]": _structured(dict),
    "dict[str, str]": _structured(dict),
    "Any": without_nulls,
}
