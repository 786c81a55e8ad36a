"""The line on which a key stands, for messages."""

from __future__ import annotations

import re

__all__ = ["key_at", "line_of"]

_KEYED = re.compile(r'\s*"?([\w.-]+)"?\s*(\+?[=:]|\{)')


def line_of(content: str, key: str) -> int | None:
    """Return the number of the last line that sets this dotted key; ``None`` if none seems to.

    Sections count that open at the end of a line and close at the start of one.
    """
    found: int | None = None
    section: list[str] = []
    for number, line in enumerate(content.splitlines(), 1):
        text = line.strip()
        match = _KEYED.match(text)
        if match and ".".join((*section, match[1])) == key:
            found = number
        if text.endswith("{"):
            section.append(match[1] if match else "")
        elif text.startswith("}") and section:
            section.pop()
    return found


def key_at(content: str, number: int) -> str | None:
    """Return the key that starts on this line or on the closest one above that has a key."""
    for line in reversed(content.splitlines()[:number]):
        if match := _KEYED.match(line):
            return match[1]
    return None
