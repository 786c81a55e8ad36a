"""What can be done to the file inside one transaction of the writer thread."""

from __future__ import annotations

import sqlite3

from para_core.contracts.dao import Put, Write
from para_core.errors import ConflictError
from para_dao_sql.entries import told
from para_dao_sql.sqlite.catalog import Catalog, Place, create_table
from para_dao_sql.sqlite.leftovers import clear_some, leave

__all__ = ["Transaction"]


_TELL_REMOVAL = "UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'objects_apps'"


class Transaction:
    """Steps of several callers that are committed together.

    The catalog changes in ``publish``, after the commit. A step that raises a ``ParaError`` has
    written nothing, so the others can go on; after any other exception the whole is rolled back.
    """

    def __init__(self, connection: sqlite3.Connection, catalog: Catalog) -> None:
        self._connection = connection
        self._catalog = catalog
        self._number = catalog.number
        self._places: dict[str, Place | None] = {}  # None: removed
        self._last: dict[str, int] = {}

    def write(self, appid: str, write: Write, keys: list[str]) -> int:
        """Store a write and its entry in the feed; return its number."""
        place = self._find(appid)
        _check_expected(self._connection, place, write)
        if place is None:
            place = self._make(appid, shared=False)
        execute, first = self._connection.execute, place.first
        self._number = self._last[appid] = number = self._number + 1
        for put in write.puts:
            record = put.record
            execute(place.sql.put, (*first, record.id, record.type, record.data, number))
        for key in write.deletes:
            execute(place.sql.delete, (*first, key))
        execute(
            "INSERT INTO objects_changes (app, number, event, keys) VALUES (?, ?, ?, ?)",
            (place.app, number, write.event, told(keys, write.note).decode()),
        )
        return number

    def create_table(self, appid: str, *, shared: bool) -> int:
        """Make room for an app unless it has some."""
        if self._find(appid) is None:
            self._make(appid, shared=shared)
        return 0

    def delete_table(self, appid: str) -> int:
        """Remove an app; the counter stays above the numbers it had."""
        if (place := self._find(appid)) is not None:
            execute = self._connection.execute
            execute("DELETE FROM objects_apps WHERE app = ?", (place.app,))
            leave(self._connection, place)
            execute("UPDATE objects_counter SET number = ?", (self._number,))
            self._places[appid] = None
            self._last.pop(appid, None)
        return 0

    def clear_leftovers(self) -> int:
        """Clear a part of what removed apps left; return 1 if there may be more."""
        return int(clear_some(self._connection))

    def forget_changes(self, appid: str, upto: int) -> int:
        """Drop the old part of an app's feed."""
        if (place := self._find(appid)) is not None:
            delete = "DELETE FROM objects_changes WHERE app = ? AND number <= ?"
            self._connection.execute(delete, (place.app, upto))
        return 0

    def finish(self, *, has_peers: bool = False) -> None:
        """Do what is done once for all steps, before the commit.

        Args:
            has_peers: Whether other processes have to learn of changes and removed apps.
        """
        update = "UPDATE objects_apps SET last_change = ? WHERE appid = ?"
        for appid, number in self._last.items():
            self._connection.execute(update, (number, appid))
        if has_peers and self._last:
            self._connection.execute("UPDATE objects_counter SET number = ?", (self._number,))
        if has_peers and None in self._places.values():
            self._connection.execute(_TELL_REMOVAL)

    def publish(self) -> None:
        """Tell the readers what was committed."""
        catalog = self._catalog
        catalog.number = self._number
        for appid, place in self._places.items():
            catalog.last_changes.pop(appid, None)
            if place is None:
                catalog.places.pop(appid, None)
            else:
                catalog.places[appid] = place
        catalog.last_changes.update(self._last)

    def _find(self, appid: str) -> Place | None:
        if appid in self._places:
            return self._places[appid]
        return self._catalog.places.get(appid)

    def _make(self, appid: str, *, shared: bool) -> Place:
        place = create_table(self._connection, appid, shared=shared)
        self._places[appid] = place
        return place


def _check_expected(connection: sqlite3.Connection, place: Place | None, write: Write) -> None:
    stale = [
        put.record.id
        for put in write.puts
        if put.expect is not None and put.expect != _stored_change(connection, place, put)
    ]
    if stale:
        raise ConflictError(stale)


def _stored_change(connection: sqlite3.Connection, place: Place | None, put: Put) -> int:
    if place is None:
        return 0
    row = connection.execute(place.sql.change, (*place.first, put.record.id)).fetchone()
    return int(row[0]) if row else 0
