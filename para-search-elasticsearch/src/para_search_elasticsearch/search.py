"""``ElasticSearch``: the search engine behind an alias for each app."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterable, Callable, Sequence

from para_core.contracts.dao import Record
from para_core.contracts.search import Hits, Later, Search
from para_core.errors import IndexMovedError, UnavailableError
from para_core.pager import Pager
from para_core.query.tree import Node
from para_search_elasticsearch.bulk import Bulk
from para_search_elasticsearch.connection import Connection
from para_search_elasticsearch.failures import RefusedError
from para_search_elasticsearch.finding import Finder
from para_search_elasticsearch.home import Home
from para_search_elasticsearch.homes import Homes
from para_search_elasticsearch.pens import Pens
from para_search_elasticsearch.positions import Positions
from para_search_elasticsearch.settings import BulkSettings, ElasticSettings
from para_search_elasticsearch.turns import Turns
from para_search_elasticsearch.writing import Writer

__all__ = ["ElasticSearch"]


class ElasticSearch(Search):
    """Search in a cluster of OpenSearch or Elasticsearch.

    Any number of processes may search at the same time; the writes of one app come from one of
    them, as everywhere. What was indexed is found as soon as the call returns, unless
    ``para.es.async_enabled`` or ``para.es.bulk.flush_immediately`` say otherwise.
    """

    is_shared = True

    def __init__(  # noqa: PLR0913 - what it works with
        self,
        settings: ElasticSettings,
        bulk: BulkSettings,
        connection: Connection,
        *,
        root: str = "para",
        is_ordered: bool = False,
        clock: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        """Describe the cluster.

        Args:
            settings: The section ``para.es``.
            bulk: The section ``para.es.bulk``.
            connection: To the cluster; closed with the engine.
            root: Identifier of the root app.
            is_ordered: Whether several servers write; the indexes are of another form then.
            clock: Microseconds; new documents get greater numbers than all before.
        """
        self.settings, self.connection = settings, connection
        self.homes = Homes(connection, settings, root, is_ordered=is_ordered)
        self._is_ordered = is_ordered
        self._positions = Positions(connection, settings)
        self._finder = Finder(connection, settings)
        sender = Bulk(connection, bulk, settings.bulk_timeout_ms)
        refresh = bulk.flush_immediately and not settings.async_enabled
        self._writer = Writer(sender, settings, clock, refresh=refresh)
        self._turns = Turns(self.homes, Pens(connection, self.homes), self._writer, self._positions)
        self._seen: set[str] = set()  # apps whose index must be there: its position was told
        self._is_open = False

    @property
    def is_ordered(self) -> bool:  # type: ignore[override]
        """Whether several servers may write."""
        return self._is_ordered

    async def open(self) -> None:
        """Get ready; a cluster that is away is asked again by whatever needs it."""
        self._is_open = True

    async def close(self) -> None:
        """Close the connections."""
        self._is_open = False
        self.homes.forget()
        self._seen.clear()
        self._turns.forget()
        await self.connection.close()

    def share(self, group: str) -> None:
        """Let several processes use the same indexes: the cluster keeps them apart."""
        del group

    async def lead(self) -> None:
        """Look anew where the indexes are: another process wrote until now."""
        self.homes.forget()
        self._seen.clear()
        self._writer.forget()

    # ---- searching ----------------------------------------------------------------------------

    async def find(
        self, appid: str, query: Node, *, kind: str | None = None, pager: Pager | None = None
    ) -> Hits:
        """Return one page of the documents that match; see ``Search.find``.

        Raises:
            IndexMovedError: The index is gone since this process saw it; asked again, until it was
                asked for the position.
        """
        self._check_open()
        alias = self.homes.names.alias(appid)
        try:
            return await self._finder.find(alias, appid, query, kind, pager or Pager())
        except RefusedError as refusal:
            if not refusal.is_no_index:
                raise
            if appid not in self.homes.known:
                return Hits([], 0)
            raise IndexMovedError(appid) from refusal

    async def position(self, appid: str) -> int | None:
        """Return the number of the last change that the app's index holds, durably."""
        self._check_open()
        if self._is_ordered:
            return await self._turns.begin(appid)
        position = await self._position_in(await self.homes.look_up(appid))
        if position is None:
            self._seen.discard(appid)  # who asks knows that it has to be made
        else:
            self._seen.add(appid)
        return position

    async def refresh(self, appid: str) -> int | None:
        """Return what ``position`` does: what the cluster was told, every search sees."""
        self._check_open()
        known = self.homes.known.get(appid)
        position = await self._position_in(known)
        if position is None:  # it was not known, or has moved
            position = await self._position_in(await self.homes.look_up(appid))
        return position

    async def _position_in(self, home: Home | None) -> int | None:
        state = None if home is None else await self._positions.read(home)
        return None if state is None else state.position

    # ---- writing ------------------------------------------------------------------------------

    async def index(
        self, appid: str, puts: Sequence[Record], deletes: Sequence[str], position: int | None
    ) -> None:
        """Index records, unindex ids and remember the position; see ``Search.index``.

        The position is written when everything else is: it is never ahead. An index is made here
        only where there was none. One that somebody has removed held what is not in this call.

        Raises:
            IndexMovedError: The index is gone. Ask for the position.
        """
        self._check_open()
        home = self.homes.known.get(appid) or await self.homes.look_up(appid)
        if home is None:
            if appid in self._seen:
                raise IndexMovedError(appid)
            home = await self.homes.make(appid)
            await self.homes.move_in(appid, home)
        self._seen.add(appid)
        try:
            await self._writer.apply(appid, home, puts, deletes)
            if position is not None:
                await self._positions.write(home, home.place(), position)
        except RefusedError as refusal:
            self.homes.forget(appid)
            if refusal.is_missing:
                raise IndexMovedError(appid) from refusal
            raise

    async def rebuild(
        self, appid: str, records: AsyncIterable[Sequence[Record]], position: int
    ) -> int:
        """Replace the app's index by these records; see ``Search.rebuild``."""
        self._check_open()
        home, is_asked = await self.homes.make(appid), False
        try:
            taken = 0
            async for batch in records:
                taken += await self._writer.fill(appid, home, batch)
            await self._positions.write(home, home.filling_place(), position)
            await self._positions.show(home)
            is_asked = True  # from here on it may be in use, unless that is refused
            await self.homes.move_in(appid, home)
            self._seen.add(appid)
        except BaseException as error:
            if not is_asked or isinstance(error, RefusedError):
                await asyncio.shield(self._clear(home))
            self.homes.forget(appid)
            raise
        return taken

    async def _clear(self, home: Home) -> None:
        """Remove what a failed rebuild made; the next one removes it if this fails too."""
        try:
            await self.homes.clear(home)
        except (UnavailableError, RefusedError):
            self.homes.forget()

    async def drop(self, appid: str) -> None:
        """Remove the app's index with everything in it."""
        self._check_open()
        await self.homes.remove(appid)
        self._seen.discard(appid)
        self._writer.forget(appid)
        self._turns.forget(appid)

    async def index_as_of(
        self,
        appid: str,
        puts: Sequence[Record],
        deletes: Sequence[str],
        position: int | None,
        as_of: int,
    ) -> None:
        """Index and remove what is not newer in the index; see ``Search.index_as_of``."""
        self._check_open()
        await self._turns.index(appid, puts, deletes, position, as_of)

    async def rebuild_as_of(
        self, appid: str, records: AsyncIterable[Sequence[Record]], position: int, later: Later
    ) -> int:
        """Replace an index that another server writes; see ``Search.rebuild_as_of``."""
        self._check_open()
        return await self._turns.rebuild(appid, records, position, later)

    def _check_open(self) -> None:
        if not self._is_open:
            raise UnavailableError("the search engine is not open")
