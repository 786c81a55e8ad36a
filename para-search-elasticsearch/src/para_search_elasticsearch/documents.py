"""Turns the searchable form of an object into the document of an index."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

from para_core.query.analysis import analyse
from para_core.query.fields import Document, Value, number_of, text_form
from para_search_elasticsearch.fields import CUSTOM, WHOLE_CHARS, Place, place_of, whole_term

__all__ = ["as_double", "data_of", "document_body", "source_of"]

_GREATEST = 1.7976931348623157e308  # JSON has no infinity


def as_double(number: float) -> float:
    """Return the number as the cluster takes it; 0 for the zero below zero."""
    return min(max(number, -_GREATEST), _GREATEST) + 0.0


def document_body(document: Document, docid: int, *, nested: bool) -> dict[str, Any]:
    """Return the fields that are searched and sorted by.

    Args:
        document: What of the object is searched.
        docid: The number of this indexing, greater than all before.
        nested: The form of the index: custom fields as items with a key.
    """
    build = _Build(nested=nested)
    paths = dict.fromkeys(document.values)
    for part in document.nested:
        paths.update(dict.fromkeys(part))
    for path in paths:
        build.add(path, list(document.lists(path)), document.sorts.get(path))
    body = build.body()
    body["_docid"], body["_key"] = docid, document.id
    if document.point is not None:
        lat, lng = document.point
        body["latlng"] = {"lat": lat, "lon": lng}
    return body


def source_of(data: bytes) -> str:
    """Return the copy of an object that lives in the index only."""
    return base64.b64encode(data).decode()


def data_of(source: str) -> bytes:
    """Return the object of a copy."""
    return base64.b64decode(source)


class _Build:
    """Collects what the fields of one document hold."""

    def __init__(self, *, nested: bool) -> None:
        self._nested = nested
        self._fields: dict[str, Any] = {}
        self._pairs: list[dict[str, Any]] = []
        self._paths: list[str] = []
        self._words: list[str] = []
        self._keys: dict[str, None] = {}
        self._wholes: dict[str, None] = {}
        self._values: dict[float, None] = {}

    def add(self, path: str, lists: list[list[Value]], sort: float | str | None) -> None:
        """Take in the values of a path: those of the object, and of each linked one."""
        place = place_of(path, nested=self._nested)
        self._paths.append(place.key)
        found: dict[str, Any] = {}
        wholes = [whole_term(text_form(value)) for values in lists for value in values]
        found[place.whole] = wholes
        if place.is_keyword:
            self._keys.update(dict.fromkeys(wholes))
        else:
            self._wholes.update(dict.fromkeys(wholes))
            words = [" ".join(_words(values)) for values in lists]
            found[place.words] = words
            self._words += words
        found |= self._numbers(place, lists, sort)
        if isinstance(sort, str):
            found[place.text] = sort[:WHOLE_CHARS]
        self._put(place, found)

    def _numbers(
        self, place: Place, lists: list[list[Value]], sort: float | str | None
    ) -> dict[str, Any]:
        found: dict[str, list[float]] = {}
        is_sorted = isinstance(sort, float | int)
        for values in lists:
            for value in values:
                number = number_of(value)
                if number is None:
                    continue
                double = as_double(number)
                if isinstance(value, str):
                    name = place.written
                elif is_sorted:
                    name, is_sorted = place.number, False  # the object's own stands first
                else:
                    name = place.numbers
                found.setdefault(name, []).append(double)
                self._values[double] = None
        return found

    def _put(self, place: Place, found: dict[str, Any]) -> None:
        if place.is_nested:
            start = len(CUSTOM) + 1
            pair = {name[start:]: value for name, value in found.items()}
            self._pairs.append({"k": place.key, **pair})
        else:
            self._fields.update(found)

    def body(self) -> dict[str, Any]:
        """Return the document."""
        body: dict[str, Any] = dict(self._fields)
        if self._pairs:
            body[CUSTOM] = self._pairs
        return body | {
            "_paths": self._paths,
            "_words": self._words,
            "_keys": list(self._keys),
            "_wholes": list(self._wholes),
            "_values": list(self._values),
        }


def _words(values: Iterable[Value]) -> list[str]:
    return [word for value in values for word in analyse(text_form(value))]
