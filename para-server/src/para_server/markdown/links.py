"""Links: bare addresses become some, those to scripts go, and the rest says ``nofollow``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from para_core.formats import host_of

__all__ = ["add_links", "is_script"]

_NO_FOLLOW = "nofollow noreferrer"
_ADDRESS = re.compile(
    r"""(?P<url>(?<!\w)(?:https?|ftp)://[^\s<>"]+)
    | (?P<www>(?<![\w.@/-])www\.[^\s<>".][^\s<>"]*)
    | (?P<mail>(?<![\w.+'%-])[\w.+'%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+)""",
    re.IGNORECASE | re.VERBOSE,
)
_AFTER_ADDRESS = "?!.,:;'*_~"
_BRACKETS = {")": "(", "]": "[", "}": "{"}
_UNSEEN = re.compile(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202f\ufeff]+")


def is_script(target: str) -> bool:
    """Whether following a link would run a script; browsers overlook characters nobody sees."""
    return _UNSEEN.sub("", target).lower().startswith("javascript:")


def add_links(markdown: MarkdownIt, follow_domains: frozenset[str]) -> None:
    """Make and mark links.

    Args:
        markdown: The parser that learns it.
        follow_domains: Hosts in lower case whose links are not marked.
    """

    def link(state: StateCore) -> None:
        for token in state.tokens:
            if token.children:
                safe = list(_without_scripts(token.children))
                token.children = list(_with_addresses(safe))
                for child in token.children:
                    _mark(child, follow_domains)

    markdown.core.ruler.push("links", link)


def _without_scripts(tokens: list[Token]) -> Iterator[Token]:
    """All tokens but images and ends of links that lead to scripts."""
    dropped: list[bool] = []  # for each link that is open
    for token in tokens:
        if token.type == "link_open":
            dropped.append(is_script(_target(token)))
            if not dropped[-1]:
                yield token
        elif token.type == "link_close":
            if not dropped.pop():
                yield token
        elif token.type != "image" or not is_script(_target(token)):
            yield token


def _target(token: Token) -> str:
    return str(token.attrGet("src" if token.type == "image" else "href") or "")


def _with_addresses(tokens: list[Token]) -> Iterator[Token]:
    depth = 0
    for token in tokens:
        depth += {"link_open": 1, "link_close": -1}.get(token.type, 0)
        if depth or token.type != "text":
            yield token
        else:
            yield from _linked(token)


def _linked(text: Token) -> Iterator[Token]:
    """A text with the addresses in it as links."""
    at = 0
    for found in _ADDRESS.finditer(text.content):
        address = _without_punctuation(found[0])
        before = text.content[at : found.start()]
        if before:
            yield Token("text", "", 0, content=before)
        prefix = {"www": "https://", "mail": "mailto:"}.get(found.lastgroup or "", "")
        yield Token("link_open", "a", 1, attrs={"href": prefix + address})
        yield Token("text", "", 0, content=address)
        yield Token("link_close", "a", -1)
        at = found.start() + len(address)
    text.content = text.content[at:]
    yield text


def _without_punctuation(address: str) -> str:
    """The address without signs at its end that belong to the sentence around it."""
    surplus = {
        closing: address.count(closing) - address.count(opening)
        for closing, opening in _BRACKETS.items()
    }
    end = len(address)
    while end:
        last = address[end - 1]
        if surplus.get(last, 0) > 0:
            surplus[last] -= 1
        elif last not in _AFTER_ADDRESS:
            break
        end -= 1
    return address[:end]


def _mark(token: Token, follow_domains: frozenset[str]) -> None:
    if token.type in {"link_open", "image"}:
        host = host_of(_target(token)).lower()
        if not host or host not in follow_domains:
            token.attrSet("rel", _NO_FOLLOW)
