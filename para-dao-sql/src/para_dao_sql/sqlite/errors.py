"""What SQLite's result codes mean to the one who runs the server."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from para_core.errors import BackendError, ConfigError, StorageFullError, UnavailableError

__all__ = ["as_config_error", "as_para_error", "is_busy"]

# Result codes: sqlite.org/rescode.html. The low byte is the kind, the rest a detail.
_KIND = 0xFF
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_FORBIDDEN = frozenset(
    {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}
)


def is_busy(error: sqlite3.Error) -> bool:
    """Tell whether another program holds the file for itself at the moment."""
    return _code(error) & _KIND in _BUSY


def as_para_error(error: sqlite3.Error, file: Path) -> BackendError:
    """Return the error that a caller gets to see; it names the file and what would help."""
    if _is_full(error):
        return StorageFullError(f"no space left for {file}; nothing of the write is stored")
    if is_busy(error):
        return UnavailableError(f"{file} is locked by another program; try again")
    return BackendError(_explain(error, file))


def as_config_error(error: sqlite3.Error, file: Path) -> ConfigError:
    """Return the error that stops the start when the file cannot be used."""
    if _is_full(error):
        return ConfigError(f"no space left for {file}; make room or set para.db.dir")
    if is_busy(error):
        return ConfigError(f"{file} is locked by another program; close that program")
    return ConfigError(_explain(error, file))


def _is_full(error: sqlite3.Error) -> bool:
    code = _code(error)  # the second: no room for the index of the write-ahead log
    return code & _KIND == sqlite3.SQLITE_FULL or code == sqlite3.SQLITE_IOERR_SHMSIZE


def _explain(error: sqlite3.Error, file: Path) -> str:
    kind = _code(error) & _KIND
    if kind in _DAMAGED:
        return (
            f"{file} is damaged or no SQLite database ({error}); restore it from a backup, or ask "
            f"`PRAGMA integrity_check` what is wrong and save the rest with `.recover`"
        )
    if kind in _FORBIDDEN:
        return f"{file} cannot be opened or written ({error}); check owner and permissions"
    return f"{file}: {error}"


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", None) or sqlite3.SQLITE_ERROR
