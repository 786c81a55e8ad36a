"""The index of one node, which it has for itself: it follows the feed and asks nobody.

Whatever is written is read from the feed, by this node's own writes as well: they have no order
with those of others but that of the feed. A search finds what this node has written before, and
what others had written when they were heard last.
"""

from __future__ import annotations

from collections.abc import Sequence

from para_core.contracts.dao import DAO, Change, Record
from para_server.nodes.watch import Watch
from para_server.services.feed_indexing import FeedIndexing
from para_server.services.index_follower import IndexFollower
from para_server.services.indexing import Progress

__all__ = ["NodeIndex"]


class NodeIndex(FeedIndexing):
    """Follows for this node."""

    def __init__(self, dao: DAO, follower: IndexFollower, watch: Watch) -> None:
        """Let a follower look at what the watch hears and this node writes."""
        self._dao, self._follower, self._watch = dao, follower, watch
        self._is_open = False

    async def open(self) -> None:
        """Begin to follow, and look after the indexes of all apps in the background."""
        await self._follower.open()
        self._is_open = True

    async def close(self) -> None:
        """Index what this node has written, and stop."""
        self._is_open = False
        await self._follower.close()

    # ---- what was written ---------------------------------------------------------------------

    async def heard(self, appid: str, changes: Sequence[Change]) -> None:
        """Look at the feed when it has what the index lacks."""
        if self._follower.position(appid) < changes[-1].number:
            self._look(appid)

    async def missed(self, appid: str) -> None:
        """Look at an app of which changes may have been missed."""
        self._look(appid)

    async def gone(self, appid: str) -> None:
        """Remove the index of an app that another node has removed."""
        if self._is_open:
            await self._follower.drop(appid)

    def _look(self, appid: str) -> None:
        if self._is_open:
            self._follower.look(appid)

    # ---- searchers ----------------------------------------------------------------------------

    def progress(self) -> dict[str, Progress]:
        """Return how far the index of each app is that was used."""
        return self._follower.progress()

    def is_current(self, appid: str) -> bool:
        """Return whether the index has all that this node knows of, and may rely on that."""
        return self._watch.is_fresh() and self._follower.is_current(appid)

    async def caught_up(self, appid: str, timeout_sec: float) -> bool:
        """Wait until the index has all that was stored before now, or was heard of."""
        if not self._watch.is_fresh():
            last = await self._dao.last_change(appid)
            if self._follower.position(appid) < last:
                self._look(appid)
        return await self._follower.caught_up(appid, timeout_sec)

    # ---- apps ---------------------------------------------------------------------------------

    async def rebuild(self, appid: str) -> int:
        """Rebuild the index of this node from the database."""
        return await self._follower.rebuild(appid)

    async def index_unstored(
        self, appid: str, records: Sequence[Record], gone: Sequence[str] = ()
    ) -> None:
        """Index objects that no change tells; other nodes do not find them."""
        await self._follower.index_unstored(appid, records, gone)

    async def drop(self, appid: str) -> None:
        """Forget an app and remove its index."""
        await self._follower.drop(appid)
