"""Sets of characters by their names in expressions."""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Callable, Mapping

from para_core.patterns.nodes import CharTest, PatternError

__all__ = [
    "ESCAPED_SETS",
    "any_of",
    "ignoring_case",
    "is_line_end",
    "is_word",
    "named_set",
    "negated",
]

_LINE_ENDS = frozenset("\n\r\u0085\u2028\u2029")
_HORIZONTAL = frozenset(
    " \t\u00a0\u1680\u180e\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
)
_VERTICAL = frozenset("\n\v\f\r\u0085\u2028\u2029")
_SPACES = frozenset(" \t\n\v\f\r")
_WORD = frozenset(string.ascii_letters + string.digits + "_")


def any_of(chars: str) -> CharTest:
    """The set of these characters."""
    return frozenset(chars).__contains__


def negated(test: CharTest) -> CharTest:
    """All characters outside a set."""
    return lambda char: not test(char)


def ignoring_case(test: CharTest, *, unicode: bool) -> CharTest:
    """The set with both cases of its letters; only of ASCII letters unless ``unicode``."""

    def has(char: str) -> bool:
        if test(char) or not (unicode or char.isascii()):
            return test(char)
        return test(char.lower()) or test(char.upper())

    return has


def is_line_end(char: str) -> bool:
    """Whether the dot passes over this character."""
    return char in _LINE_ENDS


def is_word(char: str) -> bool:
    """Whether word boundaries count this character as part of a word."""
    return char == "_" or char.isalnum()


ESCAPED_SETS: Mapping[str, CharTest] = {
    "d": any_of(string.digits),
    "D": negated(any_of(string.digits)),
    "s": _SPACES.__contains__,
    "S": negated(_SPACES.__contains__),
    "w": _WORD.__contains__,
    "W": negated(_WORD.__contains__),
    "h": _HORIZONTAL.__contains__,
    "H": negated(_HORIZONTAL.__contains__),
    "v": _VERTICAL.__contains__,
    "V": negated(_VERTICAL.__contains__),
}
"""Sets that a backslash and one letter stand for."""

_POSIX: Mapping[str, str] = {
    "Lower": string.ascii_lowercase,
    "Upper": string.ascii_uppercase,
    "ASCII": "".join(map(chr, range(0x80))),
    "Alpha": string.ascii_letters,
    "Digit": string.digits,
    "Alnum": string.ascii_letters + string.digits,
    "Punct": string.punctuation,
    "Graph": string.ascii_letters + string.digits + string.punctuation,
    "Print": string.ascii_letters + string.digits + string.punctuation + " ",
    "Blank": " \t",
    "Cntrl": "".join(map(chr, range(0x20))) + "\x7f",
    "XDigit": string.hexdigits,
    "Space": " \t\n\v\f\r",
}

_PROPERTIES: Mapping[str, Callable[[str], bool]] = {
    "alphabetic": lambda char: char.isalpha() or unicodedata.category(char) in {"Nl", "Mn", "Mc"},
    "letter": str.isalpha,
    "lowercase": str.islower,
    "uppercase": str.isupper,
    "titlecase": lambda char: unicodedata.category(char) == "Lt",
    "punctuation": lambda char: unicodedata.category(char)[0] == "P",
    "control": lambda char: unicodedata.category(char) == "Cc",
    "digit": str.isdecimal,
    "white_space": str.isspace,
    "whitespace": str.isspace,
    "ideographic": lambda char: unicodedata.name(char, "").startswith("CJK "),
    "hex_digit": lambda char: unicodedata.normalize("NFKC", char) in set(string.hexdigits),
}

_JAVA_TESTS: Mapping[str, Callable[[str], bool]] = {
    "javaLowerCase": str.islower,
    "javaUpperCase": str.isupper,
    "javaTitleCase": lambda char: unicodedata.category(char) == "Lt",
    "javaLetter": str.isalpha,
    "javaAlphabetic": _PROPERTIES["alphabetic"],
    "javaDigit": str.isdecimal,
    "javaLetterOrDigit": lambda char: char.isalpha() or char.isdecimal(),
    "javaWhitespace": lambda char: char.isspace() and char not in "\x85\xa0\u2007\u202f",
    "javaSpaceChar": lambda char: unicodedata.category(char)[0] == "Z",
    "javaMirrored": lambda char: bool(unicodedata.mirrored(char)),
    "javaISOControl": lambda char: unicodedata.category(char) == "Cc",
}

_CATEGORIES = frozenset(
    ["L", "M", "N", "Z", "C", "P", "S", "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Me", "Mc", "Nd", "Nl"]
).union(
    ["No", "Zs", "Zl", "Zp", "Cc", "Cf", "Co", "Cn", "Cs", "Pd", "Ps", "Pe", "Pc", "Po", "Sm"],
    ["Sc", "Sk", "So", "Pi", "Pf"],
)

_SCRIPTS = frozenset(
    ["ARABIC", "ARMENIAN", "BENGALI", "CYRILLIC", "DEVANAGARI", "ETHIOPIC", "GEORGIAN", "GREEK"]
).union(
    ["GUJARATI", "GURMUKHI", "HANGUL", "HEBREW", "HIRAGANA", "KANNADA", "KATAKANA", "KHMER"],
    ["LAO", "LATIN", "MALAYALAM", "MONGOLIAN", "MYANMAR", "SINHALA", "TAMIL", "TELUGU", "THAI"],
    ["TIBETAN"],
)


def named_set(name: str) -> CharTest:
    r"""The set that ``\p{name}`` stands for.

    Raises:
        PatternError: No set has that name.
    """
    for prefix in ("general_category=", "gc="):
        if name.startswith(prefix):
            return _of_category(name.removeprefix(prefix), name)
    for prefix in ("script=", "sc="):
        if name.startswith(prefix):
            return _of_script(name.removeprefix(prefix), name)
    if name in _POSIX:
        return any_of(_POSIX[name])
    if name in _JAVA_TESTS:
        return _JAVA_TESTS[name]
    if name.startswith("Is"):
        return _of_property(name.removeprefix("Is"), name)
    return _of_category(name, name)


def _of_property(bare: str, name: str) -> CharTest:
    known = _PROPERTIES.get(bare.lower())
    if known is not None:
        return known
    return (
        _of_script(bare, name) if bare.upper() in _SCRIPTS | {"HAN"} else _of_category(bare, name)
    )


def _of_category(bare: str, name: str) -> CharTest:
    if bare == "LC":
        return lambda char: unicodedata.category(char) in {"Lu", "Ll", "Lt"}
    if bare == "L1":
        return lambda char: char <= "\xff"
    if bare not in _CATEGORIES:
        raise PatternError(f"unknown set of characters {name!r}")
    return lambda char: unicodedata.category(char).startswith(bare)


def _of_script(bare: str, name: str) -> CharTest:
    """Tell a script by the names of its characters, which begin with it."""
    start = bare.upper()
    if start == "HAN":
        start = "CJK"
    elif start not in _SCRIPTS:
        raise PatternError(f"unknown set of characters {name!r}")
    return lambda char: unicodedata.name(char, "").startswith(start)
