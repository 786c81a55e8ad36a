"""Texts: cleaning, shortening and encoding them, and telling addresses from other words.

Character classes are those of Unicode: S symbols, P punctuation, C control characters and whatever
has no meaning, Z separators.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal

__all__ = [
    "DEFAULT_PICTURE",
    "abbreviate",
    "base64_decode",
    "base64_encode",
    "base64_url_encode",
    "clean_user_name",
    "dashed",
    "grouped_number",
    "is_blank",
    "no_spaces",
    "path_encode",
    "picture_of",
    "strip_and_trim",
    "text_of",
    "url_decode",
    "url_encode",
    "utf16_length",
]

DEFAULT_PICTURE = "https://www.gravatar.com/avatar?d=mm&size=400"

_BLANKS = "".join(map(chr, range(0x21)))  # what trimming removes at both ends
_ELLIPSIS = "..."
_MOST_KEPT = 5000  # characters in one table; few people write more of them
_PLAIN_FROM, _PLAIN_BELOW = 1e-3, 1e7  # decimals outside are written with an exponent


class _Replacing(dict[int, str]):
    """A table for ``str.translate`` that replaces characters of some classes.

    It fills itself on use, since scanning all of Unicode at import would cost a tenth of a second,
    and keeps some thousand characters: all of them would take a hundred megabytes.
    """

    def __init__(self, classes: str, replacement: str, keep: str = "") -> None:
        super().__init__({ord(char): char for char in keep})
        self._classes, self._replacement = classes, replacement

    def __missing__(self, code: int) -> str:
        char = chr(code)
        kind = unicodedata.category(char)[0]
        found = self._replacement if kind in self._classes else " " if kind == "Z" else char
        if len(self) < _MOST_KEPT:
            self[code] = found
        return found


_NO_SYMBOLS = _Replacing("SPC", "")
_SPACED_SYMBOLS = _Replacing("SPC", " ")
_USER_NAMES = _Replacing("SPC", "", keep="'-,.")
_SPACED_CONTROLS = _Replacing("C", " ")
_NO_BREAKS = frozenset("\x85\xa0\u2007\u202f")
_SPACES = re.compile(" +")
_ENCODED = re.compile(r"[^A-Za-z0-9.\-*_]+")
_DECODED = re.compile(r"(?:%[0-9A-Fa-f]{2})+")


def is_blank(text: str | None) -> bool:
    """Whether a text is missing, empty or only white space; no-break spaces are none."""
    return not text or (text.isspace() and _NO_BREAKS.isdisjoint(text))


def utf16_length(text: str) -> int:
    """How long the text is for browsers and the original: most emoji count as two."""
    return len(text) if text.isascii() else len(text) + sum(char > "\uffff" for char in text)


def no_spaces(text: str | None, replacement: str | None = "") -> str:
    """The text in lower case, each run of separators and control characters replaced.

    The replacement is taken literally and trimmed first. Empty when the text is missing or blank.
    """
    if text is None or is_blank(text):
        return ""
    spaced = text.strip(_BLANKS).translate(_SPACED_CONTROLS)
    filler = (replacement or "").strip(_BLANKS)
    return _SPACES.sub(lambda _: filler, spaced).lower()


def strip_and_trim(text: str | None, replacement: str = "", *, ascii_only: bool = False) -> str:
    """The text without symbols, punctuation and control characters; separators become one space.

    Args:
        text: Any text; missing or blank gives an empty one.
        replacement: What stands in the result for each removed character.
        ascii_only: Drop everything outside ASCII first.
    """
    if text is None or is_blank(text):
        return ""
    if ascii_only:
        text = text.encode("ascii", "ignore").decode("ascii")
    table = _NO_SYMBOLS if not replacement else _Replacing("SPC", replacement)
    return _SPACES.sub(" ", text.translate(table)).strip(_BLANKS)


def dashed(text: str) -> str:
    """The text in lower case with dashes between its words: ``My Type!`` gives ``my-type``."""
    return _SPACES.sub("-", text.translate(_SPACED_SYMBOLS).strip(" ")).lower()


def clean_user_name(name: str) -> str:
    """A name of a person: no symbols or punctuation but ``' - , .``, single spaces."""
    return _SPACES.sub(" ", name.translate(_USER_NAMES)).strip(_BLANKS)


