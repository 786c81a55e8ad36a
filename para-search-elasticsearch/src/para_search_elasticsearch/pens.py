"""Who writes an index: the server that has the pen, an alias with a name that only it knows.

A server takes the pen and takes all other pens away in one step of the cluster, so what another one
sends after that, through its own, is refused. An index is replaced only by whoever has its pen.
"""

from __future__ import annotations

from para_core.errors import BackendError, IndexMovedError
from para_search_elasticsearch.aliases import Aliases
from para_search_elasticsearch.connection import Connection, Json
from para_search_elasticsearch.failures import RefusedError
from para_search_elasticsearch.home import Home
from para_search_elasticsearch.homes import Homes

__all__ = ["Pens"]

_UNKNOWN = "x_content_parse_exception"
_NOT_HELD = (400, 404)  # what a cluster answers to a step that needs an alias which is not there


class Pens:
    """Takes pens, and replaces indexes by them."""

    def __init__(self, connection: Connection, homes: Homes) -> None:
        self._aliases, self._homes = Aliases(connection), homes

    async def take(self, appid: str, home: Home) -> str:
        """Make this server the one that writes a home; return the alias that it writes through.

        Raises:
            IndexMovedError: The app is elsewhere.
        """
        pen = await self._take(appid, home, home.index)
        if await self._homes.look_up(appid) != home:
            raise IndexMovedError(appid)
        return pen

    async def take_first(self, appid: str, home: Home) -> str:
        """Make this server the one that fills the first home of an app, and return its pen.

        Whoever fills another one loses its pen.

        Raises:
            IndexMovedError: The app has a home.
        """
        among = home.index if home.is_shared else self._homes.names.indexes(appid)
        pen = await self._take(appid, home, among)
        if await self._homes.look_up(appid) is not None:
            raise IndexMovedError(appid)
        return pen

    async def _take(self, appid: str, home: Home, among: str) -> str:
        """Take the pens that are among these indexes, and give the home a new one."""
        names = self._homes.names
        pen = names.new_pen(appid)
        add: Json = {"index": home.index, "alias": pen}
        if home.is_shared:
            add["routing"] = home.alias
        others = {"index": among, "alias": names.pens(appid)}
        actions: list[Json] = [{"remove": others}, {"add": add}]
        try:
            await self._aliases.change(actions, "become the writer of an index")
        except RefusedError as refusal:
            if refusal.is_missing:
                raise IndexMovedError(appid) from refusal
            raise
        return pen

    async def replace(self, appid: str, old: Home, home: Home, pen: str) -> None:
        """Let the alias of an app name another home, if the old one still has this pen.

        Raises:
            IndexMovedError: It has not; nothing has changed.
            BackendError: The cluster does not know such a condition.
        """
        actions = self._if_held(old, pen)
        if old.index != home.index:
            actions.append({"remove": {"index": old.index, "alias": old.alias}})
        await self._put_in_place(appid, actions, home)
        await self._homes.settle(appid, home, old)

    async def place(self, appid: str, home: Home, pen: str) -> None:
        """Let the alias of an app name its first home, if that still has this pen.

        Errors as of ``replace``.
        """
        actions, old = await self._homes.departure(home)  # what is there has another form
        await self._put_in_place(appid, self._if_held(home, pen) + actions, home)
        await self._homes.settle(appid, home, *old)

    @staticmethod
    def _if_held(home: Home, pen: str) -> list[Json]:
        return [{"remove": {"index": home.index, "alias": pen, "must_exist": True}}]

    async def _put_in_place(self, appid: str, actions: list[Json], home: Home) -> None:
        steps = [*actions, *self._homes.arrival(home)]
        try:
            await self._aliases.change(steps, "put an index in place")
        except RefusedError as refusal:
            if refusal.kind == _UNKNOWN:
                raise BackendError(
                    "this search cluster cannot replace an index that several nodes write; use "
                    "OpenSearch 2.12 or newer, or Elasticsearch 8"
                ) from refusal
            if refusal.status in _NOT_HELD:
                raise IndexMovedError(appid) from refusal
            raise
