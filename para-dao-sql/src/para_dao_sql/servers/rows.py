"""How texts, ids and records look in the tables."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from para_core.contracts.dao import Record

__all__ = ["LONGEST_KEY", "encode", "key_of", "record_of"]

LONGEST_KEY = 1024
"""Bytes of an id that are indexed; an entry has 2,700 at most in PostgreSQL, 3,072 in MariaDB."""


def encode(text: str) -> bytes:
    """Return a text as it is stored: as bytes, which are compared as they are.

    PostgreSQL's own texts cannot hold U+0000, and those of MariaDB end before trailing spaces.
    """
    return text.encode()


def key_of(text: str) -> bytes:
    """Return the primary key for an id: its bytes, or, if they are many, some and a digest.

    Keys are as different as ids: no key of a short id is as long as one with a digest.
    """
    encoded = text.encode()
    if len(encoded) <= LONGEST_KEY:
        return encoded
    return encoded[:LONGEST_KEY] + hashlib.sha256(encoded).digest()


def record_of(row: Sequence[Any]) -> Record:
    """Return the record in a row of key, id, type, data, change."""
    key, long_id, kind, data, change = row
    return Record((long_id or key).decode(), kind.decode(), data, change)
