"""What of an object is searched: its fields as flat paths, their classes, and how they sort.

Declared fields keep their names (``name``, ``votes``); custom fields, which stand beside them in
stored JSON, are found under ``properties.``; maps go on with dots (``properties.owner.city``).
Each path holds a list of values:

* a text, number or flag is one value; each element of a list is one, maps and lists among them as
  their JSON text, ``null`` as the text ``null``; blank texts and empty lists are no values;
* the few *keyword* fields hold values whole, with their case; on all other paths the words of a
  value are what is found (``para_core.query.analysis``);
* numbers are found by their text, as on the original's platform (``5``, ``9.5``, ``1.0E10``), and
  compared by their value as doubles;
* secrets, and the maps that hold the set-up of an app, are not searched at all;
* what a linker carries of its two objects is found under the paths it has there, so that
  ``properties.text:x`` finds the link; what identifies those objects (``id``, ``creatorid``, ...)
  stands under ``nstd.``, lest the link be taken for one of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from para_core.contracts.dao import Record
from para_core.objects.fields import declared_fields
from para_core.objects.identifiers import is_identifier
from para_core.text import text_of

__all__ = [
    "KEYWORD_FIELDS",
    "NEVER_INDEXED",
    "Document",
    "Value",
    "document_of",
    "is_keyword",
    "nested_path",
    "number_of",
    "place_of",
    "sort_key",
    "text_form",
]

Value = str | int | float | bool

KEYWORD_FIELDS = frozenset(
    ["_docid", "appid", "creatorid", "email", "groups", "id", "identifier", "key", "latlng", "name"]
).union(
    ["nstd", "nstdparentid", "parentid", "password", "tag", "tags", "timestamp", "token", "type"],
    ["updated", "votes"],
    ["id1", "id2"],  # of links: ids are exact, whatever characters they have
)

NEVER_INDEXED = frozenset(  # where their value is a map
    ["settings", "datatypes", "deviceState", "deviceMetadata", "resourcePermissions"]
).union(["validationConstraints"])

_SECRETS: dict[str, frozenset[str]] = {
    "user": frozenset(
        ["password", "tokenSecret", "twoFAkey", "twoFAbackupKeyHash", "idpIdToken"]
    ).union(["idpAccessToken", "idpRefreshToken", "twoFAstep", "verifiedEmail"]),
    "app": frozenset(["secret"]),
    "webhook": frozenset(["secret"]),
    "form": frozenset(["captchaSecretKey"]),
}
_CREDENTIALS = frozenset(
    ["password", "etoken", "etoken2", "lockedUntil", "tokenIssued", "etokenIssued", "usedSignIns"]
)
_IDENTIFIER_SECRETS = _CREDENTIALS | {"token"}  # a name that others use as well

_PROPERTIES = "properties"
_NESTED = "nstd."
_OWN_ONLY = frozenset(  # of a linked object: would make its link look like the object
    ["appid", "cached", "creatorid", "id", "indexed", "parentid", "stored", "timestamp", "type"]
).union(["updated", "version", "votes"])

_decode = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.encode
_MOST_LAT, _MOST_LNG = 90, 180  # degrees
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z")


@dataclass(frozen=True, slots=True)
class Document:
    """The searchable form of one stored object."""

    id: str
    kind: str
    values: dict[str, list[Value]]
    sorts: dict[str, float | str]
    """One value to sort by for each path: a number, or the text of a text, a flag or a list."""

    nested: list[dict[str, list[Value]]] = field(default_factory=list)
    """The values of a linker's two objects, each apart: phrases do not run on between them."""

    point: tuple[float, float] | None = None
    """Latitude and longitude in degrees, where ``latlng`` is a place on the map."""

    def lists(self, path: str) -> Iterator[list[Value]]:
        """Yield the values of a path, those of the object first, then those of its nested ones."""
        for values in (self.values, *self.nested):
            found = values.get(path)
            if found:
                yield found


def is_keyword(path: str) -> bool:
    """Return whether a field holds its values whole."""
    return path in KEYWORD_FIELDS or (
        path.startswith(_NESTED) and path[len(_NESTED) :] in KEYWORD_FIELDS
    )


def nested_path(path: str) -> str:
    """Return where a linker's document holds this field of its two objects."""
    return _NESTED + path if path in _OWN_ONLY else path


def text_form(value: Value) -> str:
    """Return the text by which a value is found: ``true``, ``5``, ``9.5``, ``1.0E10``."""
    return value if isinstance(value, str) else text_of(value)


def number_of(value: Value) -> float | None:
    """Return a number, or the number that a text writes, as a double; ``None`` for all else."""
    if isinstance(value, bool) or (isinstance(value, str) and not _NUMBER.match(value)):
        return None
    return _double(value)


