"""Pages of results, kept until their app's index changes."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from para_core.contracts.search import Hits
from para_core.errors import BackendError
from para_core.pager import Pager
from para_core.query.tree import Node

__all__ = ["CacheStatistics", "ResultCache"]

_ENTRY_BYTES = 700  # of a small key and an entry, roughly
_TREE_FACTOR = 4  # a tree takes up to so many times the length of its description
_KEY_BYTES = 70  # of each id in a page

_Key = tuple[str, Node, str | None, Pager]


@dataclass(slots=True)
class CacheStatistics:
    """What the cache holds and what it saved."""

    hits: int = 0
    misses: int = 0
    entries: int = 0
    bytes: int = 0


class ResultCache:
    """Results by app, query, type and page; the least recently used ones go first.

    An entry belongs to one generation of its app's index and is not found in any other.
    """

    def __init__(self, *, most_entries: int, most_bytes: int) -> None:
        self._most_entries, self._most_bytes = most_entries, most_bytes
        self._found: OrderedDict[_Key, tuple[object, Hits, int]] = OrderedDict()
        self._of_app: dict[str, set[_Key]] = {}
        self.statistics = CacheStatistics()

    def key(self, appid: str, node: Node, kind: str | None, pager: Pager) -> _Key:
        """Return what a result is found by.

        Raises:
            BackendError: The tree is too deep for anything to be done with it.
        """
        key = (appid, node, kind, pager)
        try:
            hash(key)
        except RecursionError as error:
            raise BackendError("a query nests more levels than fit on the stack") from error
        return key

    def get(self, key: _Key, generation: object) -> Hits | None:
        """Return a result of this generation of the index."""
        entry = self._found.get(key)
        if entry is None or entry[0] is not generation:
            self.statistics.misses += 1
            return None
        self._found.move_to_end(key)
        self.statistics.hits += 1
        return entry[1]

    def put(self, key: _Key, generation: object, hits: Hits) -> None:
        """Keep a result, unless it is larger than a fair part of the memory."""
        size = _ENTRY_BYTES + _TREE_FACTOR * len(repr(key))
        size += _KEY_BYTES * len(hits.keys)
        size += sum(map(len, hits.sources.values())) + sum(map(len, hits.keys))
        if size > self._most_bytes // 16:
            return
        self._drop(key)
        self._found[key] = (generation, hits, size)
        self._of_app.setdefault(key[0], set()).add(key)
        self.statistics.entries += 1
        self.statistics.bytes += size
        while (
            self.statistics.entries > self._most_entries or self.statistics.bytes > self._most_bytes
        ):
            self._drop(next(iter(self._found)))

    def clear(self) -> None:
        """Drop all results."""
        for key in list(self._found):
            self._drop(key)

    def forget(self, appid: str) -> None:
        """Drop all results of an app."""
        for key in self._of_app.pop(appid, ()):
            self._drop(key)

    def _drop(self, key: _Key) -> None:
        entry = self._found.pop(key, None)
        if entry is not None:
            keys = self._of_app.get(key[0], set())
            keys.discard(key)
            if not keys:
                self._of_app.pop(key[0], None)
            self.statistics.entries -= 1
            self.statistics.bytes -= entry[2]
