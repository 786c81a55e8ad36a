"""Turns the searchable form of an object into a document of the engine."""

from __future__ import annotations

import base64

import msgspec

from para_core.query.analysis import MAX_WORD, analyse
from para_core.query.fields import Document, Value, number_of, text_form
from para_search_lucene.schema import (
    NATIVE_SORTS,
    Field,
    encode_number,
    exact_term,
    field_of,
    text_chunks,
)

__all__ = ["encode_document"]

_APART = " -" * 100 + " "
"""Words between the texts of a linker's two objects: farther than a loose phrase reaches."""

_NUMBER_BEGINS = frozenset("+-.0123456789")
_FLAGS = ("false", "true")

_encode = msgspec.json.Encoder().encode


def encode_document(document: Document, docid: int, source: bytes | None) -> tuple[str, list[str]]:
    """Return the engine's document as JSON, and the marks in it (``para_search_lucene.marks``).

    Args:
        document: What of the object is searched.
        docid: The number of this indexing, greater than all before.
        source: The object's stored JSON, where the index has to keep it.
    """
    build = _Build()
    sorts = document.sorts
    for path, values in document.values.items():
        build.add(field_of(path), values, sorts.get(path))
    for nested in document.nested:
        for path, values in nested.items():
            build.add_nested(field_of(path), values)
    out: dict[str, object] = {
        "id": document.id,
        "type": document.kind,
        "docid": docid,
        "words": build.words,
        "allwords": build.all_words,
        "exact": build.exact,
        "sorts": build.sorts,
        "present": " ".join(build.present),
    }
    for name in NATIVE_SORTS:
        value = sorts.get(name, 0.0)
        out[name] = 0 if isinstance(value, str) else encode_number(value)
    if document.point is not None:
        out["lat"], out["lng"] = document.point
    if source is not None:
        out["source"] = base64.b64encode(source).decode()
    return _encode(out).decode(), build.present


class _Build:
    """Collects what the fields of one document hold."""

    __slots__ = ("all_words", "exact", "present", "sorts", "words")

    def __init__(self) -> None:
        self.words: dict[str, str | list[str]] = {}
        self.all_words: list[str] = []
        self.exact: dict[str, str | list[str]] = {}
        self.sorts: dict[str, int | list[int]] = {}
        self.present: list[str] = []

    def add(self, field: Field, values: list[Value], sort: float | str | None) -> None:
        """Take in the values of a path."""
        if len(values) != 1:
            self._add_list(field, values)
        elif not field.is_own:
            self._add_one(field, _text(values[0]))
        if type(sort) is float:
            self.present.append(field.is_number)
            if field.column is not None:
                self.sorts[field.column] = encode_number(sort)
        elif isinstance(sort, str):
            if sort in _FLAGS and type(values[0]) is bool:
                self.present.append(field.is_flag)
                return
            self.present.append(field.is_text)
            self.sorts.update(zip(field.texts, text_chunks(sort), strict=False))
            self._add_numbers(field, values)

    def add_nested(self, field: Field, values: list[Value]) -> None:
        """Take in the values of a path of one of a linker's two objects."""
        exact, words = self.exact.pop(field.key, None), self.words.pop(field.key, None)
        parts = self.words.get(field.parts, words)
        self._add_list(field, values)
        if exact is not None:
            self.exact[field.key] = [*_as_list(exact), *_as_list(self.exact.get(field.key, []))]
        added = self.words.get(field.key)
        if added is not None:
            self.words[field.parts] = added if parts is None else f"{parts}{_APART}{added}"
        elif parts is not None:
            self.words[field.parts] = parts
        if words is not None:
            self.words[field.key] = [*_as_list(words), *_as_list(added or [])]
        self._add_numbers(field, values)
        self.present.append(field.is_nested)

    def _add_one(self, field: Field, text: str) -> None:
        if field.is_keyword:
            self.exact[field.key] = exact_term(text, is_keyword=True)
            return
        if text.isalnum() and text.isascii() and len(text) < MAX_WORD:
            found = text.lower()
            is_word = found == text
        else:
            found = " ".join(analyse(text))
            is_word = found == text and " " not in text
        if not is_word:
            self.exact[field.key] = exact_term(text, is_keyword=False)
        if found:
            self.words[field.key] = found
            self.all_words.append(found)

    def _add_list(self, field: Field, values: list[Value]) -> None:
        texts = [_text(value) for value in values]
        self.exact[field.key] = [exact_term(text, is_keyword=field.is_keyword) for text in texts]
        if not field.is_keyword:
            found = " ".join([word for text in texts for word in analyse(text)])
            if found:
                self.words[field.key] = found
                self.all_words.append(found)

    def _add_numbers(self, field: Field, values: list[Value]) -> None:
        """Take in numbers that a document is not sorted by: those of lists and in texts."""
        for value in values:
            if type(value) is str and value[:1] not in _NUMBER_BEGINS:
                continue
            number = number_of(value)
            if number is not None:
                column = field.written if isinstance(value, str) else field.numbers
                known = _as_list(self.sorts.get(column, []))
                if not known:
                    self.present.append(field.has_numbers)
                self.sorts[column] = [*known, encode_number(number)]


def _text(value: Value) -> str:
    """Return ``text_form`` of a value, with a short way for the usual ones."""
    kind = type(value)
    if kind is str:
        return value  # type: ignore[return-value]
    if kind is bool:
        return "true" if value else "false"
    return str(value) if kind is int else text_form(value)


def _as_list(value: object) -> list:  # type: ignore[type-arg]
    return value if isinstance(value, list) else [value]
