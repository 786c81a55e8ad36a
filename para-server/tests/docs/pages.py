"""The pages of the documentation, and the blocks in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["DOCS", "ROOT", "Block", "all_pages", "blocks_of", "name_of"]

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A block of code: its language, what is in it, and where it begins."""

    language: str
    text: str
    line: int


def all_pages() -> list[Path]:
    """Return every page that people read: the documentation, and the readme files."""
    return sorted([*DOCS.rglob("*.md"), ROOT / "README.md", *ROOT.glob("para-*/README.md")])


def blocks_of(page: Path) -> Iterator[Block]:
    """Return the blocks of a page, in their order."""
    text = page.read_text(encoding="utf-8")
    for found in _BLOCK.finditer(text):
        yield Block(found[1], found[2], text.count("\n", 0, found.start()) + 1)


def name_of(page: Path) -> str:
    """Return how a test calls a page."""
    return str(page.relative_to(ROOT))
