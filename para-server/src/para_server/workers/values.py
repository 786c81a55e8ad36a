"""Small values and counters that all workers have in common, in a file that may be lost.

It lies in the folder of the running server and goes with it. Each call is one statement of SQLite
without a sync: some ten microseconds, and atomic over all processes.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from para_core.contracts.dao import Record
from para_core.errors import UnavailableError

__all__ = ["SharedValues"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS held (
    kind TEXT NOT NULL, appid BLOB NOT NULL, name BLOB NOT NULL, data BLOB NOT NULL,
    ends REAL NOT NULL, PRIMARY KEY (kind, appid, name)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ends ON held (ends);
"""
_PUT = "INSERT OR REPLACE INTO held (kind, appid, name, data, ends) VALUES ('v', ?, ?, ?, ?)"
_GET = "SELECT data FROM held WHERE kind = 'v' AND appid = ? AND name = ? AND ends > ?"
_RECORD = "SELECT data FROM held WHERE kind = 'r' AND appid = ? AND name = ? AND ends > ?"
_PUT_RECORD = _PUT.replace("'v'", "'r'")
_ADD = """
INSERT INTO held (kind, appid, name, data, ends) VALUES ('c', ?1, ?2, ?3, ?4 + ?5)
ON CONFLICT DO UPDATE SET
    data = CASE WHEN ends > ?4 THEN data + ?3 ELSE ?3 END,
    ends = CASE WHEN ends > ?4 THEN ends ELSE ?4 + ?5 END
RETURNING data
"""
_HALVE = """
DELETE FROM held WHERE kind = ?1 AND ends <= (
    SELECT ends FROM held WHERE kind = ?1 ORDER BY ends
    LIMIT 1 OFFSET (SELECT count(*) / 2 FROM held WHERE kind = ?1)
)
"""
_decode_record = msgspec.msgpack.Decoder(Record).decode
_USUAL_SEC = 600.0
_SWEEP_SEC = 60.0
_MOST, _MOST_BYTES = 200_000, 64 << 20  # entries, and their size
_PORTIONS = 8  # of so many bytes, after each of which a worker looks whether it is too much
_KINDS = "rvc"  # what is missed least goes first: records, values, counters
_WAIT_SEC = 2.0  # for other workers, whose statements take microseconds


class SharedValues:
    """One file, opened by each worker for itself. Times are those of the system's own clock."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._connection: sqlite3.Connection | None = None
        self._swept, self._put_bytes = time.monotonic(), 0

    def open(self) -> None:
        """Open the file, and make it if no other worker has."""
        connection = sqlite3.connect(self._file, timeout=_WAIT_SEC, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = OFF")
        connection.executescript(_SCHEMA)
        self._connection = connection

    def close(self) -> None:
        """Close the file."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def value(self, appid: str, name: str) -> object | None:
        """Return a copy of a value, if there is one."""
        found = self._execute(_GET, _bytes(appid), _bytes(name), time.monotonic()).fetchone()
        return None if found is None else msgspec.json.decode(found[0])

    def put_value(self, appid: str, name: str, value: object, ttl_sec: float | None) -> None:
        """Keep a value as JSON; ``None`` removes it."""
        if value is None:
            remove = "DELETE FROM held WHERE kind = 'v' AND appid = ? AND name = ?"
            self._execute(remove, _bytes(appid), _bytes(name))
        elif appid.strip() and name.strip():
            self._put(_PUT, appid, _bytes(name), msgspec.json.encode(value), ttl_sec)

    def record(self, appid: str, key: str, *, epoch: int = 0) -> Record | None:
        """Return a record that some worker has put in this epoch, if it is still there."""
        name = _in_epoch(epoch, key)
        found = self._execute(_RECORD, _bytes(appid), name, time.monotonic()).fetchone()
        return None if found is None else _decode_record(found[0])

    def put_record(
        self, appid: str, record: Record, ttl_sec: float | None, *, epoch: int = 0
    ) -> None:
        """Keep a record for all workers; those of other epochs are there no more."""
        if appid.strip() and record.id.strip():
            name, data = _in_epoch(epoch, record.id), msgspec.msgpack.encode(record)
            self._put(_PUT_RECORD, appid, name, data, ttl_sec)

    def _put(
        self, statement: str, appid: str, name: bytes, data: bytes, ttl_sec: float | None
    ) -> None:
        life = ttl_sec if ttl_sec is not None and ttl_sec > 0 else _USUAL_SEC
        self._execute(statement, _bytes(appid), name, data, time.monotonic() + life)
        self._sweep(len(data))

    def remove_records(self, appid: str, keys: Sequence[str], *, epoch: int = 0) -> None:
        """Drop records; absent ones are no error."""
        remove = "DELETE FROM held WHERE kind = 'r' AND appid = ? AND name = ?"
        for key in keys:
            self._execute(remove, _bytes(appid), _in_epoch(epoch, key))

    def increment(self, appid: str, name: str, by: int, ttl_sec: float) -> int:
        """Add to a counter and return what it is then."""
        if not (appid.strip() and name.strip()):
            return by
        values = (_bytes(appid), _bytes(name), by, time.monotonic(), ttl_sec)
        (count,) = self._execute(_ADD, *values).fetchone()
        self._sweep(0)
        return int(count)

    def clear(self, appid: str) -> None:
        """Forget everything of one app."""
        self._execute("DELETE FROM held WHERE appid = ?", _bytes(appid))

    # ---- bounds -------------------------------------------------------------------------------

    def _sweep(self, size: int) -> None:
        """Remove what has ended, and what is too much, now and then."""
        now, self._put_bytes = time.monotonic(), self._put_bytes + size
        if now - self._swept < _SWEEP_SEC and self._put_bytes < _MOST_BYTES // _PORTIONS:
            return
        self._swept, self._put_bytes = now, 0
        self._execute("DELETE FROM held WHERE ends <= ?", now)
        for kind in _KINDS:
            while self._has_too_much() and self._execute(_HALVE, kind).rowcount:
                pass

    def _has_too_much(self) -> bool:
        (pages,) = self._execute("PRAGMA page_count").fetchone()
        (free,) = self._execute("PRAGMA freelist_count").fetchone()
        (page_bytes,) = self._execute("PRAGMA page_size").fetchone()
        if (pages - free) * page_bytes > _MOST_BYTES:
            return True
        (count,) = self._execute("SELECT count(*) FROM held").fetchone()
        return int(count) > _MOST

    def _execute(self, statement: str, *values: object) -> sqlite3.Cursor:
        if self._connection is None:
            raise UnavailableError("the cache is not open")
        try:
            return self._connection.execute(statement, values)
        except sqlite3.Error as error:
            raise UnavailableError(f"what workers have in common fails: {error}") from error


def _in_epoch(epoch: int, key: str) -> bytes:
    return _bytes(f"{epoch} {key}")


def _bytes(text: str) -> bytes:
    """Return a name as SQLite takes it, whatever characters it has."""
    return text.encode("utf-8", "surrogatepass")
