"""How long changes are kept where several nodes follow them, some of which may be away.

A change is forgotten when those who follow for all nodes have passed it, and it has been there for
a while: the time for which a node may be away and go on where it was. Before that a mark tells up
to where changes may be missing; a node whose index is not as far as the mark makes it anew.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection

import msgspec
from msgspec import Struct

from para_core.contracts.dao import DAO, Put, Record, Write
from para_core.errors import ParaError
from para_server.nodes.clock import elapsed_sec
from para_server.nodes.seat import ROOM
from para_server.services.following import Retention

__all__ = ["NodeRetention"]

logger = logging.getLogger(__name__)

_STEPS = 10  # in the time for which changes are kept


class _Mark(Struct):
    number: int


class NodeRetention(Retention):
    """Keeps changes for nodes that are away; ``forget_old`` is called by one node for each app."""

    def __init__(
        self,
        dao: DAO,
        followers: Collection[str],
        *,
        feed_sec: float,
        clock: Callable[[], float] = elapsed_sec,
    ) -> None:
        """Keep changes.

        Args:
            dao: The database.
            followers: Those that follow for all nodes, by name; the index of a node does not.
            feed_sec: How long changes are kept.
            clock: Tells seconds.
        """
        super().__init__(dao, followers)
        self._feed_sec, self._clock = feed_sec, clock
        self._heads: dict[str, list[tuple[float, int]]] = {}  # when each was the last change
        self._marked: dict[str, int] = {}

    async def passed(self, follower: str, appid: str, position: int) -> None:
        """Say that a follower for all nodes will not ask for changes up to this position again."""
        self._passed.setdefault(appid, {})[follower] = position

    def drop(self, appid: str) -> None:
        """Forget an app that was removed, or that another node looks after now."""
        super().drop(appid)
        self._heads.pop(appid, None)
        self._marked.pop(appid, None)

    async def missing(self, appid: str) -> int:
        """Return up to which change entries of the feed may be gone."""
        record = await self._dao.read(ROOM, _key(appid))
        return 0 if record is None else msgspec.json.decode(record.data, type=_Mark).number

    async def forget_old(self, appid: str, head: int) -> None:
        """Note the last change of an app, and forget those that are old enough.

        To be called some times in ``feed_sec``, by the one node that looks after the app. What was
        marked the time before is forgotten: whoever has read the mark has read the feed since.
        """
        now = self._clock()
        heads = self._heads.setdefault(appid, [])
        if heads and now - heads[-1][0] < self._feed_sec / _STEPS:
            return
        heads.append((now, head))
        old = [number for at, number in heads if now - at >= self._feed_sec]
        self._heads[appid] = heads[max(len(old) - 1, 0) :]
        positions = self._passed.get(appid, {})
        upto = min([*old[-1:], *(positions.get(name, 0) for name in self._followers)], default=0)
        marked = self._marked.get(appid, 0)
        try:
            if marked:
                await self._dao.forget_changes(appid, marked)
            if old and upto > marked:
                mark = Record(_key(appid), "mark", msgspec.json.encode(_Mark(upto)))
                await self._dao.write(ROOM, Write("nodes", [Put(mark)]))
                self._marked[appid] = upto
        except ParaError as error:
            logger.warning("old changes stay: %s", error, extra={"appid": appid})


def _key(appid: str) -> str:
    return f"mark/{appid}"
