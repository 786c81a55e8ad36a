"""JSON in: bodies of clients become objects, or change them.

Values of the wrong JSON type are converted where the field allows it. ``null`` leaves a declared
field as it is and removes a custom one. Nested values of custom fields are replaced as a whole;
``null`` inside their maps is left out, in their arrays it stays.
Source: Para 1.54, ``ParaObjectUtils.setAnnotatedFields``; core-object reference, "JSON in".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from para_core.errors import UnusableBodyError
from para_core.nesting import without_nulls
from para_core.objects import rules
from para_core.objects.base import ParaObject, Sysprop, class_of
from para_core.objects.fields import DERIVED, Field, fields_of, json_in

__all__ = ["merge", "object_from"]

_CUSTOM = "properties"


def object_from(body: Mapping[str, Any], kind: str) -> ParaObject:
    """Make an object of a type from the body of a request; ``type`` in the body does not count.

    Raises:
        UnusableBodyError: A structured field got a value that is none.
    """
    obj = class_of(kind)(type=kind)
    _take(obj, body, locked_too=True)
    rules.settle(obj)
    return obj


def merge(obj: ParaObject, body: Mapping[str, Any]) -> None:
    """Change an object by the body of a PATCH; locked and derived fields in it are ignored.

    Raises:
        UnusableBodyError: A structured field got a value that is none; the object is spoilt then.
    """
    _take(obj, body, locked_too=False)
    rules.settle(obj)


def _take(obj: ParaObject, body: Mapping[str, Any], *, locked_too: bool) -> None:
    declared = fields_of(type(obj))
    custom, is_whole = _custom_of(obj, body, declared)
    for name, value in body.items():
        field = declared.get(name)
        if field is None:
            if custom is not None and name not in DERIVED and (name != _CUSTOM or not is_whole):
                _take_custom(custom, name, value)
        elif value is not None and (locked_too or not field.is_locked):
            try:
                _take_declared(obj, field, value)
            except UnusableBodyError as error:
                raise UnusableBodyError(f"{name}: {error}") from error


def _take_declared(obj: ParaObject, field: Field, value: object) -> None:
    if field.name in rules.SET_BY_RULE:
        rules.set_field(obj, field.name, field, value)
        return
    converted = field.convert(value)
    if converted is not None:
        setattr(obj, field.attribute, converted)


def _custom_of(
    obj: ParaObject, body: Mapping[str, Any], declared: Collection[str]
) -> tuple[dict[str, Any] | None, bool]:
    """Return where the custom fields of an object go, and whether ``properties`` told all anew."""
    if not isinstance(obj, Sysprop):
        return None, False
    whole = body.get(_CUSTOM)
    if isinstance(whole, str):
        whole = json_in(whole)
    if not isinstance(whole, dict):
        return obj.properties, False
    obj.properties = {
        key: without_nulls(value)
        for key, value in whole.items()
        if value is not None and key not in declared and key not in DERIVED and key.strip()
    }
    return obj.properties, True


def _take_custom(custom: dict[str, Any], name: str, value: object) -> None:
    if value is None:
        custom.pop(name, None)
    elif name.strip():
        custom[name] = without_nulls(value) if isinstance(value, dict | list) else value
