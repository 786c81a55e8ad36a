"""One of several servers on one database: what it does otherwise than a server alone."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from para_core.errors import ConfigError
from para_core.tasks import cancelled
from para_server.nodes.cache import NodeCache
from para_server.nodes.health import NodeHealth
from para_server.nodes.ids import NodeIds
from para_server.nodes.index import NodeIndex
from para_server.nodes.leases import Leases
from para_server.nodes.retention import NodeRetention
from para_server.nodes.seat import NodeSeat
from para_server.nodes.settings import NodeSettings
from para_server.nodes.shared_index import SharedIndex
from para_server.nodes.values import NodeValues
from para_server.nodes.watch import Watch
from para_server.peer import Peer
from para_server.services.index_follower import IndexFollower
from para_server.services.index_writer import FOLLOWER as INDEX
from para_server.services.index_writer import REBUILD_PAGE
from para_server.services.setup import RootKeys

if TYPE_CHECKING:
    from para_core.config import Config
    from para_core.contracts.dao import DAO, Change, Record
    from para_core.contracts.search import Search
    from para_core.ids import IdGenerator
    from para_server.config import ApiSettings
    from para_server.para import Backends, Para
    from para_server.services.container import Clock
    from para_server.services.following import Retention
    from para_server.services.health import Part

__all__ = ["Node", "node_of"]

logger = logging.getLogger(__name__)

_GROUP = "nodes"  # who may use the database beside a node
_KEEPS = 10  # how often in ``feed_sec`` old changes are looked for


def node_of(config: Config) -> Node | None:
    """Return the node that a configuration describes; ``None`` for a server alone.

    Raises:
        ConfigError: It would be several workers as well.
    """
    settings = config.section("para.nodes", NodeSettings)
    if not settings.enabled:
        return None
    if config.number("para.workers") > 1:
        raise ConfigError(
            "para.nodes.enabled and para.workers do not go together yet; start a node for each "
            "core, each with its own para.port and para.worker_id"
        )
    return Node(settings)


class Node(Peer):
    """Puts together what makes servers on one database one server."""

    def __init__(self, settings: NodeSettings) -> None:
        self._settings = settings
        self.root_keys = RootKeys()
        self._stack = AsyncExitStack()
        self._index: NodeIndex | SharedIndex | None = None
        self._shares_index = False  # whether all nodes search in one engine
        self._para: Para
        self._dao: DAO
        self._cache: NodeCache
        self._retention: NodeRetention
        self._health: NodeHealth
        self.watch: Watch
        self.seat: NodeSeat
        self.leases: Leases | None = None
        self.is_lost = False
        self.on_lost: Callable[[], None] = lambda: None
        """Called when another node has the number of this one, which must stop."""

    # ---- what is put together -----------------------------------------------------------------

    def joined(self, settings: ApiSettings, backends: Backends) -> tuple[ApiSettings, Backends]:
        """Return settings and back-ends for a node.

        Raises:
            ConfigError: The database is of one machine, or the index cannot be written by several.
        """
        dao, mine = backends.dao, self._settings
        if not dao.is_shared:
            raise ConfigError(
                f"para.nodes.enabled needs a database that servers on several machines may use, "
                f"and {type(dao).__name__} is none; set para.dao and para.sql.url to one"
            )
        if dao.unfit_for_nodes:
            raise ConfigError(
                f"para.nodes.enabled does not go together with {type(dao).__name__}: "
                f"{dao.unfit_for_nodes}; set para.dao to SqlDAO, on PostgreSQL or MariaDB"
            )
        if backends.search.is_shared and not backends.search.is_ordered:
            raise ConfigError(
                f"para.nodes.enabled: {type(backends.search).__name__} is a search engine of all "
                "nodes that does not keep their writes in order; set para.search to ElasticSearch, "
                "or to one that each node has for itself, such as LuceneSearch"
            )
        dao.share(_GROUP)
        self._shares_index = backends.search.is_shared
        self._dao = dao
        self.watch = Watch(dao, stale_sec=mine.stale_ms / 1000, feed_sec=mine.feed_sec)
        self.watch.on_changes.append(self._hear)
        self.watch.on_gone.append(self._forget)
        self.watch.on_missed.append(self._miss)
        bounds = (mine.stale_ms, mine.lease_sec, mine.feed_sec)
        self.seat = NodeSeat(dao, settings.worker_id, lease_sec=mine.lease_sec, bounds=bounds)
        self.seat.on_lost = self._lose
        self.leases = leases = Leases(dao, self.seat.session, lease_sec=mine.lease_sec)
        self._health = NodeHealth(leases.roster, self.watch, self.seat, leases)
        self._cache = NodeCache(backends.cache, self.watch, NodeValues(dao, clock=_now_ms))
        return settings, replace(backends, cache=self._cache)

    def retention(self, usual: Retention) -> Retention:
        """Return what keeps changes for nodes that are away."""
        followers = usual.followers if self._shares_index else usual.followers - {INDEX}
        feed_sec = self._settings.feed_sec
        self._retention = NodeRetention(self._dao, followers, feed_sec=feed_sec)
        return self._retention

    def ids(self, worker_id: int, clock: Clock) -> IdGenerator:
        """Return what makes ids as long as this node has its number."""
        return NodeIds(worker_id, clock, self.seat)

    def index(
        self,
        dao: DAO,
        search: Search,
        retention: Retention,
        *,
        rebuild_page: int = REBUILD_PAGE,
    ) -> NodeIndex | SharedIndex:
        """Return what keeps the index of this node in step, or that of all nodes."""
        if self._shares_index and self.leases is not None:
            self._index = SharedIndex(
                dao, search, self.watch, self.leases, retention, rebuild_page=rebuild_page
            )
            return self._index
        follower = IndexFollower(dao, search, retention=retention, rebuild_page=rebuild_page)
        self._index = NodeIndex(dao, follower, self.watch)
        return self._index

    def is_true(self, record: Record) -> bool:
        """Return whether what was decoded before may be used: the watch drops what is not."""
        del record
        return self.watch.is_fresh()

    def parts(self) -> Sequence[Part]:
        """Return the part that tells how this node is among the others."""
        return [self._health.part()]

    def meet(self, para: Para) -> None:
        """Get to know the server."""
        self._para = para

    # ---- life ---------------------------------------------------------------------------------

    async def open(self) -> None:
        """Take the number of this node, and begin to hear of the others.

        Raises:
            ConfigError: Another node has the number.
        """
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.seat)
            await stack.enter_async_context(self.watch)
            keeping = asyncio.create_task(self._keep(), name="nodes: old changes")
            stack.push_async_callback(cancelled, keeping)
            self._stack = stack.pop_all()

    async def close(self) -> None:
        """Hear of nobody any more, and let another node have the number."""
        await self._stack.aclose()

    def _lose(self) -> None:
        self.is_lost = True
        logger.error("another node has the number of this one, which was out of touch too long")
        self.on_lost()

    # ---- what the watch hears -----------------------------------------------------------------

    async def _hear(self, appid: str, changes: Sequence[Change]) -> None:
        await self._cache.heard(appid, changes)
        keys = [key for change in changes for key in change.keys]
        self._para.services.store.heard(appid, keys)
        if self._index is not None:
            await self._index.heard(appid, changes)
        self._para.services.webhooks.wake(appid)
        if appid == self._para.services.apps.root:
            for change in changes:
                if change.event.startswith("delete"):
                    for key in change.keys:
                        kind, _, removed = key.partition(":")
                        if kind == "app" and removed:
                            await self._forget(removed)

    async def _forget(self, appid: str) -> None:
        """Forget an app that was removed, by whichever node; it may be there again."""
        await self._cache.forget(appid)
        if self._index is not None:
            await self._index.gone(appid)
        self._para.services.webhooks.forget_app(appid)

    async def _miss(self, appid: str) -> None:
        """Forget what is known of an app of which changes may have been missed."""
        await self._cache.forget(appid)
        self._para.services.apps.forget_all()
        if self._index is not None:
            await self._index.missed(appid)

    # ---- old changes --------------------------------------------------------------------------

    async def _keep(self) -> None:
        """Forget old changes of the apps that this node looks after."""
        while True:
            await asyncio.sleep(self._settings.feed_sec / _KEEPS)
            for appid, head in list(self.watch.heads().items()):
                try:
                    await self._keep_one(appid, head)
                except Exception:  # whatever it is: the others must go on
                    logger.exception("old changes stay", extra={"appid": appid})

    async def _keep_one(self, appid: str, head: int) -> None:
        if self.leases is not None and self.leases.share_of(appid).is_held():
            await self._retention.forget_old(appid, head)
        else:
            self._retention.drop(appid)  # what this node knew of its age is no use


def _now_ms() -> int:
    from para_server.para import now_ms

    return now_ms()