def abbreviate(text: str | None, length: int) -> str:
    """The text cut to ``length`` characters, the last three being dots; empty when blank.

    Raises:
        ValueError: ``length`` is below four and the text is longer.
    """
    if text is None or is_blank(text):
        return ""
    if len(text) <= length:
        return text
    if length <= len(_ELLIPSIS):
        raise ValueError(f"cannot shorten a text to {length} characters; use 4 or more")
    return text[: length - len(_ELLIPSIS)] + _ELLIPSIS


def url_encode(text: str | None) -> str:
    """The text in form encoding: letters, digits and ``.-*_`` stay, a space becomes ``+``."""
    return path_encode(text).replace("%20", "+")


def path_encode(text: str | None) -> str:
    """The text as one segment of a path: letters, digits and ``.-*_`` stay, the rest is ``%XX``."""
    return _ENCODED.sub(_percent_encoded, text or "")


def _percent_encoded(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "replace"))


def url_decode(text: str | None) -> str:
    """The text that form encoding stands for; both ``+`` and ``%20`` are spaces.

    A ``%`` that starts no code stays; bytes that are no UTF-8 become U+FFFD.
    """
    return _DECODED.sub(_percent_decoded, (text or "").replace("+", " "))


def _percent_decoded(found: re.Match[str]) -> str:
    return bytes.fromhex(found[0].replace("%", "")).decode("utf-8", "replace")


def base64_encode(data: bytes) -> str:
    """Base64 in the standard alphabet, padded."""
    return base64.b64encode(data).decode("ascii")


def base64_url_encode(data: bytes) -> str:
    """Base64 in the alphabet for URLs, without padding."""
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def base64_decode(text: str | None) -> bytes:
    """The bytes behind standard Base64, padded or not; empty when it cannot be decoded."""
    bare = (text or "").rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def picture_of(email: str | None) -> str:
    """The address of the picture that belongs to an e-mail address."""
    if email is None or is_blank(email):
        return DEFAULT_PICTURE
    digest = hashlib.md5(email.lower().encode(), usedforsecurity=False).hexdigest()
    return f"https://www.gravatar.com/avatar/{digest}?size=400&d=mm&r=pg"


def grouped_number(number: float) -> str:
    """A number for people: thousands grouped by commas, at most three decimals."""
    if isinstance(number, int):
        return f"{number:,}"
    return f"{number:,.3f}".rstrip("0").rstrip(".")


def text_of(value: object) -> str:
    """A JSON value as the text that conversions and messages use for it.

    Decimals look as on the original's platform (``1.0``, ``1.0E10``), lists as ``[a, b]``, objects
    as ``{k=v}``.
    """
    match value:
        case str():
            text = value
        case None:
            text = "null"
        case bool():
            text = "true" if value else "false"
        case float():
            text = _text_of_float(value)
        case list() | tuple():
            text = f"[{', '.join(map(text_of, value))}]"
        case Mapping():
            pairs = (f"{text_of(key)}={text_of(item)}" for key, item in value.items())
            text = f"{{{', '.join(pairs)}}}"
        case _:
            text = str(value)
    return text


def _text_of_float(number: float) -> str:
    if number == 0 or _PLAIN_FROM <= abs(number) < _PLAIN_BELOW:
        return repr(number)
    sign, digits, exponent = Decimal(repr(number)).normalize().as_tuple()
    head, *rest = map(str, digits)
    power = len(rest) + int(exponent)
    return f"{'-' if sign else ''}{head}.{''.join(rest) or '0'}E{power}"
