"""Opens the database file: one process at a time, and only files of ours that it understands."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import sys
import time
from pathlib import Path
from typing import IO

from para_core.errors import ConfigError
from para_dao_sql.sqlite.errors import as_config_error
from para_dao_sql.sqlite.upgrade import FORMAT, upgrade

__all__ = ["FORMAT", "check_readable", "connect", "found_format", "lock", "prepare", "unlock"]

_APPLICATION = 0x50617261  # "Para", in PRAGMA application_id
_STATEMENTS = 1024  # prepared ones to keep: every app with a table of its own has some
_TRIES, _TRY_SEC = 20, 0.05  # to join a group whose first process is about to open the file
_WAL_BYTES = 64 << 20  # what a burst may leave on the disk for the write-ahead log

_SCHEMA = """
CREATE TABLE objects_apps (
    app INTEGER PRIMARY KEY AUTOINCREMENT,
    appid TEXT NOT NULL UNIQUE,
    shared INTEGER NOT NULL,
    last_change INTEGER NOT NULL
);
CREATE TABLE objects_counter (number INTEGER NOT NULL);
INSERT INTO objects_counter (number) VALUES (0);
CREATE TABLE objects_changes (
    app INTEGER NOT NULL,
    number INTEGER NOT NULL,
    event TEXT NOT NULL,
    keys TEXT NOT NULL,
    PRIMARY KEY (app, number)
) WITHOUT ROWID;
CREATE TABLE objects_leftovers (app INTEGER PRIMARY KEY, home TEXT NOT NULL);
CREATE TABLE objects_shared (
    app INTEGER NOT NULL,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    change INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (app, id)
);
"""


def lock(file: Path, group: str = "") -> IO[str]:
    """Make the folder, and take the file for this process until ``unlock``.

    Args:
        file: The database.
        group: Blank to have it alone; else it is shared with processes that say the same.

    Raises:
        ConfigError: Another process has it, or the folder cannot be written.
    """
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Objects hold secrets of apps: only the owner of the process may read them.
        os.close(_create_for_owner(file, os.O_RDWR))
        holder = open(_lock_file(file), "a+", encoding="utf-8", opener=_create_for_owner)  # noqa: SIM115
    except OSError as error:
        raise ConfigError(
            f"cannot write {file} ({error.strerror}); set para.db.dir to a folder that the server "
            "may write"
        ) from error
    if not _take(holder, group):
        holder.seek(0)
        other = holder.readline().strip() or "another process"
        holder.close()
        raise ConfigError(
            f"{file} is in use by {other}; stop it, or set para.db.dir to another folder"
        )
    return holder


def _take(holder: IO[str], group: str) -> bool:
    """Lock the lock file, as the only one or as one of a group; return whether it could be had."""
    if _flock(holder, fcntl.LOCK_EX):
        holder.truncate(0)
        holder.write(f"process {os.getpid()} ({Path(sys.argv[0] or 'python').name})\n{group}\n")
        holder.flush()
    elif not group:
        return False
    # The system lets go of a lock before it gives a shared one: another process may come in first.
    return not group or _joins(holder, group)


def _joins(holder: IO[str], group: str) -> bool:
    """Share the lock with others of the group; the first of them may be about to write its name."""
    for _ in range(_TRIES):
        if _flock(holder, fcntl.LOCK_SH):
            holder.seek(0)
            if holder.read().splitlines()[1:2] == [group]:
                return True
            fcntl.flock(holder, fcntl.LOCK_UN)
            return False
        time.sleep(_TRY_SEC)
    return False


def _flock(holder: IO[str], how: int) -> bool:
    try:
        fcntl.flock(holder, how | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def unlock(holder: IO[str]) -> None:
    """Let other processes have the file."""
    holder.close()


def connect(file: Path, *, timeout_ms: int, writes: bool = False) -> sqlite3.Connection:
    """Open a connection for one thread at a time; it commits only when told to.

    Args:
        file: The database.
        timeout_ms: How long to wait while another program holds the file.
        writes: Whether this is the one connection that changes something.
    """
    connection = sqlite3.connect(
        file,
        timeout=timeout_ms / 1000,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=_STATEMENTS,
    )
    if writes:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES}")
    else:
        connection.execute("PRAGMA query_only = ON")
    return connection


def prepare(file: Path, *, timeout_ms: int) -> sqlite3.Connection:
    """Open the writing connection; make the tables, or bring those of ours up to date.

    Raises:
        ConfigError: The file is damaged, of another program, or made by a newer version.
    """
    try:
        connection = connect(file, timeout_ms=timeout_ms, writes=True)
    except sqlite3.Error as error:
        raise as_config_error(error, file) from error
    try:
        _check(connection, file)
    except sqlite3.Error as error:
        connection.close()
        raise as_config_error(error, file) from error
    except ConfigError:
        connection.close()
        raise
    return connection


def check_readable(file: Path, *, timeout_ms: int) -> None:
    """Check that a file can be read beside the process that has it; nothing is changed.

    Raises:
        ConfigError: There is none, or it is of another program or format.
    """
    if not file.is_file():
        raise ConfigError(f"there is no database {file}; set para.db.dir to the folder that has it")
    if found_format(file, timeout_ms=timeout_ms) is None:
        raise ConfigError(f"{file} is empty; start the server once, which makes its tables")


def found_format(file: Path, *, timeout_ms: int) -> int | None:
    """Return the format of a file, ``None`` of one that is not there or empty.

    Raises:
        ConfigError: It is of another program or a newer version.
    """
    if not file.is_file():
        return None
    try:
        connection = connect(file, timeout_ms=timeout_ms)
        try:
            return _pragma(connection, "user_version") if _is_ours(connection, file) else None
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise as_config_error(error, file) from error


def _is_ours(connection: sqlite3.Connection, file: Path) -> bool:
    """Return whether our tables are there; false for an empty file."""
    application = _pragma(connection, "application_id")
    if application != _APPLICATION and _pragma(connection, "schema_version"):
        raise ConfigError(
            f"{file} is the database of another program; name another file in para.sql.url or "
            "another folder in para.db.dir (objects move with GET /v1/_export, PUT /v1/_import)"
        )
    found = _pragma(connection, "user_version")
    if found > FORMAT:
        raise ConfigError(
            f"{file} has format {found}, and this version reads formats up to {FORMAT}; install "
            "the para-dao-sql that wrote it, or a later one"
        )
    return application == _APPLICATION


def _check(connection: sqlite3.Connection, file: Path) -> None:
    is_made = _is_ours(connection, file)
    journal = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if journal != "wal":
        raise ConfigError(f"{file} is on a file system without shared memory; use a local disk")
    if not is_made:
        _make_tables(connection)
    elif _pragma(connection, "user_version") < FORMAT:
        upgrade(connection, file)


def _make_tables(connection: sqlite3.Connection) -> None:
    marks = f"PRAGMA application_id = {_APPLICATION}; PRAGMA user_version = {FORMAT};"
    connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} {marks} COMMIT;")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _create_for_owner(file: str | Path, flags: int) -> int:
    return os.open(file, flags | os.O_CREAT, 0o600)


def _lock_file(file: Path) -> Path:
    return file.with_name(f"{file.name}.lock")
