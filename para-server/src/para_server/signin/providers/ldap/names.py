"""Distinguished names: taking them apart, and putting foreign texts into them (RFC 4514)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

__all__ = ["Part", "below", "escaped", "parts_of"]

Part: TypeAlias = "tuple[str, str]"

_SPECIAL = frozenset('\\,+"<>;=')


def below(relative: str, base: str) -> str:
    """Return a name below another; either may be blank."""
    return ",".join(part for part in (relative, base) if part)


def escaped(text: str) -> str:
    """Return a text as one value in a distinguished name, whatever characters it has."""
    found = "".join(f"\\{char}" if char in _SPECIAL else char for char in text)
    found = found.replace("\0", "\\00")
    if found.startswith((" ", "#")):
        found = f"\\{found}"
    if found.endswith(" ") and not found.endswith("\\ "):
        found = f"{found[:-1]}\\ "
    return found


def parts_of(dn: str) -> list[Part]:
    """Return the components of a distinguished name in lower case; empty when it is none."""
    found = []
    for component in _split(dn, ","):
        for part in _split(component, "+"):
            name, sign, value = part.partition("=")
            if not sign or not name.strip():
                return []
            found.append((name.strip().lower(), _unescaped(value.strip()).lower()))
    return found


def _split(text: str, separator: str) -> Iterator[str]:
    """Yield what separators without a backslash in front, outside of quotes, divide."""
    part, is_escaped = "", False
    for char in text:
        if char == separator and not is_escaped:
            yield part
            part = ""
            continue
        part += char
        is_escaped = char == "\\" and not is_escaped
    yield part


def _unescaped(value: str) -> str:
    found, at = bytearray(), 0
    while at < len(value):
        code = value[at + 1 : at + 3]
        if value[at] == "\\" and len(code) == len("00") and _is_hex(code):
            found += bytes.fromhex(code)
            at += 3
        elif value[at] == "\\":
            found += value[at + 1 : at + 2].encode()
            at += 2
        else:
            found += value[at].encode()
            at += 1
    return found.decode("utf-8", "replace")


def _is_hex(text: str) -> bool:
    return all(char in "0123456789abcdefABCDEF" for char in text)
