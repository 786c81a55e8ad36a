"""JSON of objects: as they are stored, and as clients see them.

*Stored JSON* is one flat map: the declared fields that have a value, hidden ones too, and the
custom fields beside them. *Wire JSON* has the derived fields besides and lacks the hidden ones.
For most types the two differ by the derived fields only, so ``wire_bytes`` sends the stored bytes
with these appended, without decoding (``is_raw``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar

import msgspec

from para_core.contracts.dao import Record
from para_core.errors import BackendError
from para_core.objects.base import App, Form, ParaObject, Sysprop, Tag, User, Vote, class_of
from para_core.objects.fields import HIDDEN, declared_fields, fields_of
from para_core.objects.identifiers import identity_provider
from para_core.remembering import remembered
from para_core.types import object_uri, plural_of

__all__ = [
    "decode",
    "derived",
    "encode",
    "is_raw",
    "nested_copy",
    "record_of",
    "stored_fields",
    "uri_of",
    "wire",
    "wire_array",
    "wire_bytes",
]

T = TypeVar("T", bound=Record | ParaObject)

_encode = msgspec.json.encode
_decode_map = msgspec.json.Decoder(dict[str, Any]).decode

# Their wire form depends on more than what is stored of them: hidden, or computed when read.
_COOKED = frozenset({"user", "app", "vote", "form", "tag"})


def is_raw(kind: str) -> bool:
    """Return whether stored JSON of a type lacks only ``plural`` and ``objectURI`` for the wire."""
    return kind not in _COOKED


def stored_fields(obj: ParaObject) -> dict[str, Any]:
    """Return the fields that are stored, by JSON name; custom ones beside the declared ones."""
    names, values_of = _getter(type(obj))
    pairs = zip(names, values_of(obj), strict=True)
    fields = {name: value for name, value in pairs if value is not None}
    if not isinstance(obj, Sysprop) or not obj.properties:
        return fields
    if obj.properties.keys().isdisjoint(fields):
        return fields | obj.properties
    return {**obj.properties, **fields}


@cache
def _getter(cls: type[ParaObject]) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    """Return the JSON names of a class's fields, and what reads all their values at once."""
    fields = fields_of(cls)
    return tuple(fields), attrgetter(*(field.attribute for field in fields.values()))


def encode(obj: ParaObject) -> bytes:
    """Return the stored JSON of an object."""
    return _encode(stored_fields(obj))


def record_of(obj: ParaObject, change: int = 0) -> Record:
    """Return the record of an object, as the back-ends take it."""
    return Record(obj.id, obj.type, encode(obj), change)


def decode(record: Record) -> ParaObject:
    """Return the object of a record.

    Raises:
        BackendError: The data is not what ``encode`` wrote.
    """
    try:
        fields = _decode_map(record.data)
    except msgspec.DecodeError as error:
        message = f"object {record.id!r} is damaged in its store: {error}"
        raise BackendError(message) from error
    return object_of(fields)


def object_of(fields: dict[str, Any]) -> ParaObject:
    """Return the object of a map of stored fields, which are taken as they are."""
    cls = class_of(fields.get("type", "sysprop"))
    declared = fields_of(cls)
    obj = cls()
    custom: dict[str, Any] | None = obj.properties if isinstance(obj, Sysprop) else None
    for name, value in fields.items():
        field = declared.get(name)
        if field is not None:
            setattr(obj, field.attribute, value)
        elif custom is not None:
            custom[name] = value
    return obj


def nested_copy(obj: ParaObject) -> dict[str, Any]:
    """Return the copy of an object that a linker carries: custom fields under ``properties``."""
    fields = stored_fields(obj)
    for name in HIDDEN.get(obj.type, ()):
        fields.pop(name, None)
    if isinstance(obj, Sysprop):
        declared = declared_fields(obj.type)
        custom = {name: fields.pop(name) for name in list(fields) if name not in declared}
        fields["properties"] = custom
    return fields


def derived(obj: ParaObject, *, context_path: str = "") -> dict[str, Any]:
    """Return the derived fields of an object as of now."""
    uri = object_uri(obj.type, obj.id)
    fields: dict[str, Any] = {"objectURI": uri, "plural": plural_of(obj.type)}
    if isinstance(obj, Tag):
        fields["objectURI"] = object_uri("tag", obj.tag)
    elif isinstance(obj, User):
        fields["identityProvider"] = identity_provider(obj.identifier)
    elif isinstance(obj, App):
        fields["appIdentifier"] = obj.identifier
    elif isinstance(obj, Vote):
        fields.update(_vote_state(obj))
    elif isinstance(obj, Form):
        fields["formActionURI"] = f"{context_path}/v1/_forms/{obj.appid}/{obj.id}"
    return fields


def _vote_state(vote: Vote) -> dict[str, bool]:
    now, cast = int(time.time() * 1000), vote.timestamp or 0
    return {
        "upvote": vote.value == "up",
        "downvote": vote.value == "down",
        "expired": vote.expires_after != 0 and cast + vote.expires_after * 1000 <= now,
        "amendable": cast + vote.locked_after * 1000 > now,
    }


def wire(obj: ParaObject, *, context_path: str = "") -> dict[str, Any]:
    """Return the fields of an object that clients may see at all, derived ones included."""
    fields = stored_fields(obj)
    for name in HIDDEN.get(obj.type, ()):
        fields.pop(name, None)
    fields.update(derived(obj, context_path=context_path))
    return fields


def wire_bytes(record: Record) -> bytes:
    """Return the wire JSON of a record whose type ``is_raw``, without decoding it."""
    key, kind = record.id, record.type
    if key.isalnum() and key.isascii():
        start, end = _tail_parts(kind)
        return b"".join((record.data[:-1], start, key.encode(), end))
    uri, plural = _encode(object_uri(kind, key)), _encode(plural_of(kind))
    return b"".join((record.data[:-1], b',"objectURI":', uri, b',"plural":', plural, b"}"))


def wire_array(items: Iterable[T], cook: Callable[[T], bytes]) -> bytes:
    """Return the wire JSON of many as an array: records whose type ``is_raw`` as they are stored.

    Args:
        items: Records, and other things with an id and a type.
        cook: Returns the JSON of whatever has to be looked at.
    """
    parts: list[bytes] = []
    kind: str | None = None
    is_plain, start, end = False, b"", b""
    for item in items:
        key = item.id
        if item.type != kind:
            kind = item.type
            is_plain = is_raw(kind)
            start, end = _tail_parts(kind) if is_plain else (b"", b"")
            end += b","
        if is_plain and isinstance(item, Record) and key.isalnum() and key.isascii():
            parts += (item.data[:-1], start, key.encode(), end)
        else:
            parts += (cook(item), b",")
    if not parts:
        return b"[]"
    parts[-1] = parts[-1][:-1]
    return b"[" + b"".join(parts) + b"]"


def uri_of(record: Record) -> str:
    """Return the path of an object below ``/v1``."""
    if is_raw(record.type):
        return object_uri(record.type, record.id)
    return str(derived(decode(record))["objectURI"])


@remembered(most=4096, longest=100)
def _tail_parts(kind: str) -> tuple[bytes, bytes]:
    start = _encode(object_uri(kind, "") + "/")[:-1]
    return b',"objectURI":' + start, b'","plural":' + _encode(plural_of(kind)) + b"}"
