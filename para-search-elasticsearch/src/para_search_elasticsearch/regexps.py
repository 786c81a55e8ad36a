"""Writes regular expressions, and the patterns of wildcards, as the cluster reads them."""

from __future__ import annotations

from para_core.query import regexp
from para_core.query.regexp import Expression, parse_regexp

__all__ = ["FLAGS", "cut", "is_too_long", "lucene_regexp"]

FLAGS = "INTERSECTION|EMPTY"
"""The signs of the dialect that are used: ``&`` and ``#``."""

_MOST_BYTES = 900  # of a pattern; a cluster refuses an automaton of more than 1,000 states


def lucene_regexp(pattern: str) -> str | None:
    """Return an expression in the few signs that both products read the same way.

    Returns:
        ``None`` for one that is malformed or too deep: it matches nothing.
    """
    try:
        return _written(parse_regexp(pattern))
    except (ValueError, RecursionError):
        return None


def _written(expression: Expression) -> str:  # noqa: PLR0911 - one per kind
    match expression:
        case regexp.Void():
            return "#"
        case regexp.Blank():
            return "()"
        case regexp.Chars(ranges, negated):
            if not ranges:
                return "."
            inside = "".join(f"{_char(low)}-{_char(high)}" for low, high in ranges)
            return f"[{'^' if negated else ''}{inside}]"
        case regexp.Cat(left, right):
            return f"{_written(left)}{_written(right)}"
        case regexp.Both(left, right):
            return f"({_written(left)}&{_written(right)})"
        case regexp.Either(parts):
            return f"({'|'.join(sorted(map(_written, parts)))})"
        case regexp.Repeat(part, least, most):
            return f"({_written(part)}){{{least},{'' if most is None else most}}}"


def _char(char: str) -> str:
    return char if char.isalnum() or not char.isascii() else f"\\{char}"


def is_too_long(pattern: str) -> bool:
    """Return whether the cluster would refuse a prefix, or the pattern of a wildcard."""
    return len(pattern.encode()) > _MOST_BYTES


def cut(bound: str) -> str:
    """Return as much of a text as may be the bound of a range."""
    return bound.encode()[:_MOST_BYTES].decode(errors="ignore")
