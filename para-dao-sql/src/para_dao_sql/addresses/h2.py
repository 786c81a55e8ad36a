"""Addresses of H2, the embedded database of the original: here it is SQLite."""

from __future__ import annotations

from pathlib import Path

from para_core.errors import ConfigError

__all__ = ["parse_h2"]

_MOVE = (
    "leave para.sql.url empty for the embedded database, and move objects by GET /v1/_export and "
    "PUT /v1/_import"
)
_FILES = (".mv.db", ".h2.db")


def parse_h2(rest: str) -> Path:
    """Return the file of SQLite that stands for an address of H2: its name with ``.db`` behind.

    Raises:
        ConfigError: It names no file, or one of H2 is there, whose objects would seem to be gone.
    """
    path, _, _ = rest.partition(";")  # what is behind are settings of H2
    path = path.removeprefix("file:")
    if path.startswith(("tcp:", "ssl:", "zip:")):
        raise ConfigError(f"para.sql.url names a server or an archive of H2; {_MOVE}")
    if not path or path.startswith("mem:"):
        raise ConfigError(
            f"para.sql.url names no file of H2; set para.dao to MemoryDAO, or {_MOVE}"
        )
    if path.startswith("~/"):
        path = str(Path(path).expanduser())
    for ending in _FILES:
        if Path(path + ending).exists():
            raise ConfigError(
                f"para.sql.url names h2, and {path}{ending} is a file of H2, which cannot be "
                f"read; {_MOVE}"
            )
    return Path(path + ".db")
