"""Brings a file of an earlier format to the present one, after saving it as it was.

The saved file lies beside the database, with its format in its name. It is written under another
name, checked, and renamed only then; only then the database is changed, in one transaction. So
after a crash at any moment there is a database of one format or the other, whole.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from para_core.errors import ConfigError
from para_dao_sql.sqlite.peers import Peers

__all__ = ["FORMAT", "STEPS", "saved_name", "upgrade"]

logger = logging.getLogger(__name__)

FORMAT = 2
"""Version of the tables, kept in ``PRAGMA user_version``; a file with a higher one is refused."""

STEPS: Mapping[int, str] = {
    2: "",  # entries of the feed may have notes, which earlier versions cannot read
}
"""What brings a file of the format before to this one. Steps stay for ever: files may be old."""


def upgrade(connection: sqlite3.Connection, file: Path) -> None:
    """Save a file as it is, and bring it to the present format.

    Of several processes that open the file one does it; the others wait for it.

    Raises:
        ConfigError: It could not be saved; nothing was changed.
    """
    peers = Peers(file)
    try:
        with peers.turn():
            found = _format(connection)
            if found < FORMAT:
                _save(file, found)
                _change(connection, found)
                logger.info(
                    "%s has format %d now; as it was in format %d it is saved in %s",
                    *(file, FORMAT, found, saved_name(file, found)),
                )
    finally:
        peers.close()


def saved_name(file: Path, found: int) -> Path:
    """Return where a file of a format is saved."""
    return file.with_name(f"{file.name}.format-{found}")


def _save(file: Path, found: int) -> None:
    place = saved_name(file, found)
    unfinished = place.with_name(f"{place.name}.unfinished")
    try:
        unfinished.unlink(missing_ok=True)
        os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(unfinished)) as copy:
            source.backup(copy)
            _compare(source, copy)
        _flush(unfinished)
        unfinished.replace(place)
        _flush(place.parent)
    except (OSError, sqlite3.Error) as error:
        unfinished.unlink(missing_ok=True)
        raise ConfigError(
            f"{file} has format {found} and could not be saved as {place} before it is changed "
            f"({error}); make room for it, or install the para-dao-sql that wrote it"
        ) from error


def _compare(source: sqlite3.Connection, copy: sqlite3.Connection) -> None:
    """Make sure that a copy is whole and has as much as its source."""
    (said,) = copy.execute("PRAGMA quick_check(1)").fetchone()
    if said != "ok":
        raise sqlite3.DatabaseError(said)
    tables = source.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    for (name,) in tables:
        count = f'SELECT count(*) FROM "{name}"'  # noqa: S608 (a name that the file itself has)
        if source.execute(count).fetchone() != copy.execute(count).fetchone():
            raise sqlite3.DatabaseError(f"the copy lacks rows of {name}")


def _change(connection: sqlite3.Connection, found: int) -> None:
    steps = " ".join(STEPS[number] for number in range(found + 1, FORMAT + 1))
    try:
        connection.executescript(
            f"BEGIN IMMEDIATE; {steps} PRAGMA user_version = {FORMAT}; COMMIT;"
        )
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _format(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
