"""What opening makes of tables, in words."""

from __future__ import annotations

__all__ = ["change_of"]


def change_of(found: int | None, newest: int) -> str:
    """Return what becomes of tables of a format, ``None`` where there are none."""
    if found is None:
        return "makes the tables"
    return f"changes the tables from format {found} to {newest}" if found < newest else ""
