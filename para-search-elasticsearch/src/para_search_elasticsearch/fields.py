"""Where an index holds the values of a path: names of fields, in the plain form and the nested one.

Every path has up to six fields, each with one kind of value, so that what apps put into their
objects can never clash: *words* and *whole* values to be found, *number*, *numbers* and *written*
to be compared, and *text* to be sorted by. Fields that Para declares always have names of their
own; custom ones have too in the plain form, and are list items with a key in the nested form.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

from para_core.query.fields import is_keyword

__all__ = ["CUSTOM", "WHOLE_CHARS", "Place", "key_of", "place_of", "whole_term"]

CUSTOM = "properties"
WHOLE_CHARS = 8000
"""How much of a whole value is a term: 4 bytes a character stay below 32766, the longest term."""

_KEY_CHARS = 150
_NO_NAME = "_-_"


@dataclass(frozen=True, slots=True)
class Place:
    """The fields of one path."""

    key: str
    """The path in letters, digits, ``-`` (a dot) and ``_``; no two paths share one."""

    is_keyword: bool
    is_nested: bool
    """Whether the fields are those of an item of a list that has this key."""

    words: str
    """The words of analysed values, in their order."""

    whole: str
    """Whole values."""

    number: str
    """The number that a document is sorted by."""

    numbers: str
    """Other numbers: those of lists, and of a linker's two objects."""

    written: str
    """Numbers that texts write."""

    text: str
    """The text that a document is sorted by."""


@lru_cache(maxsize=16384)
def place_of(path: str, *, nested: bool) -> Place:
    """Return the fields of a path; ``nested`` is the form of the index."""
    key, keyword = key_of(path), is_keyword(path)
    is_custom = path.startswith(f"{CUSTOM}.")
    if is_custom and nested:
        return Place(
            key,
            is_keyword=keyword,
            is_nested=True,
            words=f"{CUSTOM}.v",
            whole=f"{CUSTOM}.w",
            number=f"{CUSTOM}.vn",
            numbers=f"{CUSTOM}.vm",
            written=f"{CUSTOM}.vt",
            text=f"{CUSTOM}.s",
        )
    words = f"{CUSTOM}.{key[len(CUSTOM) + 1 :] or _NO_NAME}" if is_custom else key
    return Place(
        key,
        is_keyword=keyword,
        is_nested=False,
        words=words,
        whole=_whole_field(path, key) if keyword else f"_whole.{key}",
        number=f"_number.{key}",
        numbers=f"_numbers.{key}",
        written=f"_written.{key}",
        text=f"_text.{key}",
    )


def _whole_field(path: str, key: str) -> str:
    return "_latlng" if path == "latlng" else key  # latlng itself is a point on the map


def key_of(path: str) -> str:
    """Return a path in characters that mean nothing in the name of a field."""
    key = "".join(map(_safe, path))
    if len(key) > _KEY_CHARS:
        begin = f"{CUSTOM}-" if path.startswith(f"{CUSTOM}.") else ""
        digest = blake2b(path.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        return f"{begin}_h-{digest}_"
    return key or _NO_NAME


def _safe(char: str) -> str:
    if char.isascii() and char.isalnum():
        return char
    return {".": "-", "_": "__"}.get(char) or f"_{ord(char):x}_"


def whole_term(text: str) -> str:
    """Return the term of a whole value; of a long one, its beginning and a hash."""
    if len(text) <= WHOLE_CHARS:
        return text
    return f"{text[:WHOLE_CHARS]}\x1f{blake2b(text.encode(), digest_size=10).hexdigest()}"
