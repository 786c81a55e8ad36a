"""Ranges of texts, as regular expressions over terms."""

from __future__ import annotations

from tantivy import Query

from para_core.query import tree
from para_core.query.analysis import fold
from para_search_lucene.clauses import Clauses
from para_search_lucene.schema import Field

__all__ = ["between", "text_range"]

_LONGEST = 60  # characters of a bound; the engine's automata end at 1,000 states
_LAST = 0x10FFFF
_ANY = "(?s:.*)"


def text_range(clauses: Clauses, field: Field | None, node: tree.Range) -> Query:
    """Return documents with a text between the bounds, in the order of UTF-8 bytes.

    On an analysed field that is one of its words, or the whole stored text.
    """
    if field is not None and field.is_keyword:
        return clauses.pattern(field, between(node), in_words=False)
    low, high = node.low, node.high
    folded = tree.Range(
        None,
        fold(low) if low and node.folded else low,
        fold(high) if high and node.folded else high,
        node.includes_low,
        node.includes_high,
    )
    found = [clauses.pattern(field, between(folded), in_words=True)]
    if field is not None:
        found.append(clauses.pattern(field, between(node), in_words=False))
    return clauses.any_of(found)


def between(node: tree.Range) -> str:
    """Return an expression for the texts between two bounds."""
    low, high = node.low, node.high
    if low is None:
        return _below(high or "", is_closed=node.includes_high)
    if high is None:
        return _above(low, is_closed=node.includes_low)
    shared = 0
    while shared < min(len(low), len(high)) and low[shared] == high[shared]:
        shared += 1
    prefix = "".join(map(_code, low[:shared]))
    if shared == len(low):  # low is the beginning of high
        rest = _below(
            high[shared:], is_closed=node.includes_high, without_empty=not node.includes_low
        )
        return prefix + rest
    if shared == len(high) or low[shared] > high[shared]:
        return _NOTHING
    parts = [f"{_code(low[shared])}{_above(low[shared + 1 :], is_closed=node.includes_low)}"]
    if ord(low[shared]) + 1 < ord(high[shared]):
        parts.append(_set(ord(low[shared]) + 1, ord(high[shared]) - 1) + _ANY)
    parts.append(f"{_code(high[shared])}{_below(high[shared + 1 :], is_closed=node.includes_high)}")
    return f"{prefix}(?:{'|'.join(parts)})"


_NOTHING = "[^\\x{0}-\\x{10FFFF}]"


def _above(low: str, *, is_closed: bool) -> str:
    """Texts greater than ``low``, or equal to it."""
    if not low:
        return _ANY if is_closed else f"(?s:.){_ANY}"
    low, is_closed = low[:_LONGEST], is_closed or len(low) > _LONGEST
    expression = _ANY if is_closed else f"(?s:.){_ANY}"
    for char in reversed(low):
        greater = f"{_set(ord(char) + 1, _LAST)}{_ANY}|" if ord(char) < _LAST else ""
        expression = f"(?:{greater}{_code(char)}{expression})"
    return expression


def _below(high: str, *, is_closed: bool, without_empty: bool = False) -> str:
    """Texts smaller than ``high``, or equal to it."""
    if not high:
        return "" if is_closed and not without_empty else _NOTHING
    high, is_closed = high[:_LONGEST], is_closed and len(high) <= _LONGEST
    expression = "" if is_closed else _NOTHING
    for number, char in reversed(list(enumerate(high))):
        less = f"{_set(0, ord(char) - 1)}{_ANY}|" if ord(char) > 0 else ""
        optional = "" if without_empty and number == 0 else "|"
        expression = f"(?:{less}{_code(char)}{expression}{optional})"
    return expression


def _code(char: str) -> str:
    return f"\\x{{{ord(char):x}}}"


def _set(first: int, last: int) -> str:
    return f"[\\x{{{first:x}}}-\\x{{{last:x}}}]"
