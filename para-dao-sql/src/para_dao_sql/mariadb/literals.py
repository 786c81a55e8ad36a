"""Puts values into SQL, as MariaDB and MySQL read them.

Statements go with their values in them, several in one packet, which prepared ones cannot. What
the text means depends on the session, so ``connection`` sets it: UTF-8, and backslashes escape.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

__all__ = ["literal", "render"]

_PLACE = re.compile(r"\$(\d+)")


def render(query: str, values: Sequence[object]) -> bytes:
    """Return a statement with its values: ``$1`` is the first.

    A list is its items with commas between them, for ``IN ($1)``; a tuple has parentheses around
    it, so that a list of tuples is what follows ``VALUES``.
    """
    texts, places = _parts(query)
    if not places:
        return texts[0]
    made = [texts[0]]
    for place, text in zip(places, texts[1:], strict=True):
        made += (literal(values[place]), text)
    return b"".join(made)


def literal(value: object) -> bytes:
    """Return one value as SQL."""
    match value:
        case bytes():
            return b"_binary'" + _escaped(value) + b"'"
        case int():
            return b"%d" % value
        case str():
            return b"'" + _escaped(value.encode()) + b"'"
        case None:
            return b"NULL"
        case tuple():
            return b"(" + b",".join(map(literal, value)) + b")"
        case list():
            return b",".join(map(literal, value))
    raise TypeError(f"no value of SQL: {type(value).__name__}")


def _escaped(value: bytes) -> bytes:
    # In UTF-8 no part of another character looks like these two, and nothing else ends a text.
    return value.replace(b"\\", b"\\\\").replace(b"'", b"\\'")


@lru_cache(maxsize=4096)
def _parts(query: str) -> tuple[tuple[bytes, ...], tuple[int, ...]]:
    pieces = _PLACE.split(query)
    return tuple(text.encode() for text in pieces[::2]), tuple(int(n) - 1 for n in pieces[1::2])
