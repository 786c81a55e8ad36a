"""Runs the Python blocks of a page in turn, and compares what they print with what stands below."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from .pages import Block, blocks_of
from .projects import FILE_NAME

__all__ = ["check_steps", "is_step"]

_END = Block("", "", 0)


def is_step(block: Block) -> bool:
    """Return whether a block is to be run; one that begins with a file name is a file."""
    return block.language == "python" and FILE_NAME.match(block.text) is None


def check_steps(page: Path, port: int) -> int:
    """Run the steps of a page against a server, in the working folder; return how many ran."""
    names: dict[str, object] = {"__name__": page.stem}
    blocks: Sequence[Block] = [*blocks_of(page), _END]
    ran = 0
    for block, following in pairwise(blocks):
        if is_step(block):
            text = block.text.replace("localhost:8080", f"localhost:{port}")
            expected = following.text if following.language == "text" else ""
            assert _said(text, names, page, block.line) == expected, f"line {block.line}"
            ran += 1
    return ran


def _said(text: str, names: dict[str, object], page: Path, line: int) -> str:
    code = compile("\n" * line + text, str(page), "exec")
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(code, names)  # noqa: S102 - a block of our own page
    return said.getvalue()
