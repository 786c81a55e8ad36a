"""Plugins that a page writes down, file by file."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from .pages import blocks_of

__all__ = ["build_project"]

_FILE_NAME = re.compile(r"# (\S+\.(?:toml|py|conf))\n")


def build_project(page: Path, folder: Path, package: str) -> None:
    """Write down the files of a page, and build the wheel into ``lib/``, where servers look."""
    for block in blocks_of(page):
        named = _FILE_NAME.match(block.text)
        if named is not None:
            file = folder / named[1]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
    (folder / "src" / package / "__init__.py").touch()
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "lib"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
