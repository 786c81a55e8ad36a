"""Values as they are sent to SQL Server, and what comes back.

SQL Server takes binary values that differ only in zeros at their end for equal, in comparisons and
in unique indexes. So no value that is sent has a zero byte: U+0000 becomes two bytes, and U+0001,
with which both begin, two others. That keeps values as different as they were and in their order.
JSON, which names both by escapes, stays as it is.
"""

from __future__ import annotations

from pytds.tds_base import Param
from pytds.tds_types import (
    BigIntType,
    NVarCharType,
    VarBinaryMaxType,
    VarBinaryType,
)

__all__ = ["parameter", "received", "sent"]

_ZERO, _ONE = b"\x01\x01", b"\x01\x02"
_SHORT = 8000  # bytes of what is no VARBINARY(MAX)


def sent(value: bytes) -> bytes:
    """Return a value without zero bytes."""
    if b"\x01" in value or b"\x00" in value:
        return value.replace(b"\x01", _ONE).replace(b"\x00", _ZERO)
    return value


def received(value: object) -> object:
    """Return a value as it was before ``sent``; texts and numbers are what they are."""
    if isinstance(value, bytes) and b"\x01" in value:
        return value.replace(_ZERO, b"\x00").replace(_ONE, b"\x01")
    return value


def parameter(value: object) -> Param:
    """Return a value with its type, which the driver would otherwise guess from it.

    All numbers have one type, so that a statement has one plan.
    """
    match value:
        case bytes():
            encoded = sent(value)
            short = len(encoded) <= _SHORT
            return Param(type=VarBinaryType(_SHORT) if short else VarBinaryMaxType(), value=encoded)
        case int():
            return Param(type=BigIntType(), value=int(value))
        case str():
            return Param(type=NVarCharType(4000), value=value)
    raise TypeError(f"no value of SQL: {type(value).__name__}")
