r"""Cuts text into the words that an index holds: Unicode word segmentation and lower case.

Words are found as UAX #29 describes and Lucene's standard analyser does: letters and digits with
what may stand inside them (``o'neil``, ``node.js``, ``3.14``, ``user_name``), one word per
ideograph and Hiragana sign, runs of Katakana and of the scripts without blanks, emoji. There are no
stop words and no stemming, and accents stay.

Both sides use it: documents when they are indexed, queries on analysed fields.
"""

from __future__ import annotations

import re
from collections.abc import Callable
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
        words: list[str] = _ASCII_WORDS(text.lower())
    else:
        words = _unicode_words()(fold(text))
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


# ---- Unicode beyond ASCII: classes of UAX #29, as pieces of regular expression sets -------------

# Marks and format characters: they belong to the character before them (rule WB4).
_EXTEND = (
    "\u00ad\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0600-\u0605"
    "\u0610-\u061a\u061c\u064b-\u065f\u0670\u06d6-\u06dd\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u070f"
    "\u0711\u0730-\u074a\u07a6-\u07b0\u07eb-\u07f3\u07fd\u0816-\u0819\u081b-\u0823\u0825-\u0827"
    "\u0829-\u082d\u0859-\u085b\u0890\u0891\u0898-\u089f\u08ca-\u0903\u093a-\u093c\u093e-\u094f"
    "\u0951-\u0957\u0962\u0963\u0981-\u0983\u09bc\u09be-\u09cd\u09d7\u09e2\u09e3\u09fe\u0a01-\u0a03"
    "\u0a3c-\u0a51\u0a70\u0a71\u0a75\u0a81-\u0a83\u0abc\u0abe-\u0acd\u0ae2\u0ae3\u0afa-\u0aff"
    "\u0b01-\u0b03\u0b3c\u0b3e-\u0b57\u0b62\u0b63\u0b82\u0bbe-\u0bcd\u0bd7\u0c00-\u0c04\u0c3c"
    "\u0c3e-\u0c56\u0c62\u0c63\u0c81-\u0c83\u0cbc\u0cbe-\u0cd6\u0ce2\u0ce3\u0d00-\u0d03\u0d3b\u0d3c"
    "\u0d3e-\u0d4d\u0d57\u0d62\u0d63\u0d81-\u0d83\u0dca-\u0ddf\u0df2\u0df3\u0f18\u0f19\u0f35\u0f37"
    "\u0f39\u0f3e\u0f3f\u0f71-\u0f84\u0f86\u0f87\u0f8d-\u0fbc\u0fc6\u135d-\u135f\u1712-\u1715"
    "\u1732-\u1734\u1752\u1753\u1772\u1773\u180b-\u180f\u1885\u1886\u18a9\u1920-\u193b\u1a17-\u1a1b"
    "\u1ab0-\u1ace\u1b00-\u1b04\u1b34-\u1b44\u1b6b-\u1b73\u1b80-\u1b82\u1ba1-\u1bad\u1be6-\u1bf3"
    "\u1c24-\u1c37\u1cd0-\u1cd2\u1cd4-\u1ce8\u1ced\u1cf4\u1cf7-\u1cf9\u1dc0-\u1dff\u200c-\u200f"
    "\u202a-\u202e\u2060-\u2064\u2066-\u206f\u20d0-\u20f0\u2cef-\u2cf1\u2d7f\u2de0-\u2dff"
    "\u302a-\u302f\u3099\u309a\ua66f-\ua672\ua674-\ua67d\ua69e\ua69f\ua6f0\ua6f1\ua802\ua806\ua80b"
    "\ua823-\ua827\ua82c\ua880\ua881\ua8b4-\ua8c5\ua8e0-\ua8f1\ua8ff\ua926-\ua92d\ua947-\ua953"
    "\ua980-\ua983\ua9b3-\ua9c0\uaa29-\uaa36\uaa43\uaa4c\uaa4d\uaaeb-\uaaef\uaaf5\uaaf6\uabe3-\uabea"
    "\uabec\uabed\ufb1e\ufe00-\ufe0f\ufe20-\ufe2f\ufeff\uff9e\uff9f\ufff9-\ufffb"
    "\U000101fd\U00010376-\U0001037a\U00010a01-\U00010a0f\U00010a38-\U00010a3f\U00010f46-\U00010f50"
    "\U00011000-\U00011002\U00011038-\U00011046\U0001107f-\U00011082\U000110b0-\U000110ba"
    "\U00011100-\U00011102\U00011127-\U00011134\U0001d165-\U0001d169\U0001d16d-\U0001d182"
    "\U0001f3fb-\U0001f3ff\U000e0001-\U000e01ef"
)
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
# Numeric, yet neither digits nor letters: superscripts, fractions, circled numbers, ...
_OTHER_NUMBERS = (
    "\u00b2\u00b3\u00b9\u00bc-\u00be\u09f4-\u09f9\u0b72-\u0b77\u0bf0-\u0bf2\u0c78-\u0c7e"
    "\u0d58-\u0d5e\u0d70-\u0d78\u0f2a-\u0f33\u1369-\u137c\u17f0-\u17f9\u2070\u2074-\u2079"
    "\u2080-\u2089\u2150-\u215f\u2189\u2460-\u249b\u24ea-\u24ff\u2776-\u2793\u2cfd\u3192-\u3195"
    "\u3220-\u3229\u3248-\u324f\u3251-\u325f\u3280-\u3289\u32b1-\u32bf\ua830-\ua835"
    "\U0001f100-\U0001f10c"
)
_CIRCLED_LETTERS = "\u24b6-\u24e9\U0001f130-\U0001f149\U0001f150-\U0001f169\U0001f170-\U0001f189"
_CONNECTORS = "_\u202f\u203f\u2040\u2054\ufe33\ufe34\ufe4d-\ufe4f\uff3f"
_IN_WORDS = ":\u00b7\u0387\u055f\u05f4\u2027\ufe13\ufe55\uff1a"
_IN_NUMBERS = ",;\u037e\u0589\u060c\u060d\u066c\u07f8\u2044\ufe10\ufe14\ufe50\ufe54\uff0c\uff1b"
_IN_BOTH = ".'\u2018\u2019\u2024\ufe52\uff07\uff0e"
_FLAG_LETTERS = "\U0001f1e6-\U0001f1ff"
_EMOJI = (
    "\u203c\u2049\u2139\u2194-\u2199\u21a9\u21aa\u231a\u231b\u2328\u2388\u23cf\u23e9-\u23f3"
    "\u23f8-\u23fa\u25aa\u25ab\u25b6\u25c0\u25fb-\u25fe\u2600-\u2605\u2607-\u2612\u2614-\u2685"
    "\u2690-\u2705\u2708-\u2712\u2714\u2716\u271d\u2721\u2728\u2733\u2734\u2744\u2747\u274c\u274e"
    "\u2753-\u2755\u2757\u2763-\u2767\u2795-\u2797\u27a1\u27b0\u27bf\u2934\u2935\u2b05-\u2b07"
    "\u2b1b\u2b1c\u2b50\u2b55\u3297\u3299\U0001f000-\U0001f0ff\U0001f10d-\U0001f10f\U0001f12f"
    "\U0001f16c-\U0001f16f\U0001f18e\U0001f191-\U0001f19a\U0001f1ad-\U0001f1e5"
    "\U0001f201-\U0001f20f\U0001f21a\U0001f22f\U0001f232-\U0001f23a\U0001f23c-\U0001f23f"
    "\U0001f249-\U0001f3fa\U0001f400-\U0001f53d\U0001f546-\U0001f64f\U0001f680-\U0001f6ff"
    "\U0001f774-\U0001f77f\U0001f7d5-\U0001f7ff\U0001f90c-\U0001f93a\U0001f93c-\U0001f945"
    "\U0001f947-\U0001faff\U0001fc00-\U0001fffd"
)
_EMOJI_IF_MARKED = "\u00a9\u00ae\u2122\u3030\u303d"  # text unless U+FE0F follows


