"""Places between characters: starts, ends and edges of words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from para_core.patterns.charsets import is_line_end, is_word

__all__ = ["ANCHORS", "start_or_end"]


def _is_start(_: str, place: int) -> bool:
    return place == 0


def _is_very_end(text: str, place: int) -> bool:
    return place == len(text)


def _is_end(text: str, place: int) -> bool:
    rest = text[place : place + 3]
    return not rest or rest == "\r\n" or (len(rest) == 1 and is_line_end(rest))


def _is_line_start(text: str, place: int) -> bool:
    if place == 0:
        return True
    is_inside_pair = text[place - 1 : place + 1] == "\r\n"
    return place < len(text) and is_line_end(text[place - 1]) and not is_inside_pair


def _is_line_end(text: str, place: int) -> bool:
    is_inside_pair = place > 0 and text[place - 1 : place + 1] == "\r\n"
    return place == len(text) or (is_line_end(text[place]) and not is_inside_pair)


def _is_word_edge(text: str, place: int) -> bool:
    before = place > 0 and is_word(text[place - 1])
    return before != (place < len(text) and is_word(text[place]))


def start_or_end(char: str, *, is_multiline: bool) -> Callable[[str, int], bool]:
    """The place that ``^`` or ``$`` stands for."""
    if char == "^":
        return _is_line_start if is_multiline else _is_start
    return _is_line_end if is_multiline else _is_end


ANCHORS: Mapping[str, Callable[[str, int], bool]] = {
    "A": _is_start,
    "G": _is_start,
    "Z": _is_end,
    "z": _is_very_end,
    "b": _is_word_edge,
    "B": lambda text, place: not _is_word_edge(text, place),
}
"""Places by the letter after a backslash."""
