"""A place in the text of an expression."""

from __future__ import annotations

import re

from para_core.patterns.nodes import PatternError

__all__ = ["Cursor"]


class Cursor:
    """Reads an expression from left to right."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0
        self.skips_comments = False

    def peek(self) -> str:
        """The next character that counts, or nothing at the end."""
        if self.skips_comments:
            self._skip_comments()
        return self._pattern[self._at : self._at + 1]

    def next(self) -> str:
        """Take the next character that counts."""
        self.peek()
        return self.next_as_is()

    def next_as_is(self) -> str:
        """Take the next character, white space or not."""
        if self._at >= len(self._pattern):
            raise self.error("more was expected")
        self._at += 1
        return self._pattern[self._at - 1]

    def back(self) -> None:
        """Put the last character back."""
        self._at -= 1

    def stands(self, text: str) -> bool:
        """Whether this text comes next."""
        self.peek()
        return self._pattern.startswith(text, self._at)

    def takes(self, text: str) -> bool:
        """Take this text if it comes next."""
        is_there = self.stands(text)
        if is_there:
            self._at += len(text)
        return is_there

    def match(self, form: re.Pattern[str]) -> re.Match[str] | None:
        """Take what fits this form, if it comes next."""
        found = form.match(self._pattern, self._at)
        if found:
            self._at = found.end()
        return found

    def until(self, mark: str) -> str:
        """Take everything up to a mark, and the mark; without one, all that is left."""
        text, _, _ = self._pattern[self._at :].partition(mark)
        self._at = min(len(self._pattern), self._at + len(text) + len(mark))
        return text

    def begins_range(self) -> bool:
        """Whether a dash comes next that stands between two ends of a range."""
        after = self._pattern[self._at + 1 : self._at + 2]
        return self.peek() == "-" and bool(after) and after not in "[]"

    def error(self, reason: str) -> PatternError:
        """What is wrong at this place."""
        return PatternError(f"{reason}, at character {self._at} of {self._pattern!r}")

    def _skip_comments(self) -> None:
        while (char := self._pattern[self._at : self._at + 1]) and (char == "#" or char.isspace()):
            self._at += 1
            if char == "#":
                self.until("\n")
