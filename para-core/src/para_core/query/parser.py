"""Reads query strings: the classic query syntax of Lucene, by recursive descent, into a tree.

::

    query   := (words | [mod] clause) ( words | [AND|OR] [mod] clause )*
    words   := TERM TERM+
    mod     := '+' | '-' | NOT
    clause  := [ FIELD ':' ] ( atom | '(' query ')' [ '^' NUMBER ] )
    atom    := ( TERM | PREFIX | WILD | /regexp/ ) [ '~' [NUMBER] ] [ '^' NUMBER ]
             | "phrase" [ '~' [NUMBER] ] [ '^' NUMBER ]
             | ( '[' | '{' ) low TO high ( ']' | '}' ) [ '^' NUMBER ]

It has no precedence: ``AND`` makes both neighbours required, ``OR`` changes nothing, ``NOT`` and
``-`` prohibit. Words in a row are one term, since together they may be the value of a keyword
field. Weights are read and mean nothing, as results are ordered by fields.
The tokens are those of ``para_core.query.lexer``; what a REST request may send at all is decided by
``para_core.query.strict``. Source: Para 1.54, ``LuceneUtils.qs``; Lucene 10, ``QueryParser.jj``.
"""

from __future__ import annotations

import struct

from para_core.errors import QueryError, QueryTooLargeError
from para_core.query.analysis import analyse
from para_core.query.fields import is_keyword, number_of
from para_core.query.lexer import Token, tokens_of, unescape
from para_core.query.regexp import MAX_PATTERN, parse_regexp
from para_core.query.tree import (
    All,
    Bool,
    Exists,
    Fuzzy,
    Node,
    Nothing,
    Phrase,
    Prefix,
    Range,
    Regexp,
    Term,
    Wildcard,
)

__all__ = [
    "LARGEST_SLOP",
    "MAX_CLAUSES",
    "MAX_DEPTH",
    "check_regexp",
    "parse",
    "parse_leniently",
]

MAX_CLAUSES = 1024  # over the whole query, each word counted
MAX_DEPTH = 64  # of groups inside each other
LARGEST_SLOP = 2**31 - 1  # of a phrase
_MAX_EDITS = 2
_EXISTS = "_exists_"


def parse(text: str, *, field: str | None = None) -> Node:
    """Return the tree of a query string.

    Blank is ``Nothing``; ``*`` and ``*:*`` are ``All``; of a longer text that begins with ``*``
    this sign is dropped. Clauses without a field of their own search ``field``, or all fields.

    Raises:
        QueryError: The text breaks the grammar.
        QueryTooLargeError: It has more than ``MAX_CLAUSES`` clauses, nests deeper than
            ``MAX_DEPTH``, or has an expression of more than ``MAX_PATTERN`` characters.
    """
    text = text.strip()
    if not text:
        return Nothing()
    if text in ("*", "*:*"):
        return All()
    return _Parser(text, text.removeprefix("*")).parse(field) or Nothing()


def parse_leniently(text: str, *, field: str | None = None) -> Node:
    """Return the tree of a query string; ``All`` where it breaks the grammar.

    For texts that come from programs and not through the check of requests. Never for deletes.

    Raises:
        QueryTooLargeError: The text is beyond the limits of ``parse``.
    """
    try:
        return parse(text, field=field)
    except QueryTooLargeError:
        raise
    except QueryError:
        return All()


def check_regexp(query: str, pattern: str) -> None:
    """Check an expression inside a query.

    Raises:
        QueryError: It is malformed.
        QueryTooLargeError: It has more than ``MAX_PATTERN`` characters.
    """
    if len(pattern) > MAX_PATTERN:
        reason = f"an expression of more than {MAX_PATTERN} characters"
        raise QueryTooLargeError(query[:100], reason)
    try:
        parse_regexp(pattern)
    except ValueError as error:
        raise QueryError(query, f"the expression /{pattern}/: {error}") from error


