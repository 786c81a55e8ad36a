"""What is read from the file, on whichever connection is at hand."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from para_core.contracts.dao import Change, Record
from para_dao_sql.entries import heard
from para_dao_sql.sqlite.catalog import Place

__all__ = ["read_changed", "read_changes", "read_last_change", "read_many", "read_one", "read_page"]

_SIZES = (1, 8, 32, 128, 512)  # few lengths of lists, so that few statements are prepared
_LONGEST = _SIZES[-1]
_HIGHEST = 2**63 - 1  # what an INTEGER of SQLite holds


def read_one(connection: sqlite3.Connection, place: Place, key: str) -> Record | None:
    """Return the record with this id."""
    row = connection.execute(place.sql.read, (*place.first, key)).fetchone()
    return None if row is None else Record(*row)


def read_many(
    connection: sqlite3.Connection, place: Place, keys: Sequence[str]
) -> dict[str, Record]:
    """Return the records with these ids, in the order of the ids."""
    found: dict[str, Record] = {}
    for start in range(0, len(keys), _LONGEST):
        part = list(keys[start : start + _LONGEST])
        size = next(size for size in _SIZES if size >= len(part))
        part += part[-1:] * (size - len(part))
        rows = connection.execute(place.sql.read_many(size), (*place.first, *part))
        found.update((row[0], Record(*row)) for row in rows)
    return {key: found[key] for key in keys if key in found}


def read_page(
    connection: sqlite3.Connection, place: Place, after: str, limit: int, kind: str | None
) -> list[Record]:
    """Return the next records in the order of their ids."""
    rows: Iterable[tuple[str, str, bytes, int]]
    if kind is None:
        rows = connection.execute(place.sql.page, (*place.first, after, limit))
    else:
        rows = connection.execute(place.sql.page_of_kind, (*place.first, after, kind, limit))
    return [Record(*row) for row in rows]


def read_changed(
    connection: sqlite3.Connection, place: Place, after: str, limit: int, change: int
) -> list[Record]:
    """Return the next records that were written by later changes, in the order of their ids."""
    rows = connection.execute(place.sql.changed, (*place.first, after, change, limit))
    return [Record(*row) for row in rows]


def read_last_change(connection: sqlite3.Connection, place: Place) -> int:
    """Return the number of the last change of an app."""
    query = "SELECT last_change FROM objects_apps WHERE app = ?"
    row = connection.execute(query, (place.app,)).fetchone()
    return 0 if row is None else int(row[0])


def read_changes(
    connection: sqlite3.Connection, place: Place, after: int, limit: int
) -> list[Change]:
    """Return the next entries of a feed."""
    rows = connection.execute(
        "SELECT number, event, keys FROM objects_changes WHERE app = ? AND number > ? "
        "ORDER BY number LIMIT ?",
        (place.app, min(after, _HIGHEST), min(limit, _HIGHEST)),
    )
    return [Change(number, event, *heard(keys)) for number, event, keys in rows]
