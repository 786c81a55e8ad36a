"""A JDK for the tests that drive the server with the original's Java client; never installed."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

_JDKS = Path("/usr/lib/jvm")
_OLDEST = 25  # the client of Para 1.54 is made for it


def find_jdk() -> str | None:
    """Return the folder of the newest JDK, ``None`` when there is none or no Maven to use it."""
    found = {_version(home): str(home) for home in _JDKS.glob("*") if (home / "bin/javac").exists()}
    newest = max(found, default=0)
    return found[newest] if newest >= _OLDEST and shutil.which("mvn") else None


def _version(home: Path) -> int:
    try:
        release = (home / "release").read_text(encoding="utf-8")
    except FileNotFoundError:
        return 0
    found = re.search(r'^JAVA_VERSION="(\d+)', release, re.MULTILINE)
    return int(found[1]) if found else 0
