"""What the search in memory keeps of each object, and how single terms are compared."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain

from para_core.query.analysis import analyse
from para_core.query.fields import Document, Value, is_keyword, text_form
from para_core.query.regexp import matcher

__all__ = ["Entry", "TermTest", "has_phrase", "is_close_to", "is_like", "matches_regexp"]

TermTest = Callable[[str], bool]


class Entry:
    """One indexed document; the words of its fields are kept once they were asked for."""

    __slots__ = ("_words", "docid", "document", "source")

    def __init__(self, document: Document, docid: int, source: bytes | None = None) -> None:
        self.document, self.docid, self.source = document, docid, source
        self._words: dict[str, list[list[str]]] = {}

    def paths(self) -> Iterable[str]:
        """Return all paths that have a value."""
        if not self.document.nested:
            return self.document.values
        return dict.fromkeys(chain(self.document.values, *self.document.nested))

    def has(self, path: str) -> bool:
        """Return whether a path has a value."""
        return any(True for _ in self.document.lists(path))

    def values(self, path: str) -> Iterator[Value]:
        """Yield all values of a path."""
        return chain.from_iterable(self.document.lists(path))

    def words(self, path: str) -> list[list[str]]:
        """Return the words of a path: one list for the object, one for each nested one."""
        found = self._words.get(path)
        if found is None:
            found = self._words[path] = [
                [word for value in values for word in analyse(text_form(value))]
                for values in self.document.lists(path)
            ]
        return found

    def terms(self, path: str) -> Iterator[str]:
        """Yield what queries are compared with: whole values on keyword fields, else words."""
        if is_keyword(path):
            return map(text_form, self.values(path))
        return chain.from_iterable(self.words(path))


# ---- patterns ------------------------------------------------------------------------------------

_WILD_TOKEN = re.compile(r"\\(.)|([*?])|(\\\Z|[^*?])", re.DOTALL)


def is_like(pattern: str) -> TermTest:
    """Return a test for ``*`` and ``?``; it takes at most the product of both lengths."""
    tokens: list[str | None] = []  # None: any run; the empty text: any one character
    for escaped, wild, plain in _WILD_TOKEN.findall(pattern):
        if wild != "*":
            tokens.append("" if wild else escaped or plain)
        elif not tokens or tokens[-1] is not None:
            tokens.append(None)
    return partial(_fits, tokens)


def _fits(tokens: list[str | None], term: str) -> bool:
    at = place = 0
    star = back = -1  # the last run, and how far it reached
    while place < len(term):
        if at < len(tokens) and tokens[at] is None:
            star, back, at = at, place, at + 1
        elif at < len(tokens) and tokens[at] in ("", term[place]):
            at, place = at + 1, place + 1
        elif star >= 0:
            back += 1
            at, place = star + 1, back
        else:
            return False
    return all(token is None for token in tokens[at:])


def matches_regexp(pattern: str) -> TermTest:
    """Return a test for an expression; one that is malformed or too complex matches nothing."""
    try:
        matches = matcher(pattern)
    except ValueError:  # lower case made nonsense of it
        return lambda _: False

    def passes(term: str) -> bool:
        try:
            return matches(term)
        except ValueError:
            return False

    return passes


def is_close_to(text: str, edits: int) -> TermTest:
    """Return a test for insertions, deletions, replacements, and swaps of neighbours."""
    return partial(_is_close, text, edits)


def _is_close(text: str, edits: int, term: str) -> bool:
    if text == term:
        return True
    if not edits or abs(len(text) - len(term)) > edits:
        return False
    before, row = [0] * (len(term) + 1), list(range(len(term) + 1))
    for i, a in enumerate(text, 1):
        older, before, row = before, row, [i, *([0] * len(term))]
        for j, b in enumerate(term, 1):
            row[j] = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if min(i, j) > 1 and a == term[j - 2] and b == text[i - 2]:
                row[j] = min(row[j], older[j - 2] + 1)
        if min(row) > edits:
            return False
    return row[-1] <= edits


# ---- phrases -------------------------------------------------------------------------------------


def has_phrase(text: list[str], words: list[str], slop: int) -> bool:
    """Return whether the words stand in the text, in their order but for so many moves."""
    size = len(words)
    if not slop or size == 1:
        starts = (place for place, word in enumerate(text) if word == words[0])
        return any(text[start : start + size] == words for start in starts)
    places: dict[str, list[int]] = {word: [] for word in words}
    for place, word in enumerate(text):
        if word in places:
            places[word].append(place)
    return _can_place(words, places, slop, ())


def _can_place(
    words: list[str], places: dict[str, list[int]], slop: int, taken: tuple[int, ...]
) -> bool:
    """Whether the other words can be put on places, so that no two are farther off than slop."""
    index = len(taken)
    if index == len(words):
        return True
    shifts = [place - at for at, place in enumerate(taken)]
    for place in places[words[index]]:
        shift = place - index
        fits = not shifts or max(*shifts, shift) - min(*shifts, shift) <= slop
        if fits and place not in taken and _can_place(words, places, slop, (*taken, place)):
            return True
    return False
