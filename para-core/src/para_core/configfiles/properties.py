"""Java properties files: one text per key, dots make sections."""

from __future__ import annotations

import re

from para_core.configfiles.tree import Tree, put

__all__ = ["read_properties"]

_PAIR = re.compile(r"((?:\\.|[^\\=:\s])*)\s*[=:]?\s*(.*)", re.DOTALL)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_CONTROL = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}


def read_properties(content: str) -> Tree:
    """Read the text of a properties file; every text is readable as one."""
    tree: Tree = {}
    for line in _logical_lines(content):
        pair = _PAIR.match(line)
        if pair and pair[1]:
            put(tree, _unescape(pair[1]).split("."), _unescape(pair[2]))
    return tree


def _logical_lines(content: str) -> list[str]:
    """Join lines that end in an odd number of backslashes; drop blank lines and comments."""
    lines: list[str] = []
    begun = ""
    for natural in content.splitlines():
        line = natural.lstrip()
        if not begun and (not line or line[0] in "#!"):
            continue
        goes_on = (len(line) - len(line.rstrip("\\"))) % 2 == 1
        begun += line[:-1] if goes_on else line
        if not goes_on:
            lines.append(begun)
            begun = ""
    return [*lines, begun] if begun else lines


def _unescape(text: str) -> str:
    def replaced(match: re.Match[str]) -> str:
        code = match[1]
        return chr(int(code[1:], 16)) if code[1:] else _CONTROL.get(code, code)

    return _ESCAPE.sub(replaced, text)
