"""JSON in: bodies of clients become objects, or change them.

Values of the wrong JSON type are converted where the field allows it. ``null`` leaves a declared
field as it is and removes a custom one. Nested values of custom fields are replaced as a whole;
``null`` inside their maps is left out, in their arrays it stays.
Source: Para 1.54, ``ParaObjectUtils.setAnnotatedFields``; core-object reference, "JSON in".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from para_core.nesting import without_nulls
from para_core.objects import rules
from para_core.objects.base import ParaObject, Sysprop, class_of
from para_core.objects.fields import DERIVED, custom_allowed, fields_of, json_in

__all__ = ["merge", "object_from"]


def object_from(body: Mapping[str, Any], kind: str) -> ParaObject:
    """Make an object of a type from the body of a request; ``type`` in the body does not count.

    Raises:
        UnusableBodyError: A structured field got a value that is none.
    """
    cls = class_of(kind)
    obj = cls(type=kind)
    _take_fields(obj, body, locked_too=True)
    if custom_allowed(cls):
        _take_custom(obj, body)
    rules.settle(obj)
    return obj


def merge(obj: ParaObject, body: Mapping[str, Any]) -> None:
    """Change an object by the body of a PATCH; locked and derived fields in it are ignored.

    Raises:
        UnusableBodyError: A structured field got a value that is none; the object is spoilt then.
    """
    _take_fields(obj, body, locked_too=False)
    if custom_allowed(type(obj)):
        _take_custom(obj, body)
    rules.settle(obj)


def _take_fields(obj: ParaObject, body: Mapping[str, Any], *, locked_too: bool) -> None:
    declared = fields_of(type(obj))
    for name, value in body.items():
        field = declared.get(name)
        if field is None or value is None or (field.is_locked and not locked_too):
            continue
        if name in rules.SET_BY_RULE or name == "type":
            rules.set_field(obj, name, field, value)
            continue
        converted = field.convert(value)
        if converted is not None:
            setattr(obj, field.attribute, converted)


def _take_custom(obj: ParaObject, body: Mapping[str, Any]) -> None:
    if not isinstance(obj, Sysprop):  # pragma: no cover - custom_allowed says so
        return
    declared = fields_of(type(obj))
    custom = obj.properties
    whole = body.get("properties")
    if isinstance(whole, str):
        whole = json_in(whole)
    if isinstance(whole, dict):
        custom = obj.properties = {
            key: without_nulls(value)
            for key, value in whole.items()
            if value is not None and key not in declared and key not in DERIVED and key.strip()
        }
    for key, value in body.items():
        if key in declared or key in DERIVED or (key == "properties" and isinstance(whole, dict)):
            continue
        if value is None:
            custom.pop(key, None)
        elif key.strip():
            custom[key] = without_nulls(value) if isinstance(value, dict | list) else value
