"""Which app lives in which table, and the SQL that reaches its records."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from functools import lru_cache

from para_core.tables import table_name

__all__ = ["SHARED_TABLE", "Catalog", "Place", "Statements", "create_table"]

SHARED_TABLE = "objects_shared"

_COLUMNS = "id, type, data, change"  # the order of the fields of Record
_FRESH = "type = excluded.type, change = excluded.change, data = excluded.data"


@dataclass(frozen=True, slots=True)
class Statements:
    """The SQL for one table. Values come in the order of ``Place.first``, then the id."""

    read: str
    change: str
    page: str
    page_of_kind: str
    changed: str
    put: str
    delete: str

    def read_many(self, count: int) -> str:
        """Return the query for so many ids."""
        return f"{self.read[:-4]} IN ({', '.join('?' * count)})"


@dataclass(frozen=True, slots=True)
class Place:
    """Where one app keeps its records."""

    app: int  # the number of the app in this file; never given twice
    table: str
    sql: Statements
    first: tuple[int, ...] = ()  # leading values of every statement: the app, in a shared table

    @property
    def shared(self) -> bool:
        """Tell whether other apps have records in the same table."""
        return bool(self.first)


@dataclass(slots=True)
class Catalog:
    """All apps of the file. The writer thread changes it, after its commit; others only look."""

    places: dict[str, Place] = field(default_factory=dict)
    last_changes: dict[str, int] = field(default_factory=dict)
    number: int = 0  # the highest change number that was ever given
    generation: int = 0  # another one when apps were made or removed

    @classmethod
    def load(cls, connection: sqlite3.Connection) -> Catalog:
        """Read the catalog of a file."""
        catalog = cls(generation=_generation(connection))  # first: what follows may be newer
        query = "SELECT appid, app, shared, last_change FROM objects_apps ORDER BY app"
        for appid, app, shared, last_change in connection.execute(query):
            catalog.places[appid] = place_of(app, appid, shared=bool(shared))
            catalog.last_changes[appid] = last_change
        (kept,) = connection.execute("SELECT number FROM objects_counter").fetchone()
        catalog.number = max(kept, *catalog.last_changes.values(), 0)
        return catalog

    def renew(self, connection: sqlite3.Connection) -> None:
        """Take in the apps that other processes have made or removed; the others stay as they are.

        What they changed last is not kept up to date by this.
        """
        if _generation(connection) == self.generation:
            return
        fresh = Catalog.load(connection)
        known = self.places
        self.places = {
            appid: old if (old := known.get(appid)) == place else place
            for appid, place in fresh.places.items()
        }
        self.generation = fresh.generation


def _generation(connection: sqlite3.Connection) -> int:
    """Return a number that grows with each app that is made or removed."""
    query = "SELECT seq FROM sqlite_sequence WHERE name = 'objects_apps'"
    row = connection.execute(query).fetchone()
    return 0 if row is None else int(row[0])


def place_of(app: int, appid: str, *, shared: bool) -> Place:
    """Return where an app with this number keeps its records."""
    if shared:
        return Place(app, SHARED_TABLE, _statements(SHARED_TABLE, shared=True), (app,))
    table = table_name(app, appid)
    return Place(app, table, _statements(table, shared=False))


def create_table(connection: sqlite3.Connection, appid: str, *, shared: bool) -> Place:
    """Give an app its number and its table, inside the transaction of the caller."""
    insert = "INSERT INTO objects_apps (appid, shared, last_change) VALUES (?, ?, 0)"
    app = connection.execute(insert, (appid, shared)).lastrowid or 0
    place = place_of(app, appid, shared=shared)
    if not shared:
        connection.execute(
            f"CREATE TABLE {place.table} (id TEXT PRIMARY KEY NOT NULL, type TEXT NOT NULL, "
            "change INTEGER NOT NULL, data BLOB NOT NULL)"
        )
    return place


@lru_cache(maxsize=1024)
def _statements(table: str, *, shared: bool) -> Statements:
    app, columns, key = ("app = ? AND ", f"app, {_COLUMNS}", "app, id")
    if not shared:
        app, columns, key = "", _COLUMNS, "id"
    marks = ", ".join("?" * len(columns.split(",")))
    select = f"SELECT {_COLUMNS} FROM {table} WHERE {app}"  # noqa: S608 (names come from table_name)
    return Statements(
        read=f"{select}id = ?",
        change=f"SELECT change FROM {table} WHERE {app}id = ?",  # noqa: S608
        page=f"{select}id > ? ORDER BY id LIMIT ?",
        page_of_kind=f"{select}id > ? AND type = ? ORDER BY id LIMIT ?",
        changed=f"{select}id > ? AND change > ? ORDER BY id LIMIT ?",
        put=f"INSERT INTO {table} ({columns}) VALUES ({marks}) "  # noqa: S608
        f"ON CONFLICT ({key}) DO UPDATE SET {_FRESH}",
        delete=f"DELETE FROM {table} WHERE {app}id = ?",  # noqa: S608
    )
