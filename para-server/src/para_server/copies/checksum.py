"""What two copies of an app are compared by."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec

from para_core.contracts.dao import Record
from para_core.contracts.snapshot import Snapshot

__all__ = ["Checksum", "checksum_of"]

_MODULUS = 1 << 256
_PAGE = 500  # records

_decode, _encode = msgspec.json.decode, msgspec.json.encode


class Checksum:
    """Of many records, whatever order they come in: the sum of their digests.

    Records are equal when id and type are, and data is the same JSON value: databases may keep it
    in a form of their own. Change numbers do not count.
    """

    def __init__(self) -> None:
        self.count = 0
        self._sum = 0

    def add(self, records: Iterable[Record]) -> None:
        """Count some records in."""
        for record in records:
            head = f"{len(record.id)}:{record.id}{record.type}:".encode()
            digest = hashlib.sha256(head + _canonical(record.data)).digest()
            self._sum = (self._sum + int.from_bytes(digest)) % _MODULUS
            self.count += 1

    def __str__(self) -> str:
        """Return it for people and files."""
        return f"{self._sum:064x}"

    def __eq__(self, other: object) -> bool:
        """Return whether both are of equal records."""
        if not isinstance(other, Checksum):
            return NotImplemented
        return (self.count, self._sum) == (other.count, other._sum)

    def __hash__(self) -> int:
        """Return a number for sets."""
        return hash((self.count, self._sum))


async def checksum_of(seen: Snapshot, appid: str) -> Checksum:
    """Return the checksum of all records of an app."""
    checksum = Checksum()
    after = ""
    while page := await seen.read_page(appid, after=after, limit=_PAGE):
        checksum.add(page)
        after = page[-1].id
    return checksum


def _canonical(data: bytes) -> bytes:
    try:
        return _encode(_decode(data), order="deterministic")
    except (msgspec.DecodeError, RecursionError):
        return data  # damaged: then it has to be the same bytes
