"""What the index of an app holds, and how paths, numbers and texts are written into it.

One schema serves every app, whatever its objects look like. Open-ended fields live in JSON fields
of the engine, one for each use, in which every path holds one kind of value only:

===========  ======================================================================
``id``       the object's id, stored; what a new version or a delete replaces
``type``     the object's type
``docid``    a number that grows with every indexing: ``_docid``
``words``    the words of the analysed fields, by path
``allwords`` the same without paths, for searches without a field
``exact``    whole values, by path, where they are no single word that ``words`` has
``sorts``    numbers and the first bytes of texts as 64-bit integers, by path
``present``  which paths have a value, and what it sorts like
``lat lng``  the place of an object
``source``   the stored JSON of an object that lives in the index only
``state``    on one document without type: how far the index is
===========  ======================================================================

``timestamp``, ``updated`` and ``votes`` have columns of their own, since lists are sorted by them.
The values of ``id`` and ``type`` are in their own fields only.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

from tantivy import Schema, SchemaBuilder

from para_core.query.fields import is_keyword
from para_core.remembering import remembered

__all__ = [
    "CHUNKS",
    "EXACT_CHARS",
    "FORMAT",
    "GREATEST",
    "LEAST",
    "NATIVE_SORTS",
    "STATE_ID",
    "Field",
    "build_schema",
    "encode_number",
    "exact_term",
    "field_of",
    "field_of_key",
    "text_chunks",
]

FORMAT = 1
"""Grows when the schema or the way values are written changes; older indexes are built again."""

STATE_ID = "\x1estate"
"""Id of the document that says how far the index is; no object has a control character there."""

NATIVE_SORTS = frozenset(["timestamp", "updated", "votes"])

LEAST, GREATEST = -(2**63), 2**63 - 1
"""The smallest and the greatest number that a column holds."""

CHUNKS = 4
"""How many columns of 8 bytes each a text is sorted by."""

EXACT_CHARS = 32
"""How much of an analysed value is a term; what comes after is hashed: long unique terms cost."""

_OWN_FIELDS = frozenset(["id", "type"])
_CUSTOM = "properties."
_HASHED = "zhz"
_ESCAPED = re.compile("z([0-9a-f]+)z")
_CHUNK_BYTES = 8
_KEY_CHARS = 150  # of a path; longer ones are hashed, since a term has at most 65530 bytes
_WHOLE_CHARS = 8000  # of a keyword value; the same
_PACK_DOUBLE, _UNPACK_LONG = struct.Struct(">d").pack, struct.Struct(">q").unpack
_UNPACK = [struct.Struct(f">{count}Q").unpack for count in range(CHUNKS + 1)]


def build_schema() -> Schema:
    """Return the schema that all indexes have."""
    builder = SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("type", tokenizer_name="raw", index_option="basic")
    builder.add_integer_field("docid", indexed=True, fast=True)
    for name in sorted(NATIVE_SORTS):
        builder.add_integer_field(name, indexed=name == "timestamp", fast=True)
    builder.add_json_field("words", tokenizer_name="whitespace", index_option="position")
    builder.add_text_field("allwords", tokenizer_name="whitespace", index_option="position")
    builder.add_json_field("exact", tokenizer_name="raw", index_option="basic")
    builder.add_json_field("sorts", tokenizer_name="raw", index_option="basic", fast=True)
    builder.add_text_field("present", tokenizer_name="whitespace", index_option="basic")
    builder.add_float_field("lat", fast=True)
    builder.add_float_field("lng", fast=True)
    builder.add_bytes_field("source", stored=True)
    builder.add_text_field("state", stored=True, tokenizer_name="raw", index_option="basic")
    return _without_waste(builder.build())


def _without_waste(schema: Schema) -> Schema:
    """Return the schema without terms that nobody looks for, and without norms.

    Both take a third of the time to index an object. The builder of the bindings cannot leave them
    out, but a schema can be taken apart and put together again, as pickling does it.
    """
    reduced = schema.__reduce__()
    assert isinstance(reduced, tuple)  # noqa: S101 - else it would be the name of a global
    make, (description,) = reduced
    for field in description["inner"]:
        options = field["options"]
        if field["name"] in ("sorts", "state"):
            options["indexing"] = None
        elif options.get("indexing"):
            options["indexing"]["fieldnorms"] = False
    made: Schema = make(description)
    return made


@dataclass(frozen=True, slots=True)
class Field:
    """How one path is named in the index."""

    path: str
    key: str
    """The path in letters and digits; no two paths share one, and none begins with another's."""

    is_keyword: bool
    is_own: bool
    """Whether the values are in a field of the engine's document of their own."""

    column: str | None
    """The column that convert writes numbers to; ``None`` where it is one of its own."""

    parts: str
    """The key of the words of linkers there, one object far from the other, for loose phrases."""

    number: str
    """The column of the numbers a document is sorted by."""

    numbers: str
    """The column of numbers in lists, which it is not sorted by."""

    written: str
    """The column of numbers that texts write."""

    texts: tuple[str, ...]
    """The columns of the bytes it is sorted by, eight bytes each."""

    is_number: str
    """The mark of documents that this path sorts by a number."""

    is_text: str
    """The mark of documents that this path sorts by a text."""

    is_flag: str
    """The mark of documents that this path sorts by ``true`` or ``false``."""

    is_nested: str
    """The mark of linkers that have values there in their two objects; they sort nothing."""

    has_numbers: str
    """The mark of documents with more numbers there than one to sort by."""

    @property
    def marks(self) -> list[str]:
        """All marks of documents that have a value there."""
        return [self.is_number, self.is_text, self.is_flag, self.is_nested]


