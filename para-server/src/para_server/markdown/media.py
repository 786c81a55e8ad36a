"""Media: audio ``!A[title](address)``, video ``!V``, pictures ``!P`` and embedded pages ``!E``."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline

from para_server.markdown.links import is_script

__all__ = ["add_media"]

_TAG = re.compile(r"!([AEPV])\[([^\[\]\n]{0,200})\]\(([^()\s<>]{1,2000})\)")
_TYPES = {
    "mp3": "audio/mpeg",
    "oga": "audio/ogg",
    "ogg": "audio/ogg",
    "opus": "audio/ogg; codecs=opus",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "weba": "audio/webm",
    "mp4": "video/mp4",
    "ogv": "video/ogg",
    "webm": "video/webm",
    "3gp": "video/3gp",
}
_NAMES = {"A": "audio", "V": "video"}


def add_media(markdown: MarkdownIt) -> None:
    """Read the tags; several addresses of one medium are separated by ``|``."""
    markdown.inline.ruler.before("image", "media", _read)
    markdown.core.ruler.push("media", _write)


def _read(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - the signature of markdown-it
    found = _TAG.match(state.src, state.pos, state.posMax)
    if found is None or not _is_usable(found[1], found[3]):
        return False
    if not silent:
        token = state.push("media", "", 0)
        token.content = _html(found[1], escapeHtml(found[2]), found[3].split("|"))
    state.pos = found.end()
    return True


def _is_usable(kind: str, target: str) -> bool:
    """Whether the address is harmless: a page that is embedded comes from another server."""
    is_page = target.lower().startswith(("https://", "http://"))
    return not any(map(is_script, target.split("|"))) and (kind != "E" or is_page)


def _html(kind: str, title: str, targets: list[str]) -> str:
    if kind == "E":
        return f'<embed title="{title}" src="{escapeHtml(targets[0])}" />'
    if kind == "P":
        return f'<picture><img src="{escapeHtml(targets[0])}" alt="{title}" /></picture>'
    name = _NAMES[kind]
    sources = "".join(map(_source, targets))
    sorry = f"Your browser does not support the {name} element."
    return f'<{name} title="{title}" controls="">{sources}{sorry}</{name}>'


def _source(target: str) -> str:
    mime = _TYPES.get(target.rpartition(".")[2].lower())
    kind = f' type="{mime}"' if mime else ""
    return f'<source src="{escapeHtml(target)}"{kind} />'


def _write(state: StateCore) -> None:
    """Turn the tags into HTML; runs after the HTML of the text has been escaped."""
    for token in state.tokens:
        for child in token.children or ():
            if child.type == "media":
                child.type = "html_inline"
