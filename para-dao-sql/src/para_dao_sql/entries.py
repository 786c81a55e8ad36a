"""How an entry of the change feed is stored: its ids, and the note of the writer if it has one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec
from msgspec import Raw, Struct

from para_core.contracts.dao import Change

__all__ = ["heard", "rows_of", "told"]


class _Noted(Struct):
    """The entry of a write with a note; others are stored as the bare list of their ids."""

    keys: Sequence[str]
    note: Raw


_decode = msgspec.json.Decoder(list[str] | _Noted).decode


def told(keys: Sequence[str], note: bytes) -> bytes:
    """Return an entry as it is stored."""
    return msgspec.json.encode(_Noted(keys, Raw(note)) if note else keys)


def rows_of(changes: Iterable[Change]) -> Iterator[tuple[int, str, bytes]]:
    """Return entries as they are stored: number, event, and what is told."""
    return ((one.number, one.event, told(one.keys, one.note)) for one in changes)


def heard(entry: str | bytes) -> tuple[list[str], bytes]:
    """Return ids and note of a stored entry."""
    found = _decode(entry)
    if isinstance(found, _Noted):
        return list(found.keys), bytes(found.note)
    return found, b""
