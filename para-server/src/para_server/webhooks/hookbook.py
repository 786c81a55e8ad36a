"""The webhooks of each app, in memory: who asks for events is asked at every write."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from para_core.contracts.dao import DAO, Record
from para_core.errors import ParaError
from para_core.objects import Webhook
from para_core.objects.codec import decode
from para_server.webhooks.filters import EVENTS

__all__ = ["HookBook"]

logger = logging.getLogger(__name__)

_PAGE = 100
_RETRY_SEC = 1.0
_KIND = "webhook"


@dataclass(slots=True)
class _Page:
    """What is known of one app."""

    hooks: dict[str, tuple[int, Webhook]] = field(default_factory=dict)  # and their changes
    gone: dict[str, int] = field(default_factory=dict)  # deleted while the app was looked through
    is_complete: bool = False
    loading: asyncio.Task[None] | None = None


class HookBook:
    """Knows the hooks of the apps that were asked about, from the database and from each write."""

    def __init__(self, dao: DAO) -> None:
        self._dao = dao
        self._pages: dict[str, _Page] = {}
        self.on_change: Callable[[str, str], None] = lambda appid, hook: None
        """Told ``(appid, id)`` of each hook that was stored or deleted, once the book knows."""

    async def close(self) -> None:
        """Stop looking."""
        tasks = [page.loading for page in self._pages.values() if page.loading is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._pages.clear()

    def asks_for(self, appid: str, event: str) -> bool:
        """Return whether an active hook of an app asks for an event.

        It is true as well while the book does not know.
        """
        page = self._page(appid)
        name = EVENTS.get(event)
        if not page.is_complete or name is None:
            return name is not None
        return any(hook.active and getattr(hook, name) for _, hook in page.hooks.values())

    async def of(self, appid: str) -> list[Webhook]:
        """Return the hooks of an app, active or not."""
        page = self._page(appid)
        while not page.is_complete:
            if page.loading is not None:
                await asyncio.wait([page.loading])
            page = self._page(appid)
        return [hook for _, hook in page.hooks.values()]

    async def find(self, appid: str, key: str) -> Webhook | None:
        """Return one hook of an app."""
        await self.of(appid)
        found = self._page(appid).hooks.get(key)
        return None if found is None else found[1]

    def hear(self, appid: str, number: int, records: Sequence[Record], gone: Sequence[str]) -> None:
        """Take note of a write: change ``number`` of an app."""
        page = self._pages.get(appid)
        if page is None:
            return
        for record in records:
            if record.type == _KIND:
                self._put(page, record, number)
                self.on_change(appid, record.id)
            elif record.id in page.hooks:
                self._remove(appid, page, record.id, number)
        for key in gone:
            if key in page.hooks or not page.is_complete:
                self._remove(appid, page, key, number)

    def drop(self, appid: str) -> list[str]:
        """Forget an app that was removed; return the ids of the hooks that were known."""
        page = self._pages.pop(appid, None)
        if page is None:
            return []
        if page.loading is not None:
            page.loading.cancel()
        return list(page.hooks)

    def drop_all(self, owns: Callable[[str], bool]) -> None:
        """Forget the apps for which this is true: nobody has told of their hooks for a while."""
        for appid in [appid for appid in self._pages if owns(appid)]:
            self.drop(appid)

    def _remove(self, appid: str, page: _Page, key: str, number: int) -> None:
        known = page.hooks.get(key)
        if known is not None and known[0] > number:
            return
        page.hooks.pop(key, None)
        if not page.is_complete:
            page.gone[key] = number
        self.on_change(appid, key)

    @staticmethod
    def _put(page: _Page, record: Record, number: int) -> None:
        known = page.hooks.get(record.id)
        if (known is not None and known[0] > number) or page.gone.get(record.id, 0) > number:
            return
        hook = decode(record)
        if isinstance(hook, Webhook):
            page.hooks[record.id] = number, hook

    # ---- looking through an app ---------------------------------------------------------------

    def _page(self, appid: str) -> _Page:
        page = self._pages.get(appid)
        if page is None:
            page = self._pages[appid] = _Page()
        if not page.is_complete and (page.loading is None or page.loading.done()):
            page.loading = asyncio.create_task(self._load(appid, page))
        return page

    async def _load(self, appid: str, page: _Page) -> None:
        try:
            after = ""
            while found := await self._dao.read_page(appid, after=after, limit=_PAGE, kind=_KIND):
                for record in found:
                    self._put(page, record, record.change)
                after = found[-1].id
        except ParaError as error:
            logger.warning("webhooks are not known yet: %s", error, extra={"appid": appid})
            await asyncio.sleep(_RETRY_SEC)
            return
        except Exception:  # whatever it is: those who wait look again at once
            logger.exception("webhooks are not known yet", extra={"appid": appid})
            await asyncio.sleep(_RETRY_SEC)
            return
        page.is_complete = True
        page.gone.clear()
