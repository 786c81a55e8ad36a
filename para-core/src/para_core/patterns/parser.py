"""Reading an expression in Java's syntax."""

from __future__ import annotations

import re
from collections.abc import Mapping

from para_core.patterns.anchors import ANCHORS, start_or_end
from para_core.patterns.charsets import (
    ESCAPED_SETS,
    ignoring_case,
    is_line_end,
    is_word,
    named_set,
    negated,
)
from para_core.patterns.cursor import Cursor
from para_core.patterns.nodes import (
    Anchor,
    Chars,
    CharTest,
    Choice,
    Look,
    Node,
    PatternError,
    Repeat,
    Sequence,
)

__all__ = ["MAX_LENGTH", "parse_pattern"]

MAX_LENGTH = 5000  # characters; longer expressions are refused, they would only be slow
_MAX_DEPTH = 50  # groups and sets inside each other
_MAX_CODE = 0x10FFFF

_COUNT = re.compile(r"\{(\d{1,9})(,(\d{1,9})?)?\}")
_FLAGS = re.compile(r"\?([idmsuxU]*)(?:-([idmsuxU]*))?([:)])")
_NAME = re.compile(r"\?<[a-zA-Z][a-zA-Z0-9]*>|\?>")
_NAMED_SET = re.compile(r"\{([^}]*)\}")
_CODES = (  # ways to write a character by its number: what follows the backslash, and the base
    (re.compile(r"u([0-9a-fA-F]{4})"), 16),
    (re.compile(r"x([0-9a-fA-F]{2})"), 16),
    (re.compile(r"x\{([0-9a-fA-F]{1,6})\}"), 16),
    (re.compile(r"0([0-3]?[0-7]{1,2})"), 8),
)
_ESCAPED_CHARS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "a": "\a", "e": "\x1b"}
_UNICODE_SETS: Mapping[str, CharTest] = {
    "d": named_set("IsDigit"),
    "s": named_set("IsWhite_Space"),
    "w": is_word,
}
_LOOKS = {  # what follows an opening parenthesis: is it ahead, is it wanted
    "?=": (True, True),
    "?!": (True, False),
    "?<=": (False, True),
    "?<!": (False, False),
}


def parse_pattern(pattern: str) -> Node:
    """The parts of an expression.

    Raises:
        PatternError: It is malformed, too long, or uses what cannot be matched within a bound.
    """
    if len(pattern) > MAX_LENGTH:
        raise PatternError(f"longer than {MAX_LENGTH} characters")
    return _Parser(pattern).whole()


