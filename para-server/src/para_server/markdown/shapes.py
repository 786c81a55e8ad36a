"""The shape of the HTML: escaped HTML, deleted text and tables as the original writes them."""

from __future__ import annotations

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

__all__ = ["add_shapes"]

_IN_A_ROW = frozenset(["tr_open", "th_open", "th_close", "td_open", "td_close"])
_STYLE = "text-align:"


def add_shapes(markdown: MarkdownIt) -> None:
    """Bring the tokens into the shape that is written."""
    markdown.core.ruler.push("shapes", _shape)


def _shape(state: StateCore) -> None:
    shaped: list[Token] = []
    for token in state.tokens:
        if token.type == "html_block":
            shaped += _paragraph(token)
        elif token.type == "table_close" and shaped[-1].type == "thead_close":
            shaped += [Token("tbody_open", "tbody", 1, block=True)]
            shaped += [Token("tbody_close", "tbody", -1, block=True), token]
        else:
            _reshape(token)
            shaped.append(token)
    state.tokens = shaped


def _paragraph(html: Token) -> list[Token]:
    """HTML that stands alone becomes a paragraph that shows it."""
    text = Token("text", "", 0, content=html.content.strip())
    return [
        Token("paragraph_open", "p", 1, block=True),
        Token("inline", "", 0, content=text.content, children=[text], block=True),
        Token("paragraph_close", "p", -1, block=True),
    ]


def _reshape(token: Token) -> None:
    if token.type in _IN_A_ROW:
        token.block = False  # cells stand beside each other on one line
        style = token.attrs.pop("style", None)
        if isinstance(style, str):
            token.attrs["align"] = style.removeprefix(_STYLE)
    for child in token.children or ():
        if child.type == "html_inline":
            child.type = "text"
        elif child.tag == "s":
            child.tag = "del"
