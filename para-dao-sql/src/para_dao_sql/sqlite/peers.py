"""Several processes of one server on one file: whose turn it is, and what the others have done.

SQLite lets them read at any time. Writers take turns by a lock of the system rather than by
SQLite's own, which is asked again and again: so the next one begins at once, and the system frees
the lock of a process that was killed. What a process remembers of the file (its apps, the highest
number of a change) is compared with the file before it is used.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from para_dao_sql.sqlite.catalog import Catalog

__all__ = ["Peers"]

_COUNTER = (
    "UPDATE objects_counter SET number = "
    "max(number, coalesce((SELECT max(last_change) FROM objects_apps), 0))"
)


class Peers:
    """The other processes that have the file open."""

    def __init__(self, file: Path) -> None:
        name = file.with_name(f"{file.name}.turn")
        self._turn = os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._version = -1  # of the file, as the event loop's connection saw it last

    def close(self) -> None:
        """Let go of the lock file."""
        os.close(self._turn)

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Write while no other process does; waits until the others have had their turn."""
        fcntl.flock(self._turn, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._turn, fcntl.LOCK_UN)

    def join(self, connection: sqlite3.Connection) -> None:
        """Bring the counter up to date, which a process that was alone keeps in its memory."""
        with self.turn():
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(_COUNTER)
            connection.execute("COMMIT")

    def look(self, connection: sqlite3.Connection, catalog: Catalog) -> None:
        """Before a read: take in the apps that others have made or removed."""
        version = connection.execute("PRAGMA data_version").fetchone()[0]
        if version != self._version:
            catalog.renew(connection)
            self._version = version  # only now: a look that failed has to be repeated

    @staticmethod
    def catch_up(connection: sqlite3.Connection, catalog: Catalog) -> None:
        """At the begin of a transaction: take in what others have written."""
        catalog.renew(connection)
        (number,) = connection.execute("SELECT number FROM objects_counter").fetchone()
        catalog.number = max(catalog.number, number)
