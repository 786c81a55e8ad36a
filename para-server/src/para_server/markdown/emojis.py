"""Emoji by their codes: ``:smile:``."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore

__all__ = ["add_emojis"]

_CODE = re.compile(r":[a-z0-9_+\-]{1,60}:")


def add_emojis(markdown: MarkdownIt) -> None:
    """Write emoji instead of their codes; unknown codes stay."""
    markdown.core.ruler.push("emojis", _replace)


def _replace(state: StateCore) -> None:
    for token in state.tokens:
        for child in token.children or ():
            if child.type == "text" and _CODE.search(child.content):
                child.content = _CODE.sub(_emoji, child.content)


def _emoji(found: re.Match[str]) -> str:
    import emoji  # some thousand names: they load when the first code is read

    return emoji.emojize(found[0], language="alias")
