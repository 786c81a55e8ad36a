"""Where a result was measured: only results of equal machines are compared."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
import sqlite3
import subprocess
from pathlib import Path

__all__ = ["facts"]

_PACKAGES = ("para-core", "para-server", "para-dao-sql", "para-dao-mongodb", "para-search-lucene",
             "uvicorn", "uvloop", "httptools", "msgspec", "tantivy", "starlette",
             "asyncpg", "asyncmy", "pymongo")  # fmt: skip


def facts() -> dict[str, object]:
    """Return commit, date, processor, memory and versions."""
    return {
        "commit": _said("git", "rev-parse", "HEAD"),
        "is_clean": not _said("git", "status", "--porcelain"),
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "cpu": _line("/proc/cpuinfo", "model name"),
        "cores": os.cpu_count(),
        "memory_kb": int(_line("/proc/meminfo", "MemTotal").split()[0]),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "packages": {name: importlib.metadata.version(name) for name in _PACKAGES},
        "load": os.getloadavg()[0],
    }


def _said(*command: str) -> str:
    done = subprocess.run(
        command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def _line(path: str, name: str) -> str:
    for line in Path(path).read_text(errors="replace").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return "0 unknown"
