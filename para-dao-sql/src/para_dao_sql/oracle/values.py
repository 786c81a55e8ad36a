"""Values as they are sent to Oracle, and what comes back.

Oracle takes a value without a byte for no value at all. So one byte stands before it, and before
values that begin with that byte; all others stay as they are, and all stay in their order.
"""

from __future__ import annotations

__all__ = ["received", "sent"]

_MARK = b"\x00"


def sent(value: object) -> object:
    """Return a value that is there for Oracle too; texts and numbers are what they are."""
    if isinstance(value, bytes) and (not value or value[0] == 0):
        return _MARK + value
    return value


def received(value: object) -> object:
    """Return a value as it was before ``sent``."""
    if isinstance(value, bytes) and value.startswith(_MARK):
        return value[1:]
    return value
