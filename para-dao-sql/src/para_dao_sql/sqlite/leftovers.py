"""What removed apps leave behind, cleared in small steps so that nobody waits for long."""

from __future__ import annotations

import sqlite3

from para_dao_sql.sqlite.catalog import SHARED_TABLE, Place

__all__ = ["clear_some", "leave"]

_MOST = 2000  # rows in one step: some 15 ms
_CLEAR_CHANGES = (
    "DELETE FROM objects_changes WHERE app = ?1 AND number IN "
    "(SELECT number FROM objects_changes WHERE app = ?1 LIMIT ?2)"
)
_CLEAR_SHARED = (
    f"DELETE FROM {SHARED_TABLE} WHERE rowid IN "  # noqa: S608
    f"(SELECT rowid FROM {SHARED_TABLE} WHERE app = ? LIMIT ?)"
)
_CLEAR_OWN = "DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM {table} LIMIT ?)"


def leave(connection: sqlite3.Connection, place: Place) -> None:
    """Note that the rows of an app, which has left the catalog, are to be cleared."""
    note = "INSERT INTO objects_leftovers (app, home) VALUES (?, ?)"
    connection.execute(note, (place.app, place.table))


def clear_some(connection: sqlite3.Connection) -> bool:
    """Clear some rows, in the transaction of the caller; return whether there may be more."""
    query = "SELECT app, home FROM objects_leftovers LIMIT 1"
    found = connection.execute(query).fetchone()
    if found is None:
        return False
    app, table = found
    left = _MOST - connection.execute(_CLEAR_CHANGES, (app, _MOST)).rowcount
    if table == SHARED_TABLE:
        left -= connection.execute(_CLEAR_SHARED, (app, left)).rowcount
    else:
        left -= connection.execute(_CLEAR_OWN.format(table=table), (left,)).rowcount
    if left:
        if table != SHARED_TABLE:
            connection.execute(f"DROP TABLE {table}")
        connection.execute("DELETE FROM objects_leftovers WHERE app = ?", (app,))
    return True
