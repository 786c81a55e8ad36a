"""The commands of ``para-server`` that a page has people type, and the files it has them write."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from .pages import blocks_of

__all__ = ["commands_of", "files_of"]

_FILE = re.compile(r"# (\S+\.conf)\n")


def commands_of(page: Path) -> list[list[str]]:
    """Return the arguments of each line that starts the command, in their order."""
    lines = [
        shlex.split(line)
        for block in blocks_of(page)
        if block.language == "sh"
        for line in block.text.splitlines()
    ]
    return [line[1:] for line in lines if line and line[0] == "para-server"]


def files_of(page: Path) -> dict[str, str]:
    """Return the configurations of a page that begin with the name of a file."""
    blocks = [block.text for block in blocks_of(page) if block.language == "hocon"]
    return {found[1]: text for text in blocks if (found := _FILE.match(text))}
