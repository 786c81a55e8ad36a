"""Removes homes: those that were replaced, and what rebuilds have left that were killed."""

from __future__ import annotations

from urllib.parse import quote

from para_search_elasticsearch.aliases import Aliases
from para_search_elasticsearch.connection import Connection, Json
from para_search_elasticsearch.failures import RefusedError
from para_search_elasticsearch.home import Home, filling_of, tenant_of
from para_search_elasticsearch.naming import Names
from para_search_elasticsearch.settings import ElasticSettings

__all__ = ["Removal"]


class Removal:
    """Removes what no alias of an app names."""

    def __init__(
        self, connection: Connection, settings: ElasticSettings, names: Names, *, is_ordered: bool
    ) -> None:
        self._connection, self._settings, self._names = connection, settings, names
        self._aliases = Aliases(connection)
        self._is_ordered = is_ordered

    async def clear(self, home: Home) -> None:
        """Remove a home that no alias of an app names any more, or yet.

        Who fills it finds out with its next write. If it is in use by now, it stays.
        """
        if home.filling:
            remove = {"index": home.index, "alias": home.filling}
            try:
                await self._aliases.change([{"remove": remove}], "remove an index")
            except RefusedError as refusal:
                if not refusal.is_missing:
                    raise
                return
        if home.is_shared:
            await self.empty(home.index, home.tenant, home.alias)
        else:
            await self.discard(home.index)

    async def discard(self, index: str) -> None:
        """Delete an index; one that is not there is no error."""
        try:
            await self._connection.request(
                f"DELETE /{quote(index, safe='')}", doing="remove an index"
            )
        except RefusedError as refusal:
            if not refusal.is_missing:
                raise

    async def empty(self, index: str, tenant: str, routing: str) -> None:
        """Delete the documents of an app, or of one rebuild of it, in a shared index.

        The cluster looks for them as a search does: those of the last second it has to be shown.
        """
        path = quote(index, safe="")
        await self._connection.request(
            f"POST /{path}/_refresh",
            doing="look for objects to remove",
            timeout_ms=self._settings.bulk_timeout_ms,
        )
        await self._connection.request(
            f"POST /{path}/_delete_by_query",
            {"query": {"term": {"_app": tenant}}},
            doing="remove objects",
            params={"conflicts": "proceed", "refresh": "true", "routing": routing},
            timeout_ms=self._settings.bulk_timeout_ms,
        )

    async def leftovers(self, appid: str) -> list[Home]:
        """Return what rebuilds have left that were killed, and what others are filling."""
        alias, found = self._names.alias(appid), list[Home]()
        pattern = quote(self._names.indexes(appid), safe="*")
        own = await self._connection.request(f"GET /{pattern}/_alias", doing="look for old indexes")
        for index, facts in own.items():
            if alias not in facts["aliases"]:
                name = filling_of(index)
                filling = name if name in facts["aliases"] else ""
                found.append(Home(alias, index, appid, is_shared=False, filling=filling))
        for index, facts in (await self._aliases.behind(self._names.fillings(appid))).items():
            for name, about in facts["aliases"].items():
                tenant = tenant_of(about) or ""
                found.append(Home(alias, index, tenant, is_shared=True, filling=name))
        return found

    async def remove_leftover(self, old: Home, home: Home) -> None:
        """Delete an index that a rebuild has left.

        By the time that a request arrives, it may be in use, and this home not any more. So it goes
        in one step with a look that this home still is.
        """
        actions = [*self._still(home), {"remove_index": {"index": old.index}}]
        try:
            await self._aliases.change(actions, "remove an old index")
        except RefusedError as refusal:
            if not refusal.is_missing:
                raise

    def _still(self, home: Home) -> list[Json]:
        """Return steps that change nothing, and fail when this home of its own is not in use.

        Where one server writes, a home that was replaced is removed in the same step, so that its
        index is there says enough.
        """
        add: Json = {"add": {"index": home.index, "alias": home.alias}}
        if not self._is_ordered:
            return [add]
        of_home = {"index": home.index, "alias": home.alias}
        return [{"remove": {**of_home, "must_exist": True}}, add]
