"""Matching: where a part of an expression can end that starts at a place."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from para_core.patterns.nodes import Anchor, Chars, Choice, Look, Node, Repeat, Sequence

__all__ = ["MAX_STEPS", "Matcher"]

MAX_STEPS = 500_000
"""Places looked at before a match is given up: about a tenth of a second."""

_NOWHERE: tuple[int, ...] = ()


class _TooLongError(Exception):
    """The match took more steps than it may."""


class Matcher:
    """An expression that is ready to be held against texts, by several threads at a time."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def matches_whole(self, text: str) -> bool:
        """Whether the whole text fits; ``False`` too when that takes more than ``MAX_STEPS``."""
        try:
            return len(text) in _Run(text).ends(self._node, 0)
        except _TooLongError:
            return False


class _Run:
    """One match; remembers for each part and place where it can end, so no path is tried twice."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._known: dict[tuple[Node, int], Collection[int]] = {}
        self._steps = 0

    def ends(self, node: Node, start: int) -> Collection[int]:
        """All places at which ``node`` can end when it starts at ``start``."""
        match node:
            case Chars():
                self._count(1)
                is_there = start < len(self._text) and node.has(self._text[start])
                return (start + 1,) if is_there else _NOWHERE
            case Anchor():
                return (start,) if node.holds(self._text, start) else _NOWHERE
        known = self._known.get((node, start))
        if known is None:
            known = self._known[node, start] = self._found(node, start)
            self._count(1 + (len(known) >> 2))
        return known

    def _found(self, node: Sequence | Choice | Repeat | Look, start: int) -> Collection[int]:
        match node:
            case Sequence():
                places: Collection[int] = (start,)
                for part in node.parts:
                    places = self._all_ends(part, places)
                return places
            case Choice():
                return {end for option in node.options for end in self.ends(option, start)}
            case Look():
                return (start,) if self._sees(node, start) is node.is_wanted else _NOWHERE
            case Repeat(part=Chars() as chars):
                return self._run_of(node, chars, start)
        return self._repeated(node, start)

    def _all_ends(self, node: Node, starts: Iterable[int]) -> Collection[int]:
        found: set[int] = set()
        for start in starts:
            ends = self.ends(node, start)
            self._count(len(ends) >> 2)
            found.update(ends)
        return found

    def _sees(self, look: Look, place: int) -> bool:
        if look.is_ahead:
            return bool(self.ends(look.part, place))
        return any(place in self.ends(look.part, start) for start in range(place, -1, -1))

    def _run_of(self, node: Repeat, chars: Chars, start: int) -> Collection[int]:
        """Ends of a repeated set of characters: as many as follow each other."""
        text, has = self._text, chars.has
        last = len(text) if node.high is None else min(len(text), start + node.high)
        end = start
        while end < last and has(text[end]):
            end += 1
        self._count((end - start) >> 3)
        lowest = start + node.low
        return range(end if node.is_possessive and end >= lowest else lowest, end + 1)

    def _repeated(self, node: Repeat, start: int) -> Collection[int]:
        places: Collection[int] = {start}
        for _ in range(node.low):
            before, places = places, self._all_ends(node.part, places)
            if not places or places == before:
                break
        found, fresh, times = set(places), places, node.low
        while fresh and (node.high is None or times < node.high):
            fresh = set(self._all_ends(node.part, fresh)) - found
            self._count(len(fresh))
            found |= fresh
            times += 1
        return found

    def _count(self, steps: int) -> None:
        self._steps += steps
        if self._steps > MAX_STEPS:
            raise _TooLongError
