r"""Cuts text into the words that an index holds: Unicode word segmentation and lower case.

Words are found as UAX #29 describes and Lucene's standard analyser does: letters and digits with
what may stand inside them (``o'neil``, ``node.js``, ``3.14``, ``user_name``), one word per
ideograph and Hiragana sign, runs of Katakana and of the scripts without blanks, emoji. There are no
stop words and no stemming, and accents stay.

Both sides use it: documents when they are indexed, queries on analysed fields.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache

__all__ = ["MAX_WORD", "analyse", "fold"]

MAX_WORD = 255  # characters; longer words are cut into pieces, as Lucene's tokenizer does

_ASCII_WORDS = re.compile(
    r"_*[a-z0-9][a-z0-9_]*"
    r"(?:(?:(?<=[a-z])[.':](?=[a-z])|(?<=[0-9])[.,;'](?=[0-9]))[a-z0-9_]+)*"
).findall


def analyse(text: str) -> list[str]:
    """Return the words of a text, in their order and in lower case."""
    if text.isascii():
        lowered = text.lower()
        is_plain = lowered.replace(" ", "").isalnum()
        words: list[str] = lowered.split() if is_plain else _ASCII_WORDS(lowered)
    else:
        folded = fold(text)
        is_basic = len(folded.encode("utf-16-le", "surrogatepass")) == 2 * len(folded)
        words = _unicode_words(is_basic=is_basic)(folded)
    if len(text) > MAX_WORD and any(len(word) > MAX_WORD for word in words):
        return [piece for word in words for piece in _cut(word)]
    return words


def fold(text: str) -> str:
    """Return the text in lower case, character by character, as ``analyse`` does.

    ``str.lower`` alone would look at neighbours (``Σ`` at the end of a word) and make two
    characters of one (``İ``).
    """
    if text.isascii():
        return text.lower()
    return text.replace("\u0130", "i").replace("\u03a3", "\u03c3").lower()


def _cut(word: str) -> list[str]:
    return [word[start : start + MAX_WORD] for start in range(0, len(word), MAX_WORD)]


# ---- Unicode beyond ASCII -----------------------------------------------------------------------
# Python knows the categories of characters but neither their scripts nor their class in UAX #29;
# these pieces of regular expression sets say what the categories do not.

_HEBREW = "\u05d0-\u05ea\u05ef-\u05f2\ufb1d\ufb1f-\ufb4f"
_HAN = (
    "\u2e80-\u2fd5\u3005\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufad9"
    "\U00016ff0-\U00016ff6\U00020000-\U0003ffff"
)
_HIRAGANA = "\u3041-\u3096\u309d-\u309f\U0001b001-\U0001b11f\U0001b150-\U0001b152\U0001f200"
_KATAKANA = (
    "\u3031-\u3035\u309b\u309c\u30a0-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u32d0-\u32fe\u3300-\u3357"
    "\uff66-\uff9d\U0001b000\U0001b164-\U0001b167"
)
# Scripts written without blanks, whose words only a dictionary could tell: Thai, Lao, Khmer, ...
_UNSPACED = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0eb9\u0ebb-\u0ec6\u0ec8-\u0ecd\u0edc-\u0edf\u1000-\u103f"
    "\u1050-\u108f\u109a-\u109f\u1780-\u17d3\u17d7\u17dc\u17dd\u1950-\u19c9\u19da\u19de\u19df"
    "\u1a20-\u1a7c\u1aa0-\u1aad\ua9e0-\ua9ef\ua9fa-\ua9fe\uaa60-\uaac2\uaadb-\uaadf"
    "\U00011700-\U0001172b\U0001173a-\U0001173f"
)
_LETTER_LIKE = (  # letters by their use, symbols by their category
    "\u02c2-\u02c5\u02d2-\u02d7\u02de\u02df\u02ed\u02ef-\u02ff\u055b\u055c\u055e\u05f3\u24b6-\u24e9"
    "\ua720\ua721\ua789\ua78a\uab5b\U0001f130-\U0001f149\U0001f150-\U0001f169\U0001f170-\U0001f189"
)
_CONNECTORS = "_\u202f\u203f\u2040\u2054\ufe33\ufe34\ufe4d-\ufe4f\uff3f"
_IN_WORDS = ":\u00b7\u0387\u05f4\u2027\ufe13\ufe55\uff1a"
_IN_NUMBERS = ",;\u037e\u0589\u060c\u060d\u066c\u07f8\u2044\ufe10\ufe14\ufe50\ufe54\uff0c\uff1b"
_IN_BOTH = ".'\u2018\u2019\u2024\ufe52\uff07\uff0e"
_DECIMAL_SEPARATOR = "\u066b"  # of Arabic; counts as a digit
_FLAG_LETTERS = "\U0001f1e6-\U0001f1ff"
_EMOJI = (
    "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u2199\u21a9\u21aa\u231a\u231b\u2328\u2388\u23cf"
    "\u23e9-\u23f3\u23f8-\u23fa\u25aa\u25ab\u25b6\u25c0\u25fb-\u25fe\u2600-\u2605\u2607-\u2612"
    "\u2614-\u2685\u2690-\u2705\u2708-\u2712\u2714\u2716\u271d\u2721\u2728\u2733\u2734\u2744\u2747"
    "\u274c\u274e\u2753-\u2755\u2757\u2763-\u2767\u2795-\u2797\u27a1\u27b0\u27bf\u2934\u2935"
    "\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55\u3030\u303d\u3297\u3299\U0001f000-\U0001f0ff"
    "\U0001f10d-\U0001f10f\U0001f12f\U0001f16c-\U0001f16f\U0001f18e\U0001f191-\U0001f19a"
    "\U0001f1ad-\U0001f1e5\U0001f201-\U0001f20f\U0001f21a\U0001f22f\U0001f232-\U0001f23a"
    "\U0001f23c-\U0001f23f\U0001f249-\U0001f3fa\U0001f400-\U0001f53d\U0001f546-\U0001f64f"
    "\U0001f680-\U0001f6ff\U0001f774-\U0001f77f\U0001f7d5-\U0001f7ff\U0001f90c-\U0001f93a"
    "\U0001f93c-\U0001f945\U0001f947-\U0001faff\U0001fc00-\U0001fffd"
)
_ZERO_WIDTH_SPACE = "\u200b"


@lru_cache(maxsize=2)
def _unicode_words(*, is_basic: bool) -> Callable[[str], list[str]]:
    """Compile the pattern when the first text needs it (some 50 ms).

    Sets within the basic plane are tables, the others lists of ranges: texts without a character
    above U+FFFF are found twice as fast.
    """
    letter, mark, digit = _classes(0xFFFF if is_basic else 0x1FFFF)
    han, hiragana, katakana, unspaced, emoji = (
        _within(part, is_basic=is_basic) for part in (_HAN, _HIRAGANA, _KATAKANA, _UNSPACED, _EMOJI)
    )
    letter += _within(_LETTER_LIKE, is_basic=is_basic)
    mark += "\uff9e\uff9f" + _within(
        "\U0001f3fb-\U0001f3ff\U000e0001-\U000e01ef", is_basic=is_basic
    )
    marks = f"[{mark}]*"
    letters = f"[{letter}][{letter}{mark}]*"
    quoted = f'(?<=[{_HEBREW}])"(?=[{_HEBREW}])'
    word = (
        f"{letters}(?:(?:[{_IN_WORDS}{_IN_BOTH}]{marks}|{quoted}){letters})*(?:(?<=[{_HEBREW}])')?"
    )
    digits = f"[{digit}][{digit}{mark}]*"
    number = f"{digits}(?:[{_IN_NUMBERS}{_IN_BOTH}]{marks}{digits})*"
    part = f"(?:(?:{word}|{number})+|[{katakana}][{katakana}{mark}]*)"
    connector = f"(?:[{_CONNECTORS}]{marks})"
    picture = f"[{emoji}]{marks}"
    patterns = [
        f"{connector}*{part}(?:{connector}+{part})*{connector}*",
        f"[{han}{hiragana}]{marks}",
        f"[{unspaced}][{unspaced}{mark}]*",
        f"[{_FLAG_LETTERS}]{{2}}{marks}",
        f"{picture}(?:(?<=\u200d){picture})*",
    ]
    keycap = f"[0-9#*]\ufe0f?\u20e3{marks}"
    found: Callable[[str], list[str]] = re.compile(
        rf"{keycap}|(?![\x00-/:-@\[-^`{{-\x7f])(?:{'|'.join(patterns)})"
    ).findall
    return found


def _classes(last: int) -> tuple[str, str, str]:
    """Return letters, marks (they belong to the character before them, WB4) and digits."""
    alone = re.compile(f"[{_HAN}{_HIRAGANA}{_KATAKANA}{_UNSPACED}]").match
    members: dict[str, list[int]] = {"L": [], "M": [], "N": []}
    kinds = {"Nl": "L", "Nd": "N", "Cf": "M", **{f"L{x}": "L" for x in "ultmo"}}
    kinds.update({f"M{x}": "M" for x in "nce"})
    for code in range(last + 1):
        kind = kinds.get(unicodedata.category(chr(code)))
        if kind and (kind != "L" or not alone(chr(code))):
            members[kind].append(code)
    members["M"].remove(ord(_ZERO_WIDTH_SPACE))
    digit = _ranges(members["N"]) + _DECIMAL_SEPARATOR
    return _ranges(members["L"]), _ranges(members["M"]), digit


def _within(part: str, *, is_basic: bool) -> str:
    return re.sub("[\U00010000-\U0010ffff]-?", "", part) if is_basic else part


def _ranges(codes: Iterable[int]) -> str:
    """Return ascending code points as the inside of a set."""
    spans: list[list[int]] = []
    for code in codes:
        if spans and spans[-1][1] == code - 1:
            spans[-1][1] = code
        else:
            spans.append([code, code])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in spans)
