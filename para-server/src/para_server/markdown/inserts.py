"""Inserted and deleted text: ``++new++``, ``{+new+}``, ``[+new+]``, ``{-old-}``, ``[-old-]``."""

from __future__ import annotations

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline

__all__ = ["add_inserts"]

_MARKS = {  # what opens, what closes, the tag
    "++": ("++", "ins"),
    "{+": ("+}", "ins"),
    "[+": ("+]", "ins"),
    "{-": ("-}", "del"),
    "[-": ("-]", "del"),
}
_MARK_LENGTH = 2
_MISSING = "closing marks"  # key of the environment: a text and the marks it does not have


def add_inserts(markdown: MarkdownIt) -> None:
    """Read the marks as tags ``ins`` and ``del``."""
    markdown.inline.ruler.before("emphasis", "inserts", _read)


def _read(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - the signature of markdown-it
    start = state.pos
    found = _MARKS.get(state.src[start : start + _MARK_LENGTH])
    if found is None:
        return False
    closing, tag = found
    end = _end(state, closing)
    if end < 0 or not _is_text(state, end):
        return False
    if not silent:
        _push(state, end, tag)
    state.pos = end + _MARK_LENGTH
    return True


def _end(state: StateInline, closing: str) -> int:
    """Where the closing mark stands; negative without one, which is looked up once in a text."""
    text, missing = state.env.setdefault(_MISSING, ("", set()))
    if text != state.src:
        text, missing = state.env[_MISSING] = state.src, set()
    if closing in missing:
        return -1
    end = state.src.find(closing, state.pos + _MARK_LENGTH, state.posMax)
    if end < 0 and state.posMax == len(state.src):
        missing.add(closing)
    return end


def _is_text(state: StateInline, end: int) -> bool:
    content = state.src[state.pos + _MARK_LENGTH : end]
    is_label = state.src[state.pos] == "[" and state.src[end + 2 : end + 3] in {"(", "["}
    return bool(content) and content == content.strip() and not is_label


def _push(state: StateInline, end: int, tag: str) -> None:
    last = state.posMax
    state.push(f"{tag}_open", tag, 1)
    state.pos += _MARK_LENGTH
    state.posMax = end
    state.md.inline.tokenize(state)
    state.push(f"{tag}_close", tag, -1)
    state.posMax = last
