"""Answers that are kept for the next time they are asked for, within a bound of memory."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

__all__ = ["remembered"]

S = TypeVar("S", str, bytes)
T = TypeVar("T")


def remembered(*, most: int, longest: int) -> Callable[[Callable[[S], T]], Callable[[S], T]]:
    """Keep the answers of a function of one text, but not those to long texts.

    Clients choose the texts: a bound on entries alone would let them fill the memory.

    Args:
        most: How many answers are kept; the least recently used ones go first.
        longest: Characters (or bytes) of a text whose answer is kept.
    """

    def keep(function: Callable[[S], T]) -> Callable[[S], T]:
        kept = lru_cache(most)(function)

        @wraps(function)
        def answer(text: S) -> T:
            return kept(text) if len(text) <= longest else function(text)

        return answer

    return keep
