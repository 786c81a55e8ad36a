"""Task lists: ``- [x] done``."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

__all__ = ["add_tasks"]

_BOX = re.compile(r"\[([ xX])\][ \t]+(?=\S)")


def add_tasks(markdown: MarkdownIt) -> None:
    """Show the box of a task as a checkbox that cannot be changed."""
    markdown.core.ruler.push("tasks", _mark_tasks)


def _mark_tasks(state: StateCore) -> None:
    for item, paragraph, text in zip(
        state.tokens, state.tokens[1:], state.tokens[2:], strict=False
    ):
        is_item = item.type == "list_item_open" and paragraph.type == "paragraph_open"
        if is_item and text.children:
            box = _BOX.match(text.children[0].content)
            if box and text.children[0].type == "text":
                item.attrSet("class", "task-list-item")
                text.children[0].content = text.children[0].content[box.end() :]
                text.children.insert(0, _checkbox(is_checked=box[1] != " "))


def _checkbox(*, is_checked: bool) -> Token:
    checked = 'checked="checked" ' if is_checked else ""
    html = (
        f'<input type="checkbox" class="task-list-item-checkbox" {checked}'
        'disabled="disabled" readonly="readonly" />&nbsp;'
    )
    return Token("html_inline", "", 0, content=html)