class _Parser:
    """One reading of one text. ``None`` stands for clauses that say nothing (``"!!!"``)."""

    def __init__(self, query: str, text: str) -> None:
        self._query = query
        self._tokens = list(tokens_of(query, text))
        self._place = 0
        self._clauses = 0

    def parse(self, field: str | None) -> Node | None:
        node = self._group(field, depth=0)
        self._expect("END")
        return node

    # ---- tokens

    def _kind(self, ahead: int = 0) -> str:
        place = min(self._place + ahead, len(self._tokens) - 1)
        return self._tokens[place].kind

    def _next(self) -> Token:
        token = self._tokens[self._place]
        self._place += 1
        return token

    def _take(self, *kinds: str) -> Token | None:
        return self._next() if self._kind() in kinds else None

    def _expect(self, kind: str) -> None:
        if not self._take(kind):
            raise self._error()

    def _error(self) -> QueryError:
        token = self._tokens[self._place]
        reason = "it ends too early" if token.kind == "END" else f"{token.text!r} is out of place"
        return QueryError(self._query, reason)

    def _text(self, text: str) -> str:
        return unescape(self._query, text)

    def _count(self, clauses: int = 1) -> None:
        self._clauses += clauses
        if self._clauses > MAX_CLAUSES:
            raise QueryTooLargeError(self._query[:100], f"more than {MAX_CLAUSES} clauses")

    # ---- clauses

    def _group(self, field: str | None, *, depth: int) -> Node | None:
        if depth > MAX_DEPTH:
            reason = f"more than {MAX_DEPTH} groups inside each other"
            raise QueryTooLargeError(self._query[:100], reason)
        clauses: list[tuple[str, Node]] = []
        is_first = True
        while is_first or self._kind() not in (")", "END"):
            if self._begins_run():
                node, occurs = self._run(field), "should"
            else:
                joined = None if is_first else self._take("AND", "OR")
                is_required = joined is not None and joined.kind == "AND"
                modifier = self._take("+", "-", "NOT")
                node = self._clause(field, depth)
                occurs = _occurs(modifier, is_required=is_required)
                if is_required and clauses and clauses[-1][0] == "should":
                    clauses[-1] = ("must", clauses[-1][1])
            if node is not None:
                clauses.append((occurs, node))
            is_first = False
        return _bool(clauses)

    def _clause(self, field: str | None, depth: int) -> Node | None:
        if self._kind(1) == ":" and self._kind() in ("TERM", "STAR"):
            field = self._text(self._next().text)
            self._next()
        if self._take("("):
            node = self._group(field, depth=depth + 1)
            self._expect(")")
            self._take("BOOST")
            return node
        self._count()
        return self._atom(field)

    def _begins_run(self) -> bool:
        return self._kind() == "TERM" and self._kind(1) == "TERM" and self._joins(1)

    def _joins(self, ahead: int) -> bool:
        """Whether the term at this place belongs to the words before it."""
        next_kind = self._kind(ahead + 1)
        return next_kind not in (":", "STAR", "FUZZY", "BOOST", "AND", "OR")

    def _run(self, field: str | None) -> Node | None:
        words = [self._text(self._next().text)]
        while self._kind() == "TERM" and self._joins(0):
            words.append(self._text(self._next().text))
        self._count(len(words))
        return _term(field, " ".join(words))

    # ---- atoms

    def _atom(self, field: str | None) -> Node | None:
        token = self._take(*("TERM", "PREFIX", "WILD", "STAR", "BARE", "QUOTED", "REGEXP", "RANGE"))
        if token is None:
            raise self._error()
        fuzzy = None
        if token.kind == "RANGE":
            self._take("BOOST")
        elif self._take("BOOST"):
            fuzzy = self._take("FUZZY")
        else:
            fuzzy = self._take("FUZZY")
            self._take("BOOST")
        return self._node(field, token, fuzzy)

    def _node(self, field: str | None, token: Token, fuzzy: Token | None) -> Node | None:
        match token.kind:
            case "RANGE":
                return self._range(field, token)
            case "QUOTED":
                text = self._text(token.text[1:-1])
                return _phrase(field, text, _slop(fuzzy))
            case "PREFIX":
                return Prefix(field, self._text(token.text[:-1]))
            case "STAR" | "WILD":
                return self._wildcard(field, token.text)
            case "REGEXP":
                return self._regexp(field, token.text[1:-1])
            case _:
                text = self._text(token.text)
                return _term(field, text) if fuzzy is None else self._fuzzy(field, text, fuzzy)

    def _wildcard(self, field: str | None, pattern: str) -> Node:
        if field == "*" and pattern == "*":
            return All()
        if pattern[0] in "*?":
            raise QueryError(self._query, f"{pattern!r} begins with a wildcard")
        self._text(pattern)  # refuses an incomplete escape
        return Wildcard(field, pattern)

    def _regexp(self, field: str | None, pattern: str) -> Node:
        check_regexp(self._query, pattern)
        return Regexp(field, pattern)

    def _fuzzy(self, field: str | None, text: str, fuzzy: Token) -> Node:
        wanted = _number(fuzzy.text[1:], _MAX_EDITS)
        if wanted < 0 or (wanted > 1 and wanted % 1):
            raise QueryError(self._query, f"{fuzzy.text[1:]} is no number of edits")
        if 0 < wanted < 1:
            wanted = (1 - _single_precision(wanted)) * len(text)
        return Fuzzy(field, text, min(int(min(wanted, _MAX_EDITS)), _MAX_EDITS))

    def _range(self, field: str | None, token: Token) -> Node:
        opening, low, high, closing = token.bounds
        return Range(
            field,
            self._bound(low),
            self._bound(high),
            includes_low=opening == "[",
            includes_high=closing == "]",
        )

    def _bound(self, text: str) -> str | None:
        if text == "*":
            return None
        if len(text) > 1 and text[0] == text[-1] == '"':
            text = text[1:-1]
        return self._text(text)


def _occurs(modifier: Token | None, *, is_required: bool) -> str:
    if modifier is not None:
        return "must" if modifier.kind == "+" else "must_not"
    return "must" if is_required else "should"


def _bool(clauses: list[tuple[str, Node]]) -> Node | None:
    if not clauses:
        return None
    if len(clauses) == 1 and clauses[0][0] != "must_not":
        return clauses[0][1]
    by_kind: dict[str, list[Node]] = {"must": [], "should": [], "must_not": []}
    for occurs, node in clauses:
        by_kind[occurs].append(node)
    return Bool(**by_kind)


def _term(field: str | None, text: str) -> Node | None:
    if field == _EXISTS:
        return Exists(text)
    return Term(field, text) if _says_something(field, text) else None


def _phrase(field: str | None, text: str, slop: int) -> Node | None:
    if field == _EXISTS:
        return Exists(text)
    return Phrase(field, text, slop) if _says_something(field, text) else None


def _says_something(field: str | None, text: str) -> bool:
    if field is None:
        return bool(text)
    return bool(text) if is_keyword(field) else bool(analyse(text))


def _slop(fuzzy: Token | None) -> int:
    return max(int(min(_number(fuzzy.text[1:], 0), LARGEST_SLOP)), 0) if fuzzy else 0


def _number(text: str, default: float) -> float:
    """Return the number after ``~``; what is none counts as if it were not there."""
    found = number_of(text)
    return default if found is None else found


def _single_precision(number: float) -> float:
    """Round as the original does, which decides how much ``~0.8`` is of five characters."""
    rounded: float = struct.unpack("f", struct.pack("f", number))[0]
    return rounded
