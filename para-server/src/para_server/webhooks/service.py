"""Webhooks as the rest of the server sees them: notes of its writes, custom events, the log."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from para_core.contracts.component import Component
from para_core.contracts.dao import DAO
from para_core.formats import is_url
from para_core.listeners import AppListener
from para_core.objects import App, ParaObject, Webhook
from para_server.webhooks.deliveries import Delivery, Logged, lane_of
from para_server.webhooks.hookbook import HookBook
from para_server.webhooks.inbox import Inbox
from para_server.webhooks.messages import MESSAGE, told_by
from para_server.webhooks.notes import Notes
from para_server.webhooks.outbox import Outbox
from para_server.webhooks.payload import body_of, secret_of, signature
from para_server.webhooks.rooms import Rooms
from para_server.webhooks.sender import Sender
from para_server.webhooks.share import Share

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from para_core.contracts.queue import Queue
    from para_server.outbound import OutboundClient
    from para_server.services.apps import Apps
    from para_server.services.container import Clock
    from para_server.services.following import Retention
    from para_server.services.objects import Objects

__all__ = ["Deliveries", "Webhooks"]

_NO_TARGET = "https://para"  # stands for no address, where one is required


class Deliveries(NamedTuple):
    """The last deliveries of a hook."""

    waiting: list[Delivery]  # the first ones first
    done: list[Logged]  # the last ones first


class Webhooks(Component, AppListener):
    """Tells other systems of what happens in apps.

    Every process makes notes of its writes and takes custom events. One of them has this opened:
    it follows the feeds, and sends. It can be closed and opened again. Where nodes share the apps
    out, each takes the shares that it has instead.
    """

    def __init__(  # noqa: PLR0913 - its collaborators
        self,
        dao: DAO,
        queue: Queue,
        outbound: OutboundClient,
        *,
        apps: Apps,
        objects: Objects,
        retention: Retention,
        clock: Clock,
        most_failures: int = 10,
        context_path: str = "",
        has_others: bool = False,
        share_of: Callable[[str], Share] | None = None,
    ) -> None:
        """Put the parts together; nothing is opened yet.

        Args:
            dao: The database, without listeners.
            queue: Takes custom events, until they are delivered.
            outbound: Sends requests.
            apps: Finds apps.
            objects: Turns off hooks that fail.
            retention: Told how far the feeds were taken.
            clock: Milliseconds since the Unix epoch.
            most_failures: In a row, after which a hook is turned off.
            context_path: In front of paths in payloads.
            has_others: Whether other processes write into the same database.
            share_of: Tells which share an app is of; ``None`` when one process has all.
        """
        self._dao, self._queue, self._outbound = dao, queue, outbound
        self._apps, self._objects = apps, objects
        self._retention, self._clock, self._context_path = retention, clock, context_path
        self._most_failures, self._has_others = most_failures, has_others
        self._share_of, self._rooms = share_of, Rooms()
        self.book = HookBook(dao)
        self.notes = Notes(self.book, clock=clock, for_others=has_others)
        self.notes.on_write = self.wake
        self.book.on_change = self._hear_of_hook
        self.is_enabled = False
        self._alone = self._sender(Share(dao)) if share_of is None else None
        self._unled = Outbox(dao)  # of the apps that other processes look after
        self._senders: dict[str, Sender] = {}  # those that are open, by share

    def _sender(self, share: Share) -> Sender:
        return Sender(
            self._dao,
            share,
            self._outbound,
            book=self.book,
            apps=self._apps,
            turn_off=self._turn_off,
            retention=self._retention,
            clock=self._clock,
            most_failures=self._most_failures,
            rooms=self._rooms,
            context_path=self._context_path,
            has_others=self._has_others,
            poll_sec=1.0 if self._has_others and self._share_of is None else 10.0,
        )

    # ---- who sends ----------------------------------------------------------------------------

    async def open(self) -> None:
        """Begin to follow and to send: in one process at a time, unless there are shares."""
        if self._alone is not None:
            await self._open(self._alone)

    async def close(self) -> None:
        """Stop, and write down what became of deliveries."""
        for sender in list(self._senders.values()):
            await self._close(sender)

    async def take_share(self, share: Share) -> None:
        """Begin to look after a share of the apps."""
        self.book.drop_all(share.owns)  # it was not told of what other nodes wrote
        await self._open(self._sender(share))

    async def leave_share(self, share: Share) -> None:
        """Look no more after a share, whether this process still has it or not."""
        if (sender := self._senders.get(share.name)) is not None:
            await self._close(sender)

    async def _open(self, sender: Sender) -> None:
        self._senders[sender.share.name] = sender  # it is woken from now on
        try:
            await sender.open()
        except BaseException:
            del self._senders[sender.share.name]
            raise

    async def _close(self, sender: Sender) -> None:
        self._senders.pop(sender.share.name, None)
        await sender.close()

    async def leave_off(self) -> None:
        """Make sure that nothing of now is told later, since webhooks are not delivered."""
        await self._unled.end()

    def _sender_of(self, appid: str) -> Sender | None:
        """Return what looks after an app in this process; ``None`` where another one does."""
        if self._share_of is None:
            return self._alone if self._senders else None
        return self._senders.get(self._share_of(appid).name)

    def _outbox_of(self, appid: str) -> Outbox:
        sender = self._sender_of(appid)
        return self._unled if sender is None else sender.outbox

    # ---- what happens -------------------------------------------------------------------------

    def wake(self, appid: str) -> None:
        """Say that an app has something new."""
        if (sender := self._sender_of(appid)) is not None:
            sender.follower.wake(appid)

    def waiting(self) -> dict[str, int]:
        """Return how far it is with the apps that have changes it has not taken."""
        found: dict[str, int] = {}
        for sender in self._senders.values():
            found |= sender.follower.waiting()
        return found

    def _hear_of_hook(self, appid: str, hook: str) -> None:
        if (sender := self._sender_of(appid)) is not None:
            sender.dispatcher.wake(appid, hook)

    async def trigger(self, app: App, request: Webhook) -> None:
        """Tell of an event that an app made up; it is durable when this returns."""
        event, payload = (request.triggered_event or "").strip(), request.custom_payload
        items = payload if isinstance(payload, list) else [payload]
        body = body_of(app.identifier, event, items, self._clock())
        common = {"appid": app.identifier, "type": MESSAGE, "event": event, "payload": body}
        messages: list[dict[str, object]] = [{**common, "delivery": secrets.token_hex(16)}]
        target, secret = request.target_url or "", secret_of(request, app.secret)
        if secret.strip() and target != _NO_TARGET and is_url(target):
            messages.append(
                {
                    **common,
                    "delivery": secrets.token_hex(16),
                    "targetUrl": target,
                    "signature": signature(secret, body),
                    "urlEncoded": request.url_encoded,
                }
            )
        await self._queue.push_all([msgspec.json.encode(each).decode() for each in messages])

    async def deliver(self, message: Mapping[str, Any]) -> None:
        """Store what a message from the queue asks for, here or for the one that looks after it.

        Raises:
            UnusableMessageError: It lacks what is needed.
        """
        told = told_by(message, self._clock())
        appid = told.delivery.appid
        sender = self._sender_of(appid) or self._alone
        if sender is not None:
            await sender.tell(told)
        elif self._share_of is not None:
            await Inbox(self._dao, self._share_of(appid)).put(told)

    async def _turn_off(self, appid: str, key: str) -> None:
        def alter(obj: ParaObject) -> bool | None:
            if not isinstance(obj, Webhook):
                return False
            obj.active, obj.too_many_failures = False, True
            return None

        app = await self._apps.find(appid)
        if app is not None:
            await self._objects.change(app, key, alter)

    async def app_deleted(self, app: App) -> None:
        """Drop what was to be told of an app."""
        appid = app.identifier
        self._retention.drop(appid)
        outbox, hooks = self._outbox_of(appid), self.forget_app(appid)
        for hook in hooks:
            await outbox.drop_lane(lane_of(appid, hook))
        await outbox.drop_position(appid)

    def forget_app(self, appid: str) -> list[str]:
        """Forget an app that was removed, whoever did it; return the hooks that were known."""
        if (sender := self._sender_of(appid)) is not None:
            sender.follower.drop(appid)
        return self.book.drop(appid)

    # ---- the log ------------------------------------------------------------------------------

    async def deliveries(self, app: App, hook: str) -> Deliveries | None:
        """Return the last deliveries of a hook; ``None`` when there is no such hook."""
        record = await self._dao.read(app.identifier, hook)  # not of this process's memory
        if record is None or record.type != "webhook":
            return None
        sender, outbox = self._sender_of(app.identifier), self._outbox_of(app.identifier)
        if sender is not None:
            await outbox.flush()
        lane = lane_of(app.identifier, hook)
        waiting = await outbox.waiting(lane, limit=50)
        done = await outbox.log(lane)
        return Deliveries(waiting, done[::-1][:50])

    async def redeliver(self, app: App, hook: str, key: str) -> Logged | None:
        """Send a delivery of the log again, with the id it had.

        Returns:
            ``None`` when the log does not have it, or not its body.
        """
        found = await self.deliveries(app, hook)
        done = found.done if found is not None else []
        logged = next((each for each in done if each.delivery.id == key), None)
        if logged is None or not logged.delivery.body:
            return None
        delivery = logged.delivery
        message = {
            "appid": app.identifier,
            "type": MESSAGE,
            "id": hook,
            "event": delivery.event,
            "payload": delivery.body,
            "delivery": delivery.id,
        }
        await self._queue.push(msgspec.json.encode(message).decode())
        return logged