def _double(value: float | str) -> float:
    try:
        return float(value)
    except OverflowError:  # a whole number beyond any double
        return float("inf") if int(value) > 0 else float("-inf")


def sort_key(document: Document, path: str) -> tuple[float, bytes]:
    """Return what a document is sorted by: the number of a field, then the bytes of its text.

    A field that is missing, or has the other kind of value, counts as 0 and as the empty text.
    """
    value = document.sorts.get(path, "")
    return (0.0, value.encode("utf-8", "surrogatepass")) if isinstance(value, str) else (value, b"")


def document_of(record: Record) -> Document:
    """Return the searchable form of a stored object.

    Raises:
        msgspec.DecodeError: The data is no JSON object.
    """
    fields = _decode(record.data)
    declared = declared_fields(record.type)
    walk = _Walk()
    secrets = _secrets(record.type, fields)
    for name, value in fields.items():
        if name in secrets:
            continue
        if name in declared:
            walk.add_declared(name, value)
        else:
            walk.add(f"{_PROPERTIES}.{name}", value)
    nested = fields.get("nstd") if record.type == "linker" else None
    return Document(
        id=record.id,
        kind=record.type,
        values=walk.values,
        sorts=walk.sorts,
        nested=[_nested_values(item) for item in nested or () if isinstance(item, dict)],
        point=walk.point,
    )


def _secrets(kind: str, fields: Mapping[str, Any]) -> frozenset[str]:
    if kind == "sysprop" and _lets_sign_in(fields):
        return _IDENTIFIER_SECRETS
    return _SECRETS.get(kind, frozenset())


def _lets_sign_in(fields: Mapping[str, Any]) -> bool:
    """Tell whether an object may be an identifier of a user, though its name was changed."""
    return (
        fields.get("name") == "identifier"
        or is_identifier(str(fields.get("id")))
        or not _CREDENTIALS.isdisjoint(fields)
    )


def _nested_values(fields: dict[str, Any]) -> dict[str, list[Value]]:
    """Return the values of an object inside a linker, whose custom fields are in a map."""
    kind = str(fields.get("type", "sysprop"))
    custom = fields.get(_PROPERTIES)
    inner = custom if isinstance(custom, dict) else {}
    secrets = _secrets(kind, {**inner, **fields})
    walk = _Walk()
    for name, value in fields.items():
        if name != _PROPERTIES and name not in secrets:
            walk.add_declared(nested_path(name), value)
    for name, value in inner.items():
        if name not in secrets:
            walk.add(f"{_PROPERTIES}.{name}", value)
    return walk.values


class _Walk:
    """Collects the values of one object."""

    def __init__(self) -> None:
        self.values: dict[str, list[Value]] = {}
        self.sorts: dict[str, float | str] = {}
        self.point: tuple[float, float] | None = None

    def add_declared(self, name: str, value: object) -> None:
        """Take in a declared field; some of them mean something else than their text."""
        if name == "nstd" or (name in NEVER_INDEXED and isinstance(value, dict)):
            return
        if name == "latlng" and isinstance(value, str) and "," in value:
            self.point = place_of(value)
        elif value != 0 or name not in ("timestamp", "updated"):  # 0 is no time
            self.add(name, value)

    def add(self, path: str, value: object) -> None:
        """Take in a value and, where it is a map, what it holds."""
        if isinstance(value, str):
            if value and not value.isspace():
                self._add_one(path, value, value)
        elif isinstance(value, bool):
            self._add_one(path, value, "true" if value else "false")
        elif isinstance(value, int | float):
            self._add_one(path, value, _double(value))
        elif isinstance(value, dict):
            for name, inner in value.items():
                self.add(f"{path}.{name}", inner)
        elif isinstance(value, list):
            self._add_all(path, value)

    def _add_one(self, path: str, value: Value, sort: float | str) -> None:
        values = self.values.get(path)
        if values is None:
            self.values[path] = [value]
        else:
            values.append(value)
        self.sorts[path] = sort

    def _add_all(self, path: str, items: list[object]) -> None:
        values = [_element(item) for item in items]
        kept = [value for value in values if not isinstance(value, str) or value.strip()]
        if kept:
            self.values.setdefault(path, []).extend(kept)
            self.sorts[path] = "".join(f"{text_form(value)}," for value in kept)


def _element(item: object) -> Value:
    if isinstance(item, Value):
        return item
    return _encode(item).decode()  # a map, a list, null


def place_of(text: str) -> tuple[float, float] | None:
    """Return the degrees that ``lat,lng`` names; what is no number counts as 0.

    Returns:
        ``None`` for a text without a comma and for a place off the map.
    """
    if "," not in text:
        return None
    lat, lng = (number_of(part.strip()) or 0.0 for part in text.split(",")[:2])
    return (lat, lng) if abs(lat) <= _MOST_LAT and abs(lng) <= _MOST_LNG else None
