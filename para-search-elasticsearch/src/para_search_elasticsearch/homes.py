"""Where each app lives in the cluster: an index of its own, or a part of the shared one.

What finds and writes an app's documents goes through the app's alias; so an index can be replaced
behind it in one step. The alias of an app in the shared index has a filter and a routing, so that
nothing behind it ever sees another app's documents.
"""

from __future__ import annotations

import logging
import uuid
from urllib.parse import quote

from para_core.errors import BackendError
from para_search_elasticsearch.aliases import Aliases
from para_search_elasticsearch.connection import Connection, Json
from para_search_elasticsearch.failures import RefusedError
from para_search_elasticsearch.home import Home, filling_of, tenant_of
from para_search_elasticsearch.mapping import index_body
from para_search_elasticsearch.naming import Names
from para_search_elasticsearch.removal import Removal
from para_search_elasticsearch.settings import ElasticSettings

__all__ = ["Homes", "names_of"]

logger = logging.getLogger(__name__)

_EXISTS = "resource_already_exists_exception"
_COPIED = "snapshot_in_progress_exception"


def names_of(settings: ElasticSettings, root: str, *, is_ordered: bool = False) -> Names:
    """Return the names that a server gives; ``root`` is the identifier of the root app."""
    form = "n" if settings.use_nested_custom_fields else "p"
    return Names(settings.index_prefix, root, f"{form}o" if is_ordered else form)


