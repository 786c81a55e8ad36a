"""How a record looks as a document: its fields beside each other, as people query them.

``_id`` is the id of the object, ``_change`` the number of the change that wrote it. What BSON
cannot hold as it is, such as a number beyond 64 bits, is kept as text in ``_json``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from para_core.contracts.dao import Record
from para_core.errors import BackendError
from para_dao_mongodb.fields import (
    UnfitError,
    escaped,
    escaped_name,
    marked_name,
    plain,
    plain_name,
)

__all__ = ["change_of", "document_of", "record_of"]

_decode = msgspec.json.decode
_encode = msgspec.json.Encoder(enc_hook=int).encode  # the driver returns long integers as Int64


def document_of(record: Record, change: int, key: str) -> dict[str, Any]:
    """Return the document of a record, with its key in the collection as ``_id``."""
    try:
        fields = _fields_of(record)
    except (UnfitError, msgspec.DecodeError):
        fields = {"type": record.type, "_json": record.data.decode()}
    return {"_id": key, **fields, "_change": change}


def record_of(document: Mapping[str, Any], start: int) -> Record:
    """Return the record of a document; its id begins at this place of ``_id``.

    Raises:
        BackendError: Somebody else has put it there.
    """
    try:
        return _record_of(document, start)
    except (KeyError, TypeError, ValueError) as error:
        raise _foreign(document) from error


def change_of(document: Mapping[str, Any]) -> int:
    """Return the number of the change that wrote a document.

    Raises:
        BackendError: Somebody else has put it there.
    """
    try:
        return int(document["_change"])
    except (KeyError, TypeError, ValueError) as error:
        raise _foreign(document) from error


def _foreign(document: Mapping[str, Any]) -> BackendError:
    return BackendError(
        f"the document {document.get('_id')!r} was not stored by Para; remove it, and let nobody "
        "else write to this database"
    )


def _record_of(document: Mapping[str, Any], start: int) -> Record:
    key: str = document["_id"][start:]
    change = int(document["_change"])
    if (text := document.get("_json")) is not None:
        return Record(key, document["type"], text.encode(), change)
    fields: dict[str, Any] = {"id": key}
    for name, value in document.items():
        if name[:1] != "_":
            fields[plain_name(name)] = plain(value)
    return Record(key, fields["type"], _encode(fields), change)


def _fields_of(record: Record) -> dict[str, Any]:
    """Return the fields of an object as they are stored, without its id.

    Raises:
        UnfitError: The record would not come back as it is.
    """
    fields = _decode(record.data)
    if (
        not isinstance(fields, dict)
        or msgspec.json.encode(fields) != record.data  # numbers may be written in their own way
        or fields.pop("id", None) != record.id
        or fields.get("type") != record.type
    ):
        raise UnfitError
    return {_name(name): escaped(value) for name, value in fields.items()}


def _name(name: str) -> str:
    """Return the name of a field of the object; those with ``_`` in front are ours."""
    return marked_name(name) if name[:1] == "_" else escaped_name(name)
