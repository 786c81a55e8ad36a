"""What an expression consists of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = [
    "Anchor",
    "CharTest",
    "Chars",
    "Choice",
    "Look",
    "Node",
    "PatternError",
    "Repeat",
    "Sequence",
]

CharTest = Callable[[str], bool]
"""Whether one character belongs to a set."""


class PatternError(ValueError):
    """An expression cannot be read; the message says where and why."""


@dataclass(frozen=True, slots=True, eq=False)
class Chars:
    """One character of a set."""

    has: CharTest


@dataclass(frozen=True, slots=True, eq=False)
class Anchor:
    """A place between characters, told from the text and the position."""

    holds: Callable[[str, int], bool]


@dataclass(frozen=True, slots=True, eq=False)
class Sequence:
    """Parts one after the other; without parts, the empty text."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """One of several parts."""

    options: tuple[Node, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Repeat:
    """A part several times."""

    part: Node
    low: int
    high: int | None = None  # None: without end
    is_possessive: bool = False  # takes all it can of a set of characters, and gives nothing back


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A part that must, or must not, stand after or before this place."""

    part: Node
    is_ahead: bool
    is_wanted: bool


Node = Chars | Anchor | Sequence | Choice | Repeat | Look
