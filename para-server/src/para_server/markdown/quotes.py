"""Quotes of several paragraphs between two lines of ``>>>``."""

from __future__ import annotations

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock

__all__ = ["add_fenced_quotes"]

_FENCE = ">>>"


def add_fenced_quotes(markdown: MarkdownIt) -> None:
    """Read what stands between two fences as one quote; a fence without an end is no fence."""
    markdown.block.ruler.before(
        "blockquote", "fenced_quote", _read, {"alt": ["paragraph", "reference", "list"]}
    )


def _read(state: StateBlock, startLine: int, endLine: int, silent: bool) -> bool:  # noqa: FBT001, N803 - of markdown-it
    if not _is_fence(state, startLine):
        return False
    lines = range(startLine + 1, endLine)
    end = next((line for line in lines if _is_fence(state, line)), None)
    if end is None:
        return False
    if not silent:
        _push(state, startLine, end)
    return True


def _is_fence(state: StateBlock, line: int) -> bool:
    text = state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]
    return text.rstrip() == _FENCE and not state.is_code_block(line)


def _push(state: StateBlock, start: int, end: int) -> None:
    last, parent = state.lineMax, state.parentType
    state.parentType, state.lineMax = "blockquote", end
    state.push("blockquote_open", "blockquote", 1)
    state.md.block.tokenize(state, start + 1, end)
    state.push("blockquote_close", "blockquote", -1)
    state.parentType, state.lineMax = parent, last
    state.line = end + 1
