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
_decode_record = msgspec.msgpack.Decoder(Record).decode
_USUAL_SEC = 600.0
_SWEEP_SEC = 60.0
_MOST = 200_000  # entries; beyond that those go that would end first
_WAIT_SEC = 2.0  # for other workers, whose statements take microseconds


class SharedValues:
    """One file, opened by each worker for itself. Times are those of the system's own clock."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._connection: sqlite3.Connection | None = None
        self._swept = time.monotonic()

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
        row = (
            self._opened().execute(_GET, (_bytes(appid), _bytes(name), time.monotonic())).fetchone()
        )
        return None if row is None else msgspec.json.decode(row[0])

    def put_value(self, appid: str, name: str, value: object, ttl_sec: float | None) -> None:
        """Keep a value as JSON; ``None`` removes it."""
        connection = self._opened()
        if value is None:
            remove = "DELETE FROM held WHERE kind = 'v' AND appid = ? AND name = ?"
            connection.execute(remove, (_bytes(appid), _bytes(name)))
        elif appid.strip() and name.strip():
            life = ttl_sec if ttl_sec is not None and ttl_sec > 0 else _USUAL_SEC
            data = msgspec.json.encode(value)
            ends = time.monotonic() + life
            connection.execute(_PUT, (_bytes(appid), _bytes(name), data, ends))
            self._sweep(connection)

    def record(self, appid: str, key: str) -> Record | None:
        """Return a record that some worker has put, if it is still there."""
        row = (
            self._opened()
            .execute(_RECORD, (_bytes(appid), _bytes(key), time.monotonic()))
            .fetchone()
        )
        return None if row is None else _decode_record(row[0])

    def put_record(self, appid: str, record: Record, ttl_sec: float | None) -> None:
        """Keep a record for all workers."""
        if appid.strip() and record.id.strip():
            connection = self._opened()
            life = ttl_sec if ttl_sec is not None and ttl_sec > 0 else _USUAL_SEC
            data = msgspec.msgpack.encode(record)
            ends = time.monotonic() + life
            connection.execute(_PUT_RECORD, (_bytes(appid), _bytes(record.id), data, ends))
            self._sweep(connection)

    def remove_records(self, appid: str, keys: Sequence[str]) -> None:
        """Drop records; absent ones are no error."""
        remove = "DELETE FROM held WHERE kind = 'r' AND appid = ? AND name = ?"
        self._opened().executemany(remove, [(_bytes(appid), _bytes(key)) for key in keys])

    def increment(self, appid: str, name: str, by: int, ttl_sec: float) -> int:
        """Add to a counter and return what it is then."""
        if not (appid.strip() and name.strip()):
            return by
        connection = self._opened()
        values = (_bytes(appid), _bytes(name), by, time.monotonic(), ttl_sec)
        (count,) = connection.execute(_ADD, values).fetchone()
        self._sweep(connection)
        return int(count)

    def clear(self, appid: str) -> None:
        """Forget everything of one app."""
        self._opened().execute("DELETE FROM held WHERE appid = ?", (_bytes(appid),))

    def _sweep(self, connection: sqlite3.Connection) -> None:
        now = time.monotonic()
        if now - self._swept < _SWEEP_SEC:
            return
        self._swept = now
        connection.execute("DELETE FROM held WHERE ends <= ?", (now,))
        (count,) = connection.execute("SELECT count(*) FROM held").fetchone()
        if count > _MOST:
            surplus = "(SELECT ends FROM held ORDER BY ends LIMIT 1 OFFSET ?)"
            connection.execute(f"DELETE FROM held WHERE ends <= {surplus}", (count - _MOST,))  # noqa: S608

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            raise UnavailableError("the cache is not open")
        return self._connection


def _bytes(text: str) -> bytes:
    """Return a name as SQLite takes it, whatever characters it has."""
    return text.encode("utf-8", "surrogatepass")