class Homes:
    """Finds, makes, replaces and removes the homes of apps."""

    def __init__(
        self,
        connection: Connection,
        settings: ElasticSettings,
        root: str,
        *,
        is_ordered: bool = False,
    ) -> None:
        self._connection, self._settings, self._root = connection, settings, root
        self._is_ordered = is_ordered
        self.names = names_of(settings, root, is_ordered=is_ordered)
        self._aliases = Aliases(connection)
        self._removal = Removal(connection, settings, self.names, is_ordered=is_ordered)
        self.known: dict[str, Home] = {}
        """Where this process saw apps."""

    # ---- finding ------------------------------------------------------------------------------

    def forget(self, appid: str | None = None) -> None:
        """Look anew when an app, or any, is needed next: somebody else may have moved it."""
        if appid is None:
            self.known.clear()
        else:
            self.known.pop(appid, None)

    async def look_up(self, appid: str) -> Home | None:
        """Return where an app is now; ``None`` when it has no index of the form in use."""
        alias = self.names.alias(appid)
        found = await self._aliases.behind(alias)
        self.forget(appid)
        if len(found) != 1:
            return None  # none, or one of each of two writers: neither is complete
        ((index, facts),) = found.items()
        if not self.names.is_current(index):
            return None
        tenant = tenant_of(facts["aliases"].get(alias, {}))
        home = Home(alias, index, tenant or appid, is_shared=tenant is not None)
        self.known[appid] = home
        return home

    # ---- making -------------------------------------------------------------------------------

    async def make(self, appid: str, *, shared: bool | None = None) -> Home:
        """Make a new, empty place for an app, which its alias does not name yet."""
        alias = self.names.alias(appid)
        shares = await self._shares(appid) if shared is None else shared
        if shares:
            mark = uuid.uuid4().hex[:12]
            index, tenant = self.names.shared_index(), f"{appid}\x1f{mark}"
            filling = self.names.filling(appid, mark)
            home = Home(alias, index, tenant, is_shared=True, filling=filling)
        else:
            index = self.names.new_index(appid)
            home = Home(alias, index, appid, is_shared=False, filling=filling_of(index))
        await self._create(home, is_root=shares or appid == self._root)
        return home

    async def _shares(self, appid: str) -> bool:
        """Return whether an app belongs into the shared index: it is the root, or was there."""
        if not self._settings.root_index_sharing_enabled:
            return False
        alias = self.names.alias(appid)
        return appid == self._root or any(
            tenant_of(facts["aliases"].get(alias, {})) is not None
            for facts in (await self._aliases.behind(alias)).values()
        )

    async def _create(self, home: Home, *, is_root: bool) -> None:
        body = index_body(self._settings, is_root=is_root, is_ordered=self._is_ordered)
        body["aliases"] = {home.filling: home.alias_options()}
        try:
            await self._connection.request(
                f"PUT /{quote(home.index, safe='')}",
                body,
                doing="create an index",
                timeout_ms=self._settings.bulk_timeout_ms,
            )
        except RefusedError as refusal:
            if refusal.kind != _EXISTS:
                raise
            add = {"index": home.index, "alias": home.filling, **home.alias_options()}
            await self._aliases.change([{"add": add}], "create an index")

    # ---- moving -------------------------------------------------------------------------------

    async def move_in(self, appid: str, home: Home) -> None:
        """Let the alias of an app name this home, in one step; what it named before goes."""
        actions, old = await self.departure(home)
        try:
            await self._aliases.change([*actions, *self.arrival(home)], "put an index in place")
        except RefusedError as refusal:
            if refusal.kind != _COPIED:
                raise
            actions, old = await self.departure(home, stays=True)
            await self._aliases.change([*actions, *self.arrival(home)], "put an index in place")
        await self.settle(appid, home, *old)

    async def departure(self, home: Home, *, stays: bool = False) -> tuple[list[Json], list[Home]]:
        """Return what takes the alias of an app from all that it names, beside this home.

        And parts of a shared index that are to be cleared after that. An index goes in the same
        step, unless it ``stays`` for now.
        """
        actions, old = list[Json](), list[Home]()
        for index, facts in (await self._aliases.behind(home.alias)).items():
            tenant = tenant_of(facts["aliases"].get(home.alias, {}))
            if index != home.index:
                one = {"index": index}
                goes = tenant is None and not stays
                actions.append(
                    {"remove_index": one} if goes else {"remove": {**one, "alias": home.alias}}
                )
            if tenant is not None and tenant != home.tenant:
                old.append(Home(home.alias, index, tenant, is_shared=True))
        return actions, old

    async def settle(self, appid: str, home: Home, *old: Home) -> None:
        """Know where an app is now, and remove where it was and what other rebuilds have left.

        The new home is in use by then. So when something cannot be removed, such as an index of
        which the cluster takes a snapshot, it stays for the next rebuild, and is logged.
        """
        self.known[appid] = home
        try:
            for one in old:
                await self._removal.clear(one)
            for one in await self._removal.leftovers(appid):
                if one.is_shared or home.is_shared:
                    await self._removal.clear(one)
                elif one != home:
                    await self._removal.remove_leftover(one, home)
        except BackendError as error:
            logger.warning(
                "an old index stays until the next rebuild",
                extra={"appid": appid, "reason": str(error)},
            )

    def arrival(self, home: Home) -> list[Json]:
        """Return what lets the alias of an app name a home, beside what it names before."""
        add = {"index": home.index, "alias": home.alias, **home.alias_options()}
        remove: Json = {"index": home.index, "alias": home.filling}
        if self._is_ordered:  # else another server has begun to clear it
            remove["must_exist"] = True
        return [{"add": add}, {"remove": remove}]

    # ---- removing -----------------------------------------------------------------------------

    async def clear(self, home: Home) -> None:
        """Remove a home that no alias of an app names; see ``Removal.clear``."""
        await self._removal.clear(home)

    async def remove(self, appid: str) -> None:
        """Remove an app with all its documents."""
        alias = self.names.alias(appid)
        for index, facts in (await self._aliases.behind(alias)).items():
            tenant = tenant_of(facts["aliases"].get(alias, {}))
            if tenant is None:
                await self._removal.discard(index)
            else:
                actions = [{"remove": {"index": index, "alias": alias}}]
                if self._is_ordered:
                    actions.append({"remove": {"index": index, "alias": self.names.pens(appid)}})
                await self._aliases.change(actions, "remove an index")
                await self._removal.empty(index, tenant, alias)
        for one in await self._removal.leftovers(appid):
            await self._removal.clear(one)
        self.forget(appid)
