r"""Regular expressions inside query strings: Lucene's dialect, matched against whole terms.

``.`` any character, ``[a-z]`` and ``[^a-z]`` sets, ``\d \w \s`` and ``\D \W \S`` classes, ``?``,
``*``, ``+``, ``{n}``, ``{n,}``, ``{n,m}`` repetition, ``|`` either, ``&`` both at once, ``( )``
groups, ``"..."`` literal text, ``<1-31>`` a whole number in that interval, ``@`` any text, ``#``
no text at all, and ``\`` before a character that is meant as such. There are no anchors.

Matching walks an automaton that is built as far as terms need it, by derivatives: linear in the
length of the term whatever the expression is.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

from msgspec import Struct

__all__ = ["MAX_PATTERN", "MAX_REPEATS", "matcher", "parse_regexp", "plain_regex"]

MAX_PATTERN = 1000  # characters; what engines make of longer ones is beyond their bounds as well
MAX_REPEATS = 1000  # of {n,m}, and of numbers in all <n-m> together
_MAX_STATES = 5000
_MAX_DEPTH = 100  # of groups
_TOO_COMPLEX = "the expression is too complex"


class Void(Struct, frozen=True):
    """No text."""


class Blank(Struct, frozen=True):
    """The empty text."""


class Chars(Struct, frozen=True):
    """One character in any of these ranges, or in none of them."""

    ranges: tuple[tuple[str, str], ...]
    negated: bool = False


class Cat(Struct, frozen=True):
    """One part after another."""

    left: Expression
    right: Expression


class Either(Struct, frozen=True):
    """One part or another."""

    parts: frozenset[Expression]


class Both(Struct, frozen=True):
    """A text that both parts match."""

    left: Expression
    right: Expression


class Repeat(Struct, frozen=True):
    """A part again and again; ``most`` is ``None`` without an upper bound."""

    part: Expression
    least: int
    most: int | None


Expression: TypeAlias = Void | Blank | Chars | Cat | Either | Both | Repeat

_VOID, _BLANK = Void(), Blank()
_ANY = Chars((), negated=True)
_SIGNS: dict[str, Expression] = {".": _ANY, "#": _VOID, "@": Repeat(_ANY, 0, None)}
_CLASSES = {
    "d": (("0", "9"),),
    "w": (("0", "9"), ("A", "Z"), ("_", "_"), ("a", "z")),
    "s": (("\t", "\r"), (" ", " ")),
}


@lru_cache(maxsize=32)  # one search asks for each several times
def parse_regexp(pattern: str) -> Expression:
    """Return the expression that a pattern writes.

    Raises:
        ValueError: The pattern is malformed or too large; the message says where, or how.
    """
    if len(pattern) > MAX_PATTERN:
        raise ValueError(f"more than {MAX_PATTERN} characters")
    reader = _Reader(pattern)
    if not pattern:
        return _BLANK
    expression = reader.union()
    if reader.more():
        raise ValueError(f"unexpected {pattern[reader.place]!r} at {reader.place}")
    return expression


class _Reader:
    """Recursive descent over a pattern."""

    def __init__(self, pattern: str) -> None:
        self.pattern, self.place, self.depth = pattern, 0, 0
        self.numbers = 0  # in intervals

    def more(self) -> bool:
        return self.place < len(self.pattern)

    def peek(self, chars: str) -> bool:
        return self.more() and self.pattern[self.place] in chars

    def take(self, char: str) -> bool:
        if self.peek(char):
            self.place += 1
            return True
        return False

    def next(self) -> str:
        if not self.more():
            raise ValueError("the expression ends too early")
        self.place += 1
        return self.pattern[self.place - 1]

    def expect(self, char: str) -> None:
        if not self.take(char):
            raise ValueError(f"{char!r} is missing at {self.place}")

    def union(self) -> Expression:
        parts = [self.both()]
        while self.take("|"):
            parts.append(self.both())
        return _either(*parts)

    def both(self) -> Expression:
        expression = self.sequence()
        while self.take("&"):
            expression = Both(expression, self.sequence())
        return expression

    def sequence(self) -> Expression:
        parts = [self.repeated()]
        while self.more() and not self.peek(")|&"):
            parts.append(self.repeated())
        expression = parts.pop()
        while parts:
            expression = _cat(parts.pop(), expression)
        return expression

    def repeated(self) -> Expression:
        expression = self.single()
        while self.peek("?*+{"):
            sign = self.next()
            least, most = {"?": (0, 1), "*": (0, None), "+": (1, None)}.get(sign, (0, 0))
            if sign == "{":
                least, most = self.bounds()
            expression = _repeat(expression, least, most)
        return expression

    def bounds(self) -> tuple[int, int | None]:
        least = most = self.number()
        if self.take(","):
            most = self.number() if self.peek("0123456789") else -1
        self.expect("}")
        if max(least, most) > MAX_REPEATS:
            raise ValueError(f"more than {MAX_REPEATS} repetitions")
        return least, None if most < 0 else most

    def number(self) -> int:
        start = self.place
        while self.peek("0123456789"):
            self.place += 1
        if start == self.place or self.place - start > len(str(MAX_REPEATS)):
            raise ValueError(f"a number up to {MAX_REPEATS} is missing at {start}")
        return int(self.pattern[start : self.place])

    def single(self) -> Expression:
        sign = self.next()
        if sign in _SIGNS:
            return _SIGNS[sign]
        readers = {"[": self.set, "(": self.group, '"': self.literal, "<": self.interval}
        if sign in readers:
            return readers[sign]()
        if sign == "\\":
            return self.escaped()
        return _char(sign)

    def escaped(self) -> Chars:
        sign = self.next()
        if sign.lower() in _CLASSES:
            return Chars(_CLASSES[sign.lower()], negated=sign.isupper())
        if sign.isascii() and sign.isalpha():
            raise ValueError(f"there is no class \\{sign}")
        return _char(sign)

    def set(self) -> Expression:
        negated = self.take("^")
        ranges: list[tuple[str, str]] = []
        parts: list[Chars] = []
        while not (ranges or parts) or not self.peek("]"):
            first = self.escaped() if self.take("\\") else _char(self.next())
            if first.negated:
                parts.append(first)
            elif first.ranges in _CLASSES.values():
                ranges.extend(first.ranges)
            else:
                ranges.append(self.range_from(first.ranges[0][0]))
        self.expect("]")
        return _set_of(ranges, parts, negated=negated)

    def range_from(self, low: str) -> tuple[str, str]:
        high = low
        if self.take("-"):
            self.take("\\")
            high = self.next()
        if low > high:
            raise ValueError(f"the range {low}-{high} is empty")
        return low, high

    def group(self) -> Expression:
        if self.take(")"):
            return _BLANK
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise ValueError("too many groups inside each other")
        expression = self.union()
        self.expect(")")
        self.depth -= 1
        return expression

    def literal(self) -> Expression:
        end = self.pattern.find('"', self.place)
        if end < 0:
            raise ValueError(f"a quote is open at {self.place - 1}")
        text, self.place = self.pattern[self.place : end], end + 1
        return _text(text)

    def interval(self) -> Expression:
        end = self.pattern.find(">", self.place)
        low, dash, high = self.pattern[self.place : max(end, 0)].partition("-")
        if not (dash and low.isdecimal() and high.isdecimal() and low.isascii()):
            raise ValueError(f"an interval of numbers is malformed at {self.place - 1}")
        self.place = end + 1
        least, most = sorted((int(low[:20]), int(high[:20])))
        self.numbers += most - least
        if self.numbers > MAX_REPEATS:
            raise ValueError(f"intervals of more than {MAX_REPEATS} numbers")
        width = len(low) if len(low) == len(high) else 0
        numbers = [_text(str(n).zfill(width)) for n in range(least, most + 1)]
        zeros = _BLANK if width else Repeat(_char("0"), 0, None)
        return _cat(zeros, _either(*numbers))


def _char(char: str) -> Chars:
    return Chars(((char, char),))


def _text(text: str) -> Expression:
    expression: Expression = _BLANK
    for char in reversed(text):
        expression = _cat(_char(char), expression)
    return expression


def _set_of(ranges: list[tuple[str, str]], parts: list[Chars], *, negated: bool) -> Expression:
    simple = Chars(tuple(ranges), negated=negated)
    if negated:  # none of the ranges, and in each of what the negated classes leave out
        expression: Expression = simple
        for part in parts:
            expression = Both(expression, Chars(part.ranges))
        return expression
    return _either(*([simple] if ranges else []), *parts)


def _cat(left: Expression, right: Expression) -> Expression:
    if isinstance(left, Void) or isinstance(right, Blank):
        return left
    if isinstance(left, Blank) or isinstance(right, Void):
        return right
    return Cat(left, right)


def _either(*parts: Expression) -> Expression:
    flat: set[Expression] = set()
    for part in parts:
        flat.update(part.parts if isinstance(part, Either) else (part,))
    flat.discard(_VOID)
    if not flat:
        return _VOID
    return flat.pop() if len(flat) == 1 else Either(frozenset(flat))


def _both(left: Expression, right: Expression) -> Expression:
    if isinstance(left, Void) or isinstance(right, Void):
        return _VOID
    return left if left == right else Both(left, right)


def _repeat(part: Expression, least: int, most: int | None) -> Expression:
    if most == 0 or isinstance(part, Blank):
        return _BLANK
    if most is not None and most < least:
        return _VOID
    return part if least == most == 1 else Repeat(part, least, most)


# ---- matching ------------------------------------------------------------------------------------


def matcher(pattern: str) -> Callable[[str], bool]:
    """Return a function that says whether a term matches as a whole.

    The function raises ``ValueError`` where the automaton grows beyond all measure, or the
    expression is too deep to be walked.
    """
    start = parse_regexp(pattern)
    steps: dict[tuple[Expression, str], Expression] = {}

    def walk(term: str) -> bool:
        state = start
        for char in term:
            after = steps.get((state, char))
            if after is None:
                if len(steps) > _MAX_STATES:
                    raise ValueError(_TOO_COMPLEX)
                after = steps[state, char] = _derive(state, char)
            if isinstance(after, Void):
                return False
            state = after
        return _accepts(state)

    def matches(term: str) -> bool:
        try:
            return walk(term)
        except RecursionError:
            raise ValueError(_TOO_COMPLEX) from None

    return matches


def _accepts(expression: Expression) -> bool:
    match expression:
        case Blank():
            return True
        case Cat(left, right) | Both(left, right):
            return _accepts(left) and _accepts(right)
        case Either(parts):
            return any(map(_accepts, parts))
        case Repeat(part, least, _):
            return least == 0 or _accepts(part)
        case _:
            return False


def _derive(expression: Expression, char: str) -> Expression:
    """Return what may follow once the character was read."""
    match expression:
        case Chars(ranges, negated):
            inside = any(low <= char <= high for low, high in ranges)
            return _BLANK if inside != negated else _VOID
        case Cat(left, right):
            rest = _cat(_derive(left, char), right)
            return _either(rest, _derive(right, char)) if _accepts(left) else rest
        case Either(parts):
            return _either(*(_derive(part, char) for part in parts))
        case Both(left, right):
            return _both(_derive(left, char), _derive(right, char))
        case Repeat(part, least, most):
            fewer = None if most is None else most - 1
            return _cat(_derive(part, char), _repeat(part, max(least - 1, 0), fewer))
        case _:
            return _VOID


# ---- for engines with expressions of their own -----------------------------------------------


def plain_regex(pattern: str) -> str | None:
    """Return the expression as other engines write it; ``None`` where it has ``&`` or ``#``.

    Raises:
        ValueError: The pattern is malformed, or too deep to be walked.
    """
    expression = parse_regexp(pattern)
    try:
        return _plain(expression)
    except RecursionError:
        raise ValueError(_TOO_COMPLEX) from None


def _plain(expression: Expression) -> str | None:
    match expression:
        case Blank():
            plain: str | None = ""
        case Chars(ranges, negated) if ranges:
            inside = "".join(f"{_code(low)}-{_code(high)}" for low, high in ranges)
            plain = f"[{'^' if negated else ''}{inside}]"
        case Chars():
            plain = "(?s:.)"
        case Cat(left, right):
            plain = _joined("", [_plain(left), _plain(right)])
        case Either(parts):
            plain = _joined("|", sorted(map(_plain, parts), key=str))
        case Repeat(part, least, most):
            inner, upper = _plain(part), "" if most is None else most
            plain = None if inner is None else f"(?:{inner}){{{least},{upper}}}"
        case _:
            plain = None
    return plain


def _joined(glue: str, parts: list[str | None]) -> str | None:
    if None in parts:
        return None
    text = glue.join(part for part in parts if part is not None)
    return f"(?:{text})" if glue else text


def _code(char: str) -> str:
    return f"\\U{ord(char):08x}"
