"""The text in HTML: what a browser would show of it, without what it looks like.

One look from left to right, whatever is in it: whoever sends a message may send any HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

__all__ = ["lines_of_html", "strip_html"]

_MARK = re.compile(
    r"<!--"  # a comment
    r"|<(?P<end>/?)(?P<name>[A-Za-z][A-Za-z0-9-]*)(?:[\s/][^<>]*)?>"  # a tag
    r"|<[!?/][^<>]*>"  # a declaration, or an odd tag
)
_SILENT = {
    name: re.compile(rf"</{name}[\s/>]", re.IGNORECASE) for name in ("script", "style", "template")
}
_INLINE_TAGS = frozenset(
    ["a", "abbr", "b", "cite", "code", "del", "em", "font", "i", "img", "ins", "kbd", "mark"]
).union(["q", "s", "small", "span", "strike", "strong", "sub", "sup", "tt", "u", "var", "wbr"])
_WHITE = re.compile(r"\s+")
_EMPTY_LINES = re.compile(r"\n{3,}")


def strip_html(html: str | None) -> str:
    """What a browser would show of the HTML, as one line; broken HTML is read as far as it goes."""
    return " ".join("".join(_pieces(html or "", " ")).split())


def lines_of_html(html: str, *, keep_breaks: bool = False) -> str:
    """What a browser would show of the HTML, line by line, with at most one empty line in a row.

    Args:
        html: Broken HTML is read as far as it goes.
        keep_breaks: Line breaks in the text count too, as in a text with some tags in it.
    """
    found = _pieces(html, "\n") if keep_breaks else _joined(_pieces(html, "\n"))
    lines = [" ".join(line.split()) for line in "".join(found).split("\n")]
    return _EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip("\n")


def _joined(pieces: Iterator[str]) -> Iterator[str]:
    """Yield texts with blanks for line breaks, and what stands for tags as it is."""
    for piece in pieces:
        yield piece if piece == "\n" else _WHITE.sub(" ", piece)


def _pieces(html: str, separator: str) -> Iterator[str]:
    """Yield texts, and a separator for each tag that ends a line."""
    at = 0
    while (found := _MARK.search(html, at)) is not None:
        yield unescape(html[at : found.start()])
        name = (found["name"] or "").lower()
        if found[0] == "<!--":
            at = _behind(html.find("-->", found.end()), 3, html)
        elif name in _SILENT and not found["end"]:
            closed = _SILENT[name].search(html, found.end())
            at = len(html) if closed is None else closed.start()
        else:
            at = found.end()
        if name and name not in _INLINE_TAGS and not (name == "br" and found["end"]):
            yield separator
    yield unescape(html[at:])


def _behind(place: int, length: int, html: str) -> int:
    return len(html) if place < 0 else place + length
