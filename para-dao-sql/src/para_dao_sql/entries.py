"""How an entry of the change feed is stored: its ids, and the note of the writer if it has one."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Raw, Struct

__all__ = ["heard", "told"]


class _Noted(Struct):
    """The entry of a write with a note; others are stored as the bare list of their ids."""

    keys: Sequence[str]
    note: Raw


_decode = msgspec.json.Decoder(list[str] | _Noted).decode


def told(keys: Sequence[str], note: bytes) -> bytes:
    """Return an entry as it is stored."""
    return msgspec.json.encode(_Noted(keys, Raw(note)) if note else keys)


def heard(entry: str | bytes) -> tuple[list[str], bytes]:
    """Return ids and note of a stored entry."""
    found = _decode(entry)
    if isinstance(found, _Noted):
        return list(found.keys), bytes(found.note)
    return found, b""
