"""What plugins may listen to: database calls, searches, and the lives of apps."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from para_core.contracts.dao import DAO, Record, Write
from para_core.passing import PassingDAO

if TYPE_CHECKING:
    from para_core.contracts.search import Hits
    from para_core.objects import App
    from para_core.pager import Pager
    from para_core.query.tree import Node

__all__ = ["AppListener", "IOListener", "ListenedDAO", "SearchListener"]

logger = logging.getLogger(__name__)


class IOListener:
    """Hears of every database call of the services; override the methods you need.

    Listeners are called one after the other, in the order of their plugins. Reads that the cache
    answers and page scans are not heard of. Source: Para 1.54, ``IOListener``, whose ``pre`` and
    ``post`` are a pair of methods for each kind of call here.
    """

    async def before_read(self, appid: str, keys: Sequence[str]) -> None:
        """Run before a read. An exception refuses it and reaches the caller."""

    async def after_read(
        self, appid: str, keys: Sequence[str], found: Mapping[str, Record]
    ) -> None:
        """Run after a read. An exception is logged, and the read is answered all the same."""

    async def before_write(self, appid: str, write: Write) -> None:
        """Run before a write. An exception refuses it: nothing is stored, the caller hears it."""

    async def after_write(self, appid: str, write: Write, change: int) -> None:
        """Run when a write is durable. An exception is logged; what is stored stays stored."""


class AppListener:
    """Hears when apps appear and go, and of their settings; override the methods you need.

    The root app's creation is not heard of. An exception is logged and changes nothing: what a
    listener is told has happened. Source: Para 1.54, ``AppCreatedListener``,
    ``AppDeletedListener``, ``AppSettingAddedListener`` and ``AppSettingRemovedListener``.
    """

    async def app_created(self, app: App) -> None:
        """Run after a child app was stored."""

    async def app_deleted(self, app: App) -> None:
        """Run after a child app was deleted, before the removal of its settings is told."""

    async def setting_added(self, app: App, key: str, value: object) -> None:
        """Run for each setting that was put, also when its value did not change."""

    async def setting_removed(self, app: App, key: str) -> None:
        """Run for each setting that was there and is gone."""


class SearchListener:
    """Hears of every search of the services; override the methods you need.

    Counts are searches whose pager has the limit 0. Source: Para 1.54, ``SearchQueryListener``,
    which can be registered there and is never called.
    """

    async def before_search(
        self, appid: str, query: Node, kind: str | None, pager: Pager | None
    ) -> None:
        """Run before a search. An exception refuses it and reaches the caller."""

    async def after_search(self, appid: str, query: Node, kind: str | None, hits: Hits) -> None:
        """Run after a search. An exception is logged, and it is answered all the same."""


class ListenedDAO(PassingDAO):
    """A DAO with listeners around its reads by id and its writes; everything else passes through.

    Wrap the selected DAO only when there are listeners, so that others pay nothing.
    """

    def __init__(self, dao: DAO, listeners: Sequence[IOListener]) -> None:
        super().__init__(dao)
        self.listeners = tuple(listeners)

    async def read_all(self, appid: str, keys: Sequence[str]) -> dict[str, Record]:
        """Read between ``before_read`` and ``after_read``."""
        for listener in self.listeners:
            await listener.before_read(appid, keys)
        found = await self.dao.read_all(appid, keys)
        for listener in self.listeners:
            with _logged(listener, "after_read", appid):
                await listener.after_read(appid, keys, found)
        return found

    async def write(self, appid: str, write: Write) -> int:
        """Write between ``before_write`` and ``after_write``."""
        for listener in self.listeners:
            await listener.before_write(appid, write)
        change = await self.dao.write(appid, write)
        for listener in self.listeners:
            with _logged(listener, "after_write", appid):
                await listener.after_write(appid, write, change)
        return change


@contextmanager
def _logged(listener: IOListener, method: str, appid: str) -> Iterator[None]:
    """Log an error instead of raising it: the call it follows has happened."""
    try:
        yield
    except Exception:
        name = type(listener).__qualname__
        extra = {"listener": name, "method": method, "appid": appid}
        logger.exception("a listener failed", extra=extra)
