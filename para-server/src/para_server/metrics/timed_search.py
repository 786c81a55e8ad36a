"""A search engine whose calls are timed, under the original's names for kinds of searches."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Sequence
from typing import TYPE_CHECKING

from para_core.contracts.dao import Record
from para_core.contracts.search import Hits, Later, Search
from para_core.pager import Pager
from para_core.query.tree import (
    Bool,
    Exact,
    Near,
    Node,
    Prefix,
    Range,
    Similar,
    Wildcard,
)
from para_server.metrics.names import INDEX_METHODS, SEARCH_METHODS

if TYPE_CHECKING:
    from para_core.metrics import Metrics

__all__ = ["TimedSearch", "kind_of_search"]

_LINKERS = Exact("type", "linker")
_SAMPLED = 15  # of 16 answers from memory that many are only counted


class TimedSearch(Search):
    """Times searches and changes of the search engine behind it.

    An answer from memory takes less time than a clock, so only one in sixteen is timed.
    """

    def __init__(self, search: Search, name: str, metrics: Metrics) -> None:
        self.search, self._metrics = search, metrics
        self._finds = {method: f"{name}.{method}" for method in SEARCH_METHODS}
        self._changes = {method: f"MeasuredSearch.{method}" for method in INDEX_METHODS}
        self._peek, self._tally, self._turn = search.peek, metrics.tally, -1

    @property
    def is_shared(self) -> bool:  # type: ignore[override]
        """Whether all servers see the index behind it."""
        return self.search.is_shared

    @property
    def is_ordered(self) -> bool:  # type: ignore[override]
        """Whether the engine behind it keeps the writes of several servers in order."""
        return self.search.is_ordered

    async def open(self) -> None:
        """Open the engine behind it."""
        await self.search.open()

    async def close(self) -> None:
        """Close the engine behind it."""
        await self.search.close()

    def share(self, group: str) -> None:
        """Get the engine behind it ready for several processes."""
        self.search.share(group)

    async def lead(self) -> None:
        """Let the engine behind it write from now on."""
        await self.search.lead()

    async def refresh(self, appid: str) -> int | None:
        """Let the engine behind it see what others have committed."""
        return await self.search.refresh(appid)

    async def position(self, appid: str) -> int | None:
        """Return the position of an index."""
        return await self.search.position(appid)

    async def index(
        self, appid: str, puts: Sequence[Record], deletes: Sequence[str], position: int | None
    ) -> None:
        """Index and unindex in one commit, which counts as indexing where it does both."""
        began = self._metrics.clock_ns()
        try:
            await self.search.index(appid, puts, deletes, position)
        finally:
            self._book(appid, puts, deletes, began)

    async def index_as_of(
        self,
        appid: str,
        puts: Sequence[Record],
        deletes: Sequence[str],
        position: int | None,
        as_of: int,
    ) -> None:
        """Index and unindex what is not newer in the index."""
        began = self._metrics.clock_ns()
        try:
            await self.search.index_as_of(appid, puts, deletes, position, as_of)
        finally:
            self._book(appid, puts, deletes, began)

    def _book(self, appid: str, puts: Sequence[Record], deletes: Sequence[str], began: int) -> None:
        verb = "index" if puts else "unindex"
        more = "All" if len(puts) + len(deletes) > 1 else ""
        self._metrics.book(appid, self._changes[verb + more], began)

    async def rebuild(
        self, appid: str, records: AsyncIterable[Sequence[Record]], position: int
    ) -> int:
        """Rebuild an index."""
        began = self._metrics.clock_ns()
        try:
            return await self.search.rebuild(appid, records, position)
        finally:
            self._metrics.book(appid, self._finds["rebuildIndex"], began)

    async def rebuild_as_of(
        self, appid: str, records: AsyncIterable[Sequence[Record]], position: int, later: Later
    ) -> int:
        """Rebuild an index that another server writes."""
        began = self._metrics.clock_ns()
        try:
            return await self.search.rebuild_as_of(appid, records, position, later)
        finally:
            self._metrics.book(appid, self._finds["rebuildIndex"], began)

    async def drop(self, appid: str) -> None:
        """Remove an index; the system's timer has it, as the app goes with it."""
        began = self._metrics.clock_ns()
        try:
            await self.search.drop(appid)
        finally:
            self._metrics.book("", self._finds["deleteIndex"], began)

    async def find(
        self, appid: str, query: Node, *, kind: str | None = None, pager: Pager | None = None
    ) -> Hits:
        """Search."""
        began = self._metrics.clock_ns()
        try:
            return await self.search.find(appid, query, kind=kind, pager=pager)
        finally:
            self._metrics.book(appid, self._finds[kind_of_search(query, pager)], began)

    def peek(
        self, appid: str, query: Node, *, kind: str | None = None, pager: Pager | None = None
    ) -> Hits | None:
        """Search without waiting; only a search that succeeds so counts."""
        self._turn = turn = self._turn + 1
        began = 0 if turn & _SAMPLED else self._metrics.clock_ns()
        hits = self._peek(appid, query, kind=kind, pager=pager)
        if hits is not None:
            self._tally(appid, self._finds[kind_of_search(query, pager)], began)
        return hits


def kind_of_search(query: Node, pager: Pager | None) -> str:
    """Return the method of the original's ``Search`` that such a search would have been."""
    if pager is not None and pager.limit == 0:
        return "getCount"
    tell = _KINDS.get(type(query))
    return "findQuery" if tell is None else tell(query)


def _of_wildcard(query: Wildcard) -> str:
    return "findTags" if query.field == "tag" else "findWildcard"


def _of_exact(query: Exact) -> str:
    if query.field == "id":
        return "findById"
    return "findTagged" if query.field == "tags" else "findTerms"


def _of_bool(query: Bool) -> str:
    first = next(iter(query.must), None)
    if isinstance(first, Similar):
        return "findSimilar"
    if first == _LINKERS and len(query.must) > 1:
        return "findNestedQuery"
    parts = query.must or query.should
    if query.must_not or not parts or not all(isinstance(p, Exact | Range) for p in parts):
        return "findQuery"
    fields = {part.field for part in parts if isinstance(part, Exact | Range)}
    if query.must:
        return "findTagged" if fields == {"tags"} else "findTerms"
    if len(fields) > 1 or not all(isinstance(part, Exact) for part in parts):
        return "findTerms"
    return "findByIds" if fields == {"id"} else "findTermInList"


_KINDS: dict[type, Callable[..., str]] = {
    Bool: _of_bool,
    Exact: _of_exact,
    Near: lambda _: "findNearby",
    Prefix: lambda _: "findPrefix",
    Range: lambda _: "findTerms",
    Similar: lambda _: "findSimilar",
    Wildcard: _of_wildcard,
}
