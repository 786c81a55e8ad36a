"""``ElasticSearch``: the search engine behind an alias for each app."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterable, Callable, Sequence
from urllib.parse import quote

from para_core.contracts.dao import Record
from para_core.contracts.search import Hits, Search
from para_core.errors import UnavailableError
from para_core.pager import Pager
from para_core.query.tree import Node
from para_search_elasticsearch.bulk import Bulk
from para_search_elasticsearch.connection import Connection
from para_search_elasticsearch.failures import RefusedError
from para_search_elasticsearch.finding import Finder
from para_search_elasticsearch.homes import Home, Homes
from para_search_elasticsearch.naming import state_id
from para_search_elasticsearch.settings import BulkSettings, ElasticSettings
from para_search_elasticsearch.writing import Writer

__all__ = ["ElasticSearch"]

_TRIES = 2  # of a write: somebody may have removed the index since this process saw it


class ElasticSearch(Search):
    """Search in a cluster of OpenSearch or Elasticsearch.

    Any number of processes may search at the same time; the writes of one app come from one of
    them, as everywhere. What was indexed is found as soon as the call returns, unless
    ``para.es.async_enabled`` or ``para.es.bulk.flush_immediately`` say otherwise.
    """

    is_shared = True

    def __init__(
        self,
        settings: ElasticSettings,
        bulk: BulkSettings,
        connection: Connection,
        *,
        root: str = "para",
        clock: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        """Describe the cluster.

        Args:
            settings: The section ``para.es``.
            bulk: The section ``para.es.bulk``.
            connection: To the cluster; closed with the engine.
            root: Identifier of the root app.
            clock: Microseconds; new documents get greater numbers than all before.
        """
        self.settings, self.connection = settings, connection
        self.homes = Homes(connection, settings, root)
        self._finder = Finder(connection, settings)
        sender = Bulk(connection, bulk, settings.bulk_timeout_ms)
        refresh = bulk.flush_immediately and not settings.async_enabled
        self._writer = Writer(sender, settings, clock, refresh=refresh)
        self._is_open = False

    async def open(self) -> None:
        """Get ready; a cluster that is away is asked again by whatever needs it."""
        self._is_open = True

    async def close(self) -> None:
        """Close the connections."""
        self._is_open = False
        self.homes.forget()
        await self.connection.close()

    def share(self, group: str) -> None:
        """Let several processes use the same indexes: the cluster keeps them apart."""
        del group

    async def lead(self) -> None:
        """Look anew where the indexes are: another process wrote until now."""
        self.homes.forget()
        self._writer.forget()

    # ---- searching ----------------------------------------------------------------------------

    async def find(
        self, appid: str, query: Node, *, kind: str | None = None, pager: Pager | None = None
    ) -> Hits:
        """Return one page of the documents that match; see ``Search.find``."""
        self._check_open()
        alias = self.homes.names.alias(appid)
        return await self._finder.find(alias, appid, query, kind, pager or Pager())

    async def position(self, appid: str) -> int | None:
        """Return the number of the last change that the app's index holds, durably."""
        self._check_open()
        home = await self.homes.look_up(appid)
        if home is None:
            return None
        try:
            answer = await self.connection.request(
                f"GET {_state_path(home.alias, home.tenant)}",
                doing="tell how far an index is",
            )
        except RefusedError as refusal:
            if refusal.is_missing:
                return None
            raise
        position = answer.get("_source", {}).get("_position")
        return position if isinstance(position, int) else None

    # ---- writing ------------------------------------------------------------------------------

    async def index(
        self, appid: str, puts: Sequence[Record], deletes: Sequence[str], position: int | None
    ) -> None:
        """Index records, unindex ids and remember the position; see ``Search.index``.

        The position is written when everything else is: it is never ahead.
        """
        self._check_open()
        for tried in range(_TRIES):
            home = await self.homes.for_writing(appid)
            try:
                await self._writer.apply(appid, home, puts, deletes)
                if position is not None:
                    await self._remember(home, position, refresh=False)
            except RefusedError as refusal:
                self.homes.forget(appid)
                if not refusal.is_missing or tried + 1 == _TRIES:
                    raise
            else:
                return

    async def rebuild(
        self, appid: str, records: AsyncIterable[Sequence[Record]], position: int
    ) -> int:
        """Replace the app's index by these records; see ``Search.rebuild``."""
        self._check_open()
        home = await self.homes.make(appid)
        try:
            taken = 0
            async for batch in records:
                taken += await self._writer.fill(appid, home, batch)
            await self._remember(home, position, refresh=True, is_filling=True)
            await self.homes.move_in(appid, home)
        except BaseException:
            await asyncio.shield(self._clear(home))
            raise
        return taken

    async def _clear(self, home: Home) -> None:
        """Remove what a failed rebuild made; the next one removes it if this fails too."""
        try:
            if home.is_shared:
                await self.homes.empty(home.index, home.tenant, home.alias)
            else:
                await self.homes.discard(home.index)
        except (UnavailableError, RefusedError):
            self.homes.forget()

    async def drop(self, appid: str) -> None:
        """Remove the app's index with everything in it."""
        self._check_open()
        await self.homes.remove(appid)
        self._writer.forget(appid)

    async def _remember(
        self, home: Home, position: int, *, refresh: bool, is_filling: bool = False
    ) -> None:
        params = {"refresh": "true"} if refresh else {}
        if is_filling and home.is_shared:
            params["routing"] = home.alias
        else:
            params["require_alias"] = "true"
        await self.connection.request(
            f"PUT {_state_path(home.filling if is_filling else home.alias, home.tenant)}",
            {"_position": position},
            doing="remember how far an index is",
            params=params,
        )
        if refresh:
            await self.connection.request(
                f"POST /{quote(home.index, safe='')}/_refresh",
                doing="show new objects",
                timeout_ms=self.settings.bulk_timeout_ms,
            )

    def _check_open(self) -> None:
        if not self._is_open:
            raise UnavailableError("the search engine is not open")


def _state_path(index: str, tenant: str) -> str:
    return f"/{quote(index, safe='')}/_doc/{quote(state_id(tenant), safe='')}"