class _Parser:
    """A place in an expression, and the flags that hold there.

    Flags: ``i`` ignore case (of ASCII letters), ``u`` of all letters, ``s`` the dot includes line
    ends, ``m`` ``^`` and ``$`` hold at line ends, ``d`` only a line feed ends lines, ``x`` white
    space and comments do not count, ``U`` short names of sets mean those of Unicode.
    """

    def __init__(self, pattern: str) -> None:
        self._text = Cursor(pattern)
        self._depth = 0
        self._flags: frozenset[str] = frozenset()

    def whole(self) -> Node:
        node = self._choice()
        if self._text.peek():
            raise self._text.error("a closing parenthesis too many")
        return node

    # parts and groups

    def _choice(self) -> Node:
        self._enter()
        options = [self._sequence()]
        while self._text.takes("|"):
            options.append(self._sequence())
        self._depth -= 1
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def _sequence(self) -> Node:
        parts: list[Node] = []
        while (char := self._text.peek()) and char not in "|)":
            atom = self._atom()
            if atom is not None:
                parts.append(self._repeated(atom))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _repeated(self, atom: Node) -> Node:
        times = self._times()
        if times is None:
            return atom
        is_possessive = self._text.takes("+")
        if not is_possessive:
            self._text.takes("?")  # greedy or lazy: the same texts fit as a whole
        return Repeat(atom, *times, is_possessive)

    def _times(self) -> tuple[int, int | None] | None:
        for sign, times in (("?", (0, 1)), ("*", (0, None)), ("+", (1, None))):
            if self._text.takes(sign):
                return times
        if self._text.peek() != "{":
            return None
        found = self._text.match(_COUNT)
        if found is None:
            raise self._text.error("braces without a count")
        low = int(found[1])
        high = low if not found[2] else int(found[3]) if found[3] else None
        if high is not None and high < low:
            raise self._text.error("a count that ends before it starts")
        return low, high

    def _atom(self) -> Node | None:
        """The next part, or ``None`` for what only changes how the rest is read."""
        if self._text.match(_COUNT):
            return None  # a count of nothing
        char = self._text.next()
        if char in "*+?{":
            raise self._text.error(f"nothing to repeat before {char}")
        if char == "(":
            return self._group()
        if char == "\\":
            return self._escape()
        if char in "^$":
            return Anchor(start_or_end(char, is_multiline="m" in self._flags))
        if char == ".":
            return Chars(self._dot())
        return Chars(self._set()) if char == "[" else self._chars(char)

    def _chars(self, found: str | CharTest) -> Chars:
        return Chars(self._cased(found.__eq__ if isinstance(found, str) else found))

    def _cased(self, test: CharTest) -> CharTest:
        if "i" not in self._flags:
            return test
        return ignoring_case(test, unicode=not self._flags.isdisjoint("uU"))

    def _dot(self) -> CharTest:
        if "s" in self._flags:
            return lambda _: True
        return "\n".__ne__ if "d" in self._flags else negated(is_line_end)

    def _group(self) -> Node | None:
        outer = self._flags
        look = next((kind for start, kind in _LOOKS.items() if self._text.takes(start)), None)
        if look is None and self._text.match(_NAME) is None:
            found = self._text.match(_FLAGS)
            if found:
                self._set_flags(self._flags.union(found[1]).difference(found[2] or ""))
                if found[3] == ")":
                    return None
            elif self._text.peek() == "?":
                raise self._text.error("an unknown kind of group")
        node = self._choice()
        if not self._text.takes(")"):
            raise self._text.error("a group that is not closed")
        self._set_flags(outer)
        return node if look is None else Look(node, *look)

    def _set_flags(self, flags: frozenset[str]) -> None:
        self._flags = flags
        self._text.skips_comments = "x" in flags

    # escapes

    def _escape(self) -> Node:
        char = self._text.next_as_is()
        if char == "Q":
            return self._quoted()
        if char == "R":
            pair = Sequence((Chars("\r".__eq__), Chars("\n".__eq__)))
            return Choice((pair, Chars(ESCAPED_SETS["v"])))
        if char in ANCHORS:
            return Anchor(ANCHORS[char])
        return self._chars(self._escaped(char))

    def _quoted(self) -> Node:
        parts: list[Node] = [self._chars(char) for char in self._text.until("\\E")]
        if parts:  # a count after the quote belongs to its last character
            parts[-1] = self._repeated(parts[-1])
        return Sequence(tuple(parts))

    def _escaped(self, char: str) -> str | CharTest:
        """The character or the set that a backslash with ``char`` stands for."""
        if char in "ux0":
            return self._coded(char)
        if char in ESCAPED_SETS:
            return self._short_set(char)
        if char in "pP":
            braced = self._text.match(_NAMED_SET)
            test = named_set(braced[1] if braced else self._text.next_as_is())
            return test if char == "p" else negated(test)
        if char == "c":
            return chr(ord(self._text.next_as_is()) ^ 64)
        if char.isascii() and char.isalnum() and char not in _ESCAPED_CHARS:
            raise self._text.error(f"an escape that cannot stand here, {char}")
        return _ESCAPED_CHARS.get(char, char)

    def _coded(self, char: str) -> str:
        self._text.back()
        for form, base in _CODES:
            found = self._text.match(form)
            if found and int(found[1], base) <= _MAX_CODE:
                return chr(int(found[1], base))
        raise self._text.error(f"no code after {char}")

    def _short_set(self, char: str) -> CharTest:
        lower = char.lower()
        if "U" not in self._flags or lower not in _UNICODE_SETS:
            return ESCAPED_SETS[char]
        return _UNICODE_SETS[lower] if char == lower else negated(_UNICODE_SETS[lower])

    # sets in square brackets

    def _set(self) -> CharTest:
        self._enter()
        is_negated = self._text.takes("^")
        tests = self._union(may_start_with_bracket=True)
        while self._text.takes("&&"):
            right = self._union(may_start_with_bracket=False)
            tests = [_both(tests, right)] if tests and right else tests or right
        if not self._text.takes("]"):
            raise self._text.error("a set that is not closed")
        self._depth -= 1
        kept = self._cased(_any_of(tests))
        return negated(kept) if is_negated else kept

    def _union(self, *, may_start_with_bracket: bool) -> list[CharTest]:
        """The sets that are joined up to the next ``&&`` or the end."""
        singles: set[str] = set()
        tests: list[CharTest] = []
        if may_start_with_bracket and self._text.stands("]"):
            self._add_item(singles, tests)
        while self._text.peek() not in {"", "]"} and not self._text.stands("&&"):
            if self._text.takes("["):
                tests.append(self._set())
            elif self._text.takes("\\Q"):
                singles.update(self._text.until("\\E"))
            else:
                self._add_item(singles, tests)
        return [*tests, singles.__contains__] if singles else tests

    def _add_item(self, singles: set[str], tests: list[CharTest]) -> None:
        low = self._item()
        if not isinstance(low, str):
            tests.append(low)
        elif self._text.begins_range():
            self._text.next()
            high = self._item()
            if not isinstance(high, str) or high < low:
                raise self._text.error("a range that ends before it starts")
            tests.append(_range(low, high))
        else:
            singles.add(low)

    def _item(self) -> str | CharTest:
        char = self._text.next()
        return self._escaped(self._text.next_as_is()) if char == "\\" else char

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise self._text.error(f"more than {_MAX_DEPTH} levels")


def _any_of(tests: list[CharTest]) -> CharTest:
    return tests[0] if len(tests) == 1 else lambda char: any(test(char) for test in tests)


def _both(left: list[CharTest], right: list[CharTest]) -> CharTest:
    is_left, is_right = _any_of(left), _any_of(right)
    return lambda char: is_left(char) and is_right(char)


def _range(low: str, high: str) -> CharTest:
    return lambda char: low <= char <= high
