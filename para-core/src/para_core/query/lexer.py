r"""Cuts a query string into tokens: the lexical rules of Lucene's classic query syntax.

A *term* begins with anything but white space and ``+ - ! ( ) : ^ [ ] " { } ~ * ? \ /``, and goes on
with the same, ``+`` and ``-`` included. ``\`` makes the character after it an ordinary one.
``AND OR NOT && || !`` are operators where they stand alone; ``+``, ``-`` or ``!`` before a blank is
a word of one character. A field name may hold places of lists: ``properties.owners[2].name:``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from para_core.errors import QueryError

__all__ = ["SPACES", "Token", "tokens_of", "unescape"]

SPACES = " \t\n\r\u3000"
_START = rf'(?:[^{SPACES}+\-!():^\[\]"{{}}~*?\\/]|\\.)'
_CHAR = rf"(?:{_START}|[+\-])"
_BOUND = r'("(?:\\"|[^"])+"|[^ \]}]+)'

_LEXER = re.compile(
    rf"""[{SPACES}]*(?:
      (?P<bare>[+\-!])[{SPACES}]
    | (?P<indexed>{_START}{_CHAR}*(?:\[[0-9]+\]{_CHAR}*)+(?=:))
    | (?P<word>(?:{_START}|[*?])(?:{_CHAR}|[*?])*)
    | (?P<quoted>"(?:[^"\\]|\\.)*")
    | (?P<regexp>/(?:\\/|[^/])*/)
    | (?P<fuzzy>~{_CHAR}*)
    | (?P<boost>\^[{SPACES}]*[0-9]+(?:\.[0-9]+)?)
    | (?P<range>(?P<open>[\[{{])[{SPACES}]*(?P<low>{_BOUND})[{SPACES}]+TO[{SPACES}]+
        (?P<high>{_BOUND})[{SPACES}]*(?P<close>[\]}}]))
    | (?P<sign>[+\-!():])
    | (?P<end>\Z)
    )""",
    re.VERBOSE | re.DOTALL,
)
_OPERATORS = {"AND": "AND", "&&": "AND", "OR": "OR", "||": "OR", "NOT": "NOT"}
_WILD = re.compile(r"(?:[^\\*?]|\\.)*[*?]", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(?!u)(.))", re.DOTALL)
_BAD_ESCAPE = re.compile(r"(?:[^\\]|\\u[0-9A-Fa-f]{4}|\\[^u])*+\\(?:u|\Z)", re.DOTALL)


class Token(NamedTuple):
    """One token, with its text as it stands in the query.

    Kinds: ``TERM PREFIX WILD STAR BARE QUOTED REGEXP RANGE FUZZY BOOST AND OR NOT + - ( ) : END``.
    """

    kind: str
    text: str
    bounds: tuple[str, str, str, str] = ("", "", "", "")  # of a range: [ low high ]


def tokens_of(query: str, text: str) -> Iterator[Token]:
    r"""Yield the tokens of a text, ``END`` last.

    Args:
        query: The whole query, for the error.
        text: What is left of it to read.

    Raises:
        QueryError: Something is no token: an open quote, a lone bracket, a ``\`` at the end.
    """
    place = 0
    while True:
        match = _LEXER.match(text, place)
        if match is None:
            raise QueryError(query, f"cannot read on at {text[place : place + 20].strip()!r}")
        token = _token(match)
        yield token
        if token.kind == "END":
            return
        place = match.end()


def _token(match: re.Match[str]) -> Token:
    kind = match.lastgroup
    if match["range"] is not None:
        bounds = (match["open"], match["low"], match["high"], match["close"])
        return Token("RANGE", match["range"], bounds)
    text = match[kind or "end"]
    if kind == "word":
        return Token(_kind_of_word(text), text)
    if kind == "sign":
        return Token("NOT" if text == "!" else text, text)
    return Token("TERM" if kind == "indexed" else str(kind).upper(), text)


def _kind_of_word(text: str) -> str:
    if text in _OPERATORS:
        return _OPERATORS[text]
    if text == "*":
        return "STAR"
    wild = _WILD.match(text) if "*" in text or "?" in text else None
    if wild is None:
        return "TERM"
    return "PREFIX" if text[-1] == "*" and wild.end() == len(text) and text[0] != "*" else "WILD"


def unescape(query: str, text: str) -> str:
    r"""Return a term as it is meant: without ``\``, with ``\uXXXX`` replaced by its character.

    Two halves of a character (``\ud83d\ude00``) make one; half a character alone is U+FFFD.

    Raises:
        QueryError: The text ends in ``\``, or ``\u`` lacks its four digits.
    """
    if "\\" not in text:
        return text
    if _BAD_ESCAPE.match(text):
        raise QueryError(query, rf"the escape in {text!r} is incomplete")
    plain = _ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else found[2], text)
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
