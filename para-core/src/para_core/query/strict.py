r"""Decides which query strings a request may send.

The original checks them by another grammar than it searches with, and clients know what it refuses
(400). Beyond what ``para_core.query.parser`` refuses, these are: ``<``, ``>`` and ``=`` other than
between a name and a value, ``"a b"~`` without a number or with a fraction, a weight before ``~``,
``fn:``, and ``- -a``: a sign before a blank is a sign here, while the parser takes it for a word.
It accepts a few texts that the parser cannot read (``*type:user``); they search for everything
then, as they did. An unquoted ``@`` and places of lists (``a[2].b:x``) are accepted.
Source: Para 1.54, ``isValidQueryString``; Lucene 10, ``StandardSyntaxParser.jj``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from para_core.errors import QueryError, QueryTooLargeError
from para_core.query.fields import number_of
from para_core.query.lexer import SPACES, unescape
from para_core.query.parser import LARGEST_SLOP, MAX_CLAUSES, MAX_DEPTH, check_regexp

__all__ = ["check"]

_START = rf'(?:[^{SPACES}+\-!():^<>=\[\]"{{}}~\\/]|\\.)'
_CHAR = rf"(?:{_START}|[+\-])"
_BOUND = r'(?:"(?:\\"|[^"])+"|[^ \]}]+)'
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?\Z")
_LEXER = re.compile(
    rf"""[{SPACES}]*(?:
      (?P<word>{_START}{_CHAR}*(?:\[[0-9]+\]{_CHAR}*)+(?=:)|{_START}{_CHAR}*)
    | (?P<quoted>"(?:[^"\\]|\\.)*")
    | (?P<regexp>/(?:\\/|[^/])*/)
    | (?P<fuzzy>~(?:[{SPACES}]*[0-9]+(?:\.[0-9]+)?(?!{_CHAR}))?)
    | (?P<boost>\^[{SPACES}]*[0-9]+(?:\.[0-9]+)?(?!{_CHAR}))
    | (?P<range>[\[{{][{SPACES}]*{_BOUND}[{SPACES}]+TO[{SPACES}]+{_BOUND}[{SPACES}]*[\]}}])
    | (?P<compare>[<>]=?)
    | (?P<sign>[+\-!():=])
    | (?P<end>\Z)
    )""",
    re.VERBOSE | re.DOTALL,
)
_OPERATORS = {"AND": "AND", "&&": "AND", "OR": "OR", "||": "OR", "NOT": "NOT", "!": "NOT"}


def check(text: str) -> None:
    """Check a query string of a request.

    Raises:
        QueryError: The request must be refused.
        QueryTooLargeError: The query is beyond the limits of ``parse``.
    """
    text = text.strip()
    if text == "*":
        return
    if not text:
        raise QueryError(text, "it is blank")
    _Check(text).run()


class _Check:
    """One reading of one text, of which nothing is kept."""

    def __init__(self, query: str) -> None:
        self._query = query
        self._tokens = list(self._lex())
        self._place = 0
        self._clauses = 0

    def run(self) -> None:
        self._group(0)
        self._expect("end")

    def _lex(self) -> Iterator[tuple[str, str]]:
        place, kind = 0, ""
        while kind != "end":
            match = _LEXER.match(self._query, place)
            if match is None:
                raise self._refusal(f"cannot read on at {self._query[place : place + 20]!r}")
            kind = str(match.lastgroup)
            text, place = match[kind], match.end()
            if kind in ("word", "sign"):
                yield _OPERATORS.get(text, "number" if _NUMBER.match(text) else kind), text
            else:
                yield kind, text

    def _kind(self, ahead: int = 0) -> str:
        kind, text = self._tokens[min(self._place + ahead, len(self._tokens) - 1)]
        return text if kind == "sign" else kind

    def _take(self, *kinds: str) -> str | None:
        if self._kind() not in kinds:
            return None
        self._place += 1
        return self._tokens[self._place - 1][1]

    def _expect(self, *kinds: str) -> str:
        text = self._take(*kinds)
        if text is None:
            found = self._tokens[self._place][1]
            raise self._refusal(f"{found!r} is out of place" if found else "it ends too early")
        return text

    def _refusal(self, reason: str) -> QueryError:
        return QueryError(self._query, reason)

    def _group(self, depth: int) -> None:
        if depth > MAX_DEPTH:
            reason = f"more than {MAX_DEPTH} groups inside each other"
            raise QueryTooLargeError(self._query[:100], reason)
        is_first = True
        while is_first or self._kind() not in (")", "end"):
            if not is_first:
                self._take("AND", "OR")
            self._take("+", "-", "NOT")
            self._clause(depth)
            is_first = False

    def _clause(self, depth: int) -> None:
        self._clauses += 1
        if self._clauses > MAX_CLAUSES:
            raise QueryTooLargeError(self._query[:100], f"more than {MAX_CLAUSES} clauses")
        if self._kind() == "word" and self._kind(1) == "compare":
            self._place += 2
            self._value(self._expect("word", "number", "quoted"))
            return
        name = None
        if self._kind() == "word" and self._kind(1) in (":", "="):
            name = self._expect("word")
            self._place += 1
        if name == "fn":
            raise self._refusal("there are no functions")
        if self._take("("):
            self._group(depth + 1)
            self._expect(")")
            self._take("boost")
        else:
            self._atom(name)

    def _atom(self, name: str | None) -> None:
        text = self._expect("word", "number", "quoted", "regexp", "range")
        kind = self._tokens[self._place - 1][0]
        if kind == "word" and not (name == "*" and text == "*"):
            self._word(text)
        elif kind == "quoted":
            self._value(text)
        elif kind == "regexp":
            check_regexp(self._query, text[1:-1])
        elif kind == "range":
            unescape(self._query, text)
        if kind in ("word", "number", "quoted"):
            fuzzy = self._take("fuzzy")
            if fuzzy is not None:
                self._fuzzy(kind, fuzzy[1:].strip())
        self._take("boost")

    def _word(self, text: str) -> None:
        if text[0] in "*?":
            raise self._refusal(f"{text!r} begins with a wildcard")
        unescape(self._query, text)

    def _value(self, text: str) -> None:
        unescape(self._query, text[1:-1] if text[0] == '"' else text)

    def _fuzzy(self, kind: str, text: str) -> None:
        if kind == "quoted" and not (text.isdecimal() and int(text[:11]) <= LARGEST_SLOP):
            raise self._refusal("a phrase takes a whole number after ~")
        number = number_of(text)
        if number is not None and (number < 0 or (number > 1 and number % 1)):
            raise self._refusal(f"{text} is no number of edits")
