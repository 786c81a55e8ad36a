"""Names of tables."""

from __future__ import annotations

import re

__all__ = ["table_name"]

_LONGEST = 40  # PostgreSQL cuts names after 63 bytes


def table_name(app: int, appid: str) -> str:
    """Return the name of an app's own table: its number, and its id for people to read.

    The number alone makes the name unique, so apps whose ids differ only in letter case, dashes or
    length never share a table. The result needs no quotes.
    """
    shown = re.sub(r"[^a-z0-9]+", "_", appid.lower()).strip("_")[:_LONGEST]
    return f"objects_{app}_{shown}".rstrip("_")
