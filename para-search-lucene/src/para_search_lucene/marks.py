"""Which paths the documents of an index have, and what they sort like."""

from __future__ import annotations

from collections.abc import Iterable

from tantivy import Searcher

from para_core.query.fields import KEYWORD_FIELDS, nested_path
from para_search_lucene.schema import Field, field_of, field_of_key

__all__ = ["Marks"]

_MOST = 20_000  # kept in memory; reading one from the index takes some microseconds

_KEYWORDS = tuple(
    field_of(path)
    for path in sorted(KEYWORD_FIELDS | {nested_path(path) for path in KEYWORD_FIELDS})
    if path not in ("latlng", "nstd", "_docid")
)


class Marks:
    """The marks of all documents that are, or were, in an index.

    A mark that is not here is in no document; one that is here may be in none any more. An app with
    more marks than fit has all that can be asked for.
    """

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._known = set(known)
        self._is_partial = len(self._known) >= _MOST
        self._keywords: tuple[Field, ...] | None = None

    @classmethod
    def read(cls, searcher: Searcher) -> Marks:
        """Return the marks of an index."""
        return cls(mark for mark, _ in searcher.terms_with_prefix("present", "", limit=_MOST))

    def add(self, marks: Iterable[str]) -> None:
        """Take in the marks of documents that are about to be indexed."""
        if self._is_partial:
            return
        before = len(self._known)
        self._known.update(marks)
        if len(self._known) > before:
            self._keywords = None
            self._is_partial = len(self._known) >= _MOST

    def has(self, mark: str) -> bool:
        """Return whether a document may have this mark."""
        return self._is_partial or mark in self._known

    def has_field(self, field: Field) -> bool:
        """Return whether a document may have a value there."""
        return self._is_partial or not self._known.isdisjoint(field.marks)

    def keywords(self) -> tuple[Field, ...]:
        """Return the keyword fields that documents may have."""
        found = self._keywords
        if found is None:
            found = self._keywords = tuple(filter(self.has_field, _KEYWORDS))
        return found

    def fields(self, prefixes: str, most: int) -> list[Field]:
        """Return the fields with a mark of one of these kinds, at most so many."""
        keys = {mark[1:] for mark in list(self._known) if mark[0] in prefixes}
        return [field_of_key(key) for key in sorted(keys)[:most]]