@remembered(most=16384, longest=_KEY_CHARS)
def field_of(path: str) -> Field:
    """Return how a path is named in the index."""
    return _field(path, _key(path))


@remembered(most=16384, longest=_KEY_CHARS)
def field_of_key(key: str) -> Field:
    """Return the field with this key; one with a hashed key does not know its path."""
    if key.startswith(_HASHED):
        return _field("", key)
    is_custom = key.startswith("Y")
    path = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), key[is_custom:-1])
    return _field(f"{_CUSTOM if is_custom else ''}{path}", key)


def _field(path: str, key: str) -> Field:
    return Field(
        path=path,
        key=key,
        is_keyword=is_keyword(path),
        is_own=path in _OWN_FIELDS,
        column=None if path in NATIVE_SORTS else f"n{key}",
        parts=f"{key}Y",
        number=f"n{key}",
        numbers=f"m{key}",
        written=f"w{key}",
        texts=tuple(f"s{chunk}{key}" for chunk in range(CHUNKS)),
        is_number=f"n{key}",
        is_text=f"t{key}",
        is_flag=f"b{key}",
        is_nested=f"o{key}",
        has_numbers=f"m{key}",
    )


def _key(path: str) -> str:
    """Return a path without characters that mean something in a query or a pattern.

    ``z`` begins and ends what stands for another character, so it is written that way itself, and
    ``Y`` stands for ``properties.``; the final ``Z`` keeps ``a`` from being the beginning of
    ``ab``.
    """
    is_custom = path.startswith(_CUSTOM)
    rest = path[len(_CUSTOM) :] if is_custom else path
    plain = "".join(
        char if char.isascii() and char.isalnum() and char not in "zYZ" else f"z{ord(char):x}z"
        for char in rest
    )
    if len(plain) > _KEY_CHARS:
        return f"{_HASHED}{_hash(path)}Z"
    return f"{'Y' if is_custom else ''}{plain}Z"


def exact_term(text: str, *, is_keyword: bool) -> str:
    """Return the term of a whole value; of a long one, its beginning and a hash."""
    limit = _WHOLE_CHARS if is_keyword else EXACT_CHARS
    return text if len(text) <= limit else f"{text[:limit]}\x1f{_hash(text)}"


def encode_number(value: float) -> int:
    """Return an integer that sorts like the number among the integers of all doubles; 0 for 0."""
    bits: int = _UNPACK_LONG(_PACK_DOUBLE(value))[0]
    if bits >= 0:
        return bits
    return -(bits & GREATEST)  # doubles are sign and magnitude; -0.0 becomes 0


def text_chunks(text: str) -> Sequence[int]:
    """Return the beginning of a text as integers that sort like its UTF-8 bytes.

    Texts of fewer bytes have fewer integers: a text of 8 bytes has a second one (for its end), so
    that what lacks the second one differs in the first from what has it.
    """
    return _short_chunks(text) if len(text) < _CHUNK_BYTES else _chunks(text)


@lru_cache(maxsize=4096)
def _short_chunks(text: str) -> Sequence[int]:
    return _chunks(text)


def _chunks(text: str) -> Sequence[int]:
    data = text.encode("utf-8", "surrogatepass")
    count = min(len(data) // _CHUNK_BYTES + 1, CHUNKS)
    padded = data[: CHUNKS * _CHUNK_BYTES].ljust(count * _CHUNK_BYTES, b"\0")
    return [chunk + LEAST for chunk in _UNPACK[count](padded)]


def _hash(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()
