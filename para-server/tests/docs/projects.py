"""Plugins that a page writes down, file by file."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from .pages import blocks_of

__all__ = ["FILE_NAME", "build_project", "write_files"]

FILE_NAME = re.compile(r"# (\S+\.(?:toml|py|conf))\n")


def build_project(page: Path, folder: Path, package: str) -> None:
    """Write down the files of a page, and build the wheel into ``lib/``, where servers look."""
    write_files(page, folder)
    (folder / "src" / package / "__init__.py").touch()
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "lib"],
        cwd=folder,
        check=True,
        capture_output=True,
    )


def write_files(page: Path, folder: Path) -> None:
    """Write down the files of a page: the blocks that begin with the name of one."""
    for block in blocks_of(page):
        named = FILE_NAME.match(block.text)
        if named is not None:
            file = folder / named[1]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
