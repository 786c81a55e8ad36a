"""Follows the feeds of a share of the apps, makes deliveries of what it hears, and sends them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import msgspec

from para_core.contracts.component import Component
from para_core.contracts.dao import DAO, Change, Record
from para_core.objects import Webhook
from para_core.tasks import cancelled
from para_server.services.following import Follower, Retention
from para_server.webhooks.deliveries import Delivery, delivery_id
from para_server.webhooks.dispatcher import Dispatcher, Target, copies_of
from para_server.webhooks.filters import wants, wants_custom
from para_server.webhooks.inbox import Inbox
from para_server.webhooks.messages import Told, items_of
from para_server.webhooks.notes import note_of
from para_server.webhooks.outbox import Outbox
from para_server.webhooks.payload import SECRET_OF_APP, body_of, secret_of, shown
from para_server.webhooks.share import Share

if TYPE_CHECKING:
    from para_server.outbound import OutboundClient
    from para_server.services.apps import Apps
    from para_server.services.container import Clock
    from para_server.webhooks.hookbook import HookBook
    from para_server.webhooks.rooms import Rooms

__all__ = ["FOLLOWER", "Sender"]

FOLLOWER = "webhooks"
"""What webhooks are called among the followers of a feed."""


class Sender(Component):
    """Tells what happens in a share of the apps; one process at a time has it open for each."""

    def __init__(  # noqa: PLR0913 - its collaborators
        self,
        dao: DAO,
        share: Share,
        outbound: OutboundClient,
        *,
        book: HookBook,
        apps: Apps,
        turn_off: Callable[[str, str], Awaitable[None]],
        retention: Retention,
        clock: Clock,
        most_failures: int,
        rooms: Rooms,
        context_path: str,
        has_others: bool,
        poll_sec: float,
    ) -> None:
        """Put the parts together; nothing is opened yet. See ``Webhooks`` for the arguments."""
        self._dao, self.share, self._has_others = dao, share, has_others
        self.book, self._apps = book, apps
        self._retention, self._clock, self._context_path = retention, clock, context_path
        self.outbox = Outbox(dao, share)
        self.dispatcher = Dispatcher(
            self.outbox,
            outbound,
            self._target,
            turn_off,
            clock=clock,
            most_failures=most_failures,
            share=share,
            rooms=rooms,
        )
        self.follower = Follower(dao, self, name=FOLLOWER, poll_sec=poll_sec, owns=share.owns)
        self._inbox = Inbox(dao, share) if share.name else None
        self._taking: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin to follow and to send."""
        await self.outbox.begin()
        await self.outbox.open()
        await self.dispatcher.open()
        await self.follower.open()
        if self._inbox is not None:
            taking = self._inbox.empty(self.tell)
            self._taking = asyncio.create_task(taking, name="webhooks: inbox")

    async def close(self) -> None:
        """Stop, and write down what became of deliveries, if this process still has the share."""
        taking, self._taking = self._taking, None
        async with AsyncExitStack() as stack:  # whatever fails, all of it is closed
            stack.push_async_callback(self.outbox.close)
            stack.push_async_callback(self._end_sending)
            stack.push_async_callback(self.follower.close)
            await cancelled(taking)

    async def _end_sending(self) -> None:
        if self.share.is_held():
            await self.dispatcher.close()
        else:
            await self.dispatcher.close(wait_sec=0)

    # ---- the feed -----------------------------------------------------------------------------

    async def position(self, appid: str) -> int:
        """Return how far the feed of an app was taken."""
        position = await self.outbox.position(appid) or 0
        await self._retention.passed(FOLLOWER, appid, position)
        return position

    async def take(self, appid: str, changes: Sequence[Change]) -> None:
        """Make deliveries of changes and store them."""
        deliveries: list[Delivery] = []
        for change in changes:
            deliveries += await self._deliveries_of(appid, change)
        last = changes[-1].number
        if deliveries:
            await self._add(deliveries, {appid: last})
        else:
            self.outbox.passed(appid, last)
        await self._retention.passed(FOLLOWER, appid, self.outbox.durable_position(appid))

    async def _add(
        self,
        deliveries: Sequence[Delivery],
        positions: dict[str, int],
        gone: Sequence[str] = (),
    ) -> None:
        try:
            await self.outbox.add(deliveries, positions, gone)
        except Exception:
            await self.dispatcher.load()  # they may have been stored all the same
            raise
        self.dispatcher.offer(deliveries)

    async def _deliveries_of(self, appid: str, change: Change) -> list[Delivery]:
        noted = note_of(change)
        if noted is None:  # no hook asked for it when it happened
            return []
        at, records = noted
        self._hear_of_hooks(appid, change, records)
        hooks = [hook for hook in await self.book.of(appid) if self._was_there(hook, at)]
        made = []
        for place, event in enumerate(_events_of(change, records)):
            items = [shown(record, context_path=self._context_path) for record in event]
            body, keys = "", [record.id for record in event]
            for hook in hooks:
                if wants(hook, change.event, items):
                    body = body or body_of(appid, change.event, items, at)
                    key = delivery_id(appid, hook.id, change.number, place)
                    made.append(
                        Delivery(
                            id=key,
                            appid=appid,
                            hook=hook.id,
                            event=change.event,
                            body=body,
                            at=at,
                            keys=keys,
                        )
                    )
        return made

    def _hear_of_hooks(self, appid: str, change: Change, records: Sequence[Record]) -> None:
        """Take note of hooks and apps that another process stored or deleted."""
        if change.event.startswith("delete") and self._has_others:
            for record in records:
                if record.type == "app":
                    self.book.drop(record.id.partition(":")[2])
        hooks = [record for record in records if record.type == "webhook"]
        if change.event.startswith("delete"):
            self.book.hear(appid, change.number, [], [hook.id for hook in hooks])
        else:
            self.book.hear(appid, change.number, hooks, [])

    def _was_there(self, hook: Webhook, at: int) -> bool:
        """Return whether a hook was there when something happened; a date to come says nothing."""
        made = hook.timestamp or 0
        return made <= at or made > self._clock()

    # ---- what is told otherwise ---------------------------------------------------------------

    async def tell(self, told: Told, gone: Sequence[str] = ()) -> None:
        """Store the deliveries of something that is in no feed.

        Args:
            told: What is to be told.
            gone: Ids of records that go with it, since it is durable then.
        """
        appid = told.delivery.appid
        if self._has_others:  # the hook may have been stored by another process, just before
            await self.follower.reach(appid, await self._dao.last_change(appid))
        deliveries = await self._addressed(told)
        if deliveries or gone:
            await self._add(deliveries, {}, gone)

    async def _addressed(self, told: Told) -> list[Delivery]:
        replace, whole = msgspec.structs.replace, told.delivery
        known = await self.book.find(whole.appid, told.hook) if told.hook else None
        if whole.target:
            return [replace(whole, hook=known.id if known is not None else "")]
        if told.hook:
            return [] if known is None else [replace(whole, hook=told.hook)]
        items = items_of(whole.body)
        return [
            replace(whole, hook=each.id, id=delivery_id(whole.id, each.id))
            for each in await self.book.of(whole.appid)
            if wants_custom(each, whole.event, items)
        ]

    # ---- hooks --------------------------------------------------------------------------------

    async def _target(self, appid: str, key: str) -> Target | bool:
        hook = await self.book.find(appid, key)
        if hook is None:
            return False
        if not hook.active:
            return True
        app = await self._apps.find(appid) if hook.secret == SECRET_OF_APP else None
        secret = secret_of(hook, app.secret if app is not None else "")
        copies = copies_of(hook.repeated_delivery_attempts)
        return Target(hook.target_url or "", secret, hook.url_encoded, copies)


def _events_of(change: Change, records: Sequence[Record]) -> list[list[Record]]:
    """Return the lists of objects that are told together: one each, unless it was a batch.

    Webhooks themselves are told of in batches only.
    """
    if change.event.endswith("All"):
        return [list(records)] if records else []
    return [[record] for record in records if record.type != "webhook"]
