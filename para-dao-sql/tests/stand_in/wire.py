"""Tokens and values of TDS 7.4, as far as the stand-in needs them; see [MS-TDS]."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = [
    "Reader",
    "Refusal",
    "column_types",
    "done",
    "environment",
    "error",
    "login_answer",
    "prelogin_answer",
    "refusal_of",
    "rows_of",
]

_INTN, _INT8, _VARBINARY, _NVARCHAR = 0x26, 0x7F, 0xA5, 0xE7
_COLLATION = bytes([9, 4, 0xD0, 0, 0x34])
_LONG = 0xFFFF
_NULL_LONG = b"\xff" * 8


@dataclass(frozen=True)
class Refusal:
    """What the server says to whoever signs in."""

    number: int
    words: str


class Reader:
    """Takes a message apart."""

    def __init__(self, body: bytes) -> None:
        self._body, self._at = body, 0

    def take(self, size: int) -> bytes:
        """Return the next bytes."""
        part = self._body[self._at : self._at + size]
        assert len(part) == size
        self._at += size
        return part

    def integer(self, size: int) -> int:
        """Return a number."""
        return int.from_bytes(self.take(size), "little")

    def parameters(self) -> Iterator[tuple[str, object]]:
        """Return the names and values that a procedure is called with."""
        while self._at < len(self._body):
            name = self.take(2 * self.integer(1)).decode("utf-16-le")
            self.integer(1)  # flags
            yield name, self._value(self.integer(1))

    def _value(self, kind: int) -> object:
        match kind:
            case 0x7F:
                return int.from_bytes(self.take(8), "little", signed=True)
            case 0x26:
                self.integer(1)
                found = self.take(self.integer(1))
                return int.from_bytes(found, "little", signed=True) if found else None
            case 0xA5:
                return self._sized()
            case 0xE7:
                found_text = self._sized(skipped=5)
                return None if found_text is None else found_text.decode("utf-16-le")
        raise AssertionError(f"a value of the type {kind:#x}")

    def _sized(self, skipped: int = 0) -> bytes | None:
        most = self.integer(2)
        self.take(skipped)  # a collation
        if most != _LONG:
            size = self.integer(2)
            return None if size == _LONG else self.take(size)
        if self.take(8) == _NULL_LONG:
            return None
        found = b""
        while size := self.integer(4):
            found += self.take(size)
        return found


def _short(text: str) -> bytes:
    return bytes([len(text)]) + text.encode("utf-16-le")


def _token(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + struct.pack("<H", len(body)) + body


def error(number: int, words: str) -> bytes:
    """Return the token of an error."""
    said = struct.pack("<H", len(words)) + words.encode("utf-16-le")
    return _token(
        0xAA, struct.pack("<IBB", number, 1, 16) + said + _short("stand-in") + _short("") + bytes(4)
    )


def done(status: int, count: int = 0, *, token: int = 0xFD) -> bytes:
    """Return the token at the end of a statement."""
    return bytes([token]) + struct.pack("<HHQ", status, 0, count)


def environment(kind: int, new: bytes, old: bytes) -> bytes:
    """Return the token that tells of a change."""
    return _token(0xE3, bytes([kind, len(new)]) + new + bytes([len(old)]) + old)


def prelogin_answer(encryption: int) -> bytes:
    """Return what the server says before anybody signs in: its version, and if it encrypts."""
    places = struct.pack(">BHHBHHB", 0, 11, 6, 1, 17, 1, 0xFF)
    return places + bytes([16, 0, 0, 0, 0, 0, encryption])


def refusal_of(login: bytes) -> Refusal | None:
    """Return what is said to strangers, and to those who want another database."""

    def named(place: int) -> str:
        begin, size = struct.unpack_from("<HH", login, place)
        return login[begin : begin + 2 * size].decode("utf-16-le")

    if (user := named(40)) != "user":
        return Refusal(18456, f"Login failed for user '{user}'.")
    if (database := named(68)) != "para":
        return Refusal(4060, f'Cannot open database "{database}" requested by the login.')
    return None


def login_answer(refusal: Refusal | None) -> bytes:
    """Return the answer to whoever signs in."""
    if refusal is not None:
        return error(refusal.number, refusal.words) + done(2)
    acknowledged = b"\1" + bytes.fromhex("74000004") + _short("stand-in") + bytes([16, 0, 0, 0])
    database = _token(0xE3, b"\1" + _short("para") + _short("master"))
    return database + _token(0xAD, acknowledged) + done(0)


def column_types(rows: Sequence[Sequence[Any]]) -> list[type]:
    """Return of which type the values of each column are; bytes where there is none."""
    width = len(rows[0]) if rows else 0
    return [
        next((type(row[column]) for row in rows if row[column] is not None), bytes)
        for column in range(width)
    ]


def rows_of(rows: Sequence[Sequence[Any]], types: Sequence[type]) -> bytes:
    """Return the tokens of a result."""
    head = b"\x81" + struct.pack("<H", len(types))
    head += b"".join(bytes(4) + struct.pack("<H", 1) + _type(kind) + _short("c") for kind in types)
    return head + b"".join(
        b"\xd1" + b"".join(_value(value, kind) for value, kind in zip(row, types, strict=True))
        for row in rows
    )


def _type(kind: type) -> bytes:
    if kind is int:
        return bytes([_INTN, 8])
    if kind is bytes:
        return bytes([_VARBINARY]) + struct.pack("<H", _LONG)
    return bytes([_NVARCHAR]) + struct.pack("<H", 8000) + _COLLATION


def _value(value: Any, kind: type) -> bytes:  # noqa: ANN401
    if kind is int:
        return b"\0" if value is None else b"\x08" + struct.pack("<q", value)
    if kind is bytes:
        if value is None:
            return _NULL_LONG
        size = struct.pack("<Q", len(value))
        return size + (struct.pack("<I", len(value)) + value if value else b"") + bytes(4)
    encoded: bytes = value.encode("utf-16-le")
    return struct.pack("<H", len(encoded)) + encoded