@lru_cache(maxsize=1)
def _unicode_words() -> Callable[[str], list[str]]:
    """Compile the pattern for all of Unicode when the first text needs it."""
    alone = _HAN + _HIRAGANA + _KATAKANA + _UNSPACED + _OTHER_NUMBERS
    letter = rf"[^\W\d_{alone}]"
    letters = rf"(?:{letter}|[{_CIRCLED_LETTERS}])(?:{letter}|[{_EXTEND}{_CIRCLED_LETTERS}])*"
    marks = f"[{_EXTEND}]*"
    quoted = rf'(?<=[{_HEBREW}])"(?=[{_HEBREW}])'
    word = (
        rf"{letters}(?:(?:[{_IN_WORDS}{_IN_BOTH}]{marks}|{quoted}){letters})*"
        rf"(?:(?<=[{_HEBREW}])')?"
    )
    digits = rf"[\d\u066b][\d\u066b{_EXTEND}]*"  # U+066B: the Arabic decimal separator
    number = rf"{digits}(?:[{_IN_NUMBERS}{_IN_BOTH}]{marks}{digits})*"
    katakana = rf"[{_KATAKANA}][{_KATAKANA}{_EXTEND}]*"
    part = rf"(?:(?:{word}|{number})+|{katakana})"
    connector = rf"(?:[{_CONNECTORS}]{marks})"
    picture = rf"(?:[{_EMOJI}]|[{_EMOJI_IF_MARKED}]\ufe0f){marks}"
    patterns = [
        rf"[0-9#*]\ufe0f?\u20e3{marks}",
        rf"{connector}*{part}(?:{connector}+{part})*{connector}*",
        rf"[{_HAN}{_HIRAGANA}]{marks}",
        rf"[{_UNSPACED}][{_UNSPACED}{_EXTEND}]*",
        rf"[{_FLAG_LETTERS}]{{2}}{marks}",
        rf"{picture}(?:(?<=\u200d){picture})*",
    ]
    found: Callable[[str], list[str]] = re.compile("|".join(patterns)).findall
    return found
