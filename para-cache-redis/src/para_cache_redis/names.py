"""Names of keys in Redis, and what stands in the values.

Nothing is named by a counter that could start again. Two random tokens make what is stored true:
the **epoch** of the server, and the **generation** of an app. Records and values carry both, and
count only while they are the current ones; so an app, or everything, is dropped by changing eight
bytes, and a token that got lost takes with it what it belonged to.
"""

from __future__ import annotations

import secrets
from struct import Struct

from para_core.contracts.dao import Record

__all__ = [
    "RUN_BYTES",
    "TOKEN_BYTES",
    "Names",
    "change_text",
    "decode_record",
    "encode_record",
    "epoch_token",
    "new_token",
]

TOKEN_BYTES = 8
CHANGE_DIGITS = 20  # texts of equal length compare as their numbers do
RUN_BYTES = 40  # of the value of the epoch: the run of the server, before the token
_HEAD = 2 * TOKEN_BYTES + CHANGE_DIGITS
_KIND_LENGTH = Struct(">cI")
USUAL, SHORT = b"u", b"s"  # how long a record lives: the usual time, or one that was asked for


class Names:
    """The keys of one cluster of nodes."""

    def __init__(self, cluster: str) -> None:
        self._prefix = _quoted(cluster.strip() or "para")
        self.epoch = f"{self._prefix}::epoch".encode()
        self.nodes = f"{self._prefix}::nodes".encode()
        self.news = f"{self._prefix}::news".encode()

    def generation(self, appid: str) -> bytes:
        """Return the key with the generation of an app."""
        return self._name(appid, "g", "")

    def record(self, appid: str, key: str) -> bytes:
        """Return the key of a record."""
        return self._name(appid, "r", key)

    def marker(self, appid: str, key: str) -> bytes:
        """Return the key with the greatest change that was seen of a record."""
        return self._name(appid, "m", key)

    def value(self, appid: str, name: str) -> bytes:
        """Return the key of a value."""
        return self._name(appid, "v", name)

    def counter(self, appid: str, name: str) -> bytes:
        """Return the key of a counter."""
        return self._name(appid, "c", name)

    def _name(self, appid: str, kind: str, name: str) -> bytes:
        text = f"{self._prefix}:{_quoted(appid)}:{kind}:{name}"
        return text.encode("utf-8", "surrogatepass")


def _quoted(text: str) -> str:
    return text.replace("%", "%25").replace(":", "%3A")


def new_token() -> bytes:
    """Return a token that was never used before."""
    return secrets.token_bytes(TOKEN_BYTES)


def epoch_token(epoch: bytes) -> bytes:
    """Return the token in the value of the epoch."""
    return epoch[RUN_BYTES:]


def change_text(change: int) -> bytes:
    """Return the number of a change as it is compared in Redis."""
    return b"%020d" % change


def encode_record(record: Record, *, is_short: bool) -> bytes:
    """Return what follows the tokens and the change in the value of a record."""
    kind = record.type.encode("utf-8", "surrogatepass")
    life = SHORT if is_short else USUAL
    return _KIND_LENGTH.pack(life, len(kind)) + kind + record.data


def decode_record(key: str, found: bytes) -> tuple[Record, bool]:
    """Return the record, and whether it lives for a short time only."""
    life, length = _KIND_LENGTH.unpack_from(found, _HEAD)
    start = _HEAD + _KIND_LENGTH.size
    end = start + length
    kind = found[start:end].decode("utf-8", "surrogatepass")
    change = int(found[2 * TOKEN_BYTES : _HEAD])
    return Record(key, kind, found[end:], change), life == SHORT
