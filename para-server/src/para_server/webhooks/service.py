"""From the change feed to the receivers: what the parts of webhooks come to together."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from para_core.contracts.component import Component
from para_core.contracts.dao import DAO, Change, Record
from para_core.formats import is_url
from para_core.listeners import AppListener
from para_core.objects import App, ParaObject, Webhook
from para_server.services.following import Follower, Retention
from para_server.webhooks.deliveries import Delivery, Logged, delivery_id, lane_of
from para_server.webhooks.dispatcher import Dispatcher, Target, copies_of
from para_server.webhooks.filters import wants, wants_custom
from para_server.webhooks.hookbook import HookBook
from para_server.webhooks.notes import Notes, note_of
from para_server.webhooks.outbox import Outbox
from para_server.webhooks.payload import SECRET_OF_APP, body_of, secret_of, shown, signature

if TYPE_CHECKING:
    from para_core.contracts.outbound import Outbound
    from para_core.contracts.queue import Queue
    from para_server.services.apps import Apps
    from para_server.services.container import Clock
    from para_server.services.objects import Objects

__all__ = ["FOLLOWER", "MESSAGE", "Deliveries", "UnusableMessageError", "Webhooks"]

logger = logging.getLogger(__name__)

FOLLOWER = "webhooks"
"""What webhooks are called among the followers of a feed."""

MESSAGE = "webhookpayload"
"""The type of messages in the queue that are deliveries."""

_NO_TARGET = "https://para"  # stands for no address, where one is required


class UnusableMessageError(Exception):
    """A message can never be delivered; says why."""


class Deliveries(NamedTuple):
    """The last deliveries of a hook."""

    waiting: list[Delivery]  # the first ones first
    done: list[Logged]  # the last ones first


class Webhooks(Component, AppListener):
    """Tells other systems of what happens in apps.

    Every process makes notes of its writes and takes custom events. One of them has this opened:
    it follows the feeds, and sends. It can be closed and opened again.
    """

    def __init__(  # noqa: PLR0913 - its collaborators
        self,
        dao: DAO,
        queue: Queue,
        outbound: Outbound,
        *,
        apps: Apps,
        objects: Objects,
        retention: Retention,
        clock: Clock,
        most_failures: int = 10,
        context_path: str = "",
        has_others: bool = False,
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
        """
        self._dao, self._has_others = dao, has_others
        self._queue, self._apps, self._objects = queue, apps, objects
        self._retention, self._clock, self._context_path = retention, clock, context_path
        self.book = HookBook(dao)
        self.notes = Notes(self.book, clock=clock, for_others=has_others)
        self._outbox = Outbox(dao)
        self._dispatcher = Dispatcher(
            self._outbox,
            outbound,
            self._target,
            self._turn_off,
            clock=clock,
            most_failures=most_failures,
        )
        self.follower = Follower(dao, self, name=FOLLOWER, poll_sec=1.0 if has_others else 10.0)
        self.notes.on_write = self.follower.wake
        self.book.on_change = self._dispatcher.wake
        self.is_enabled = False
        self._is_open = False

    async def open(self) -> None:
        """Begin to follow and to send: in one process at a time."""
        await self._outbox.begin()
        await self._outbox.open()
        await self._dispatcher.open()
        await self.follower.open()
        self._is_open = True

    async def close(self) -> None:
        """Stop, and write down what became of deliveries."""
        self._is_open = False
        await self.follower.close()
        await self._dispatcher.close()
        await self._outbox.close()

    async def leave_off(self) -> None:
        """Make sure that nothing of now is told later, since webhooks are not delivered."""
        await self._outbox.end()

    # ---- the feed -----------------------------------------------------------------------------

    async def position(self, appid: str) -> int:
        """Return how far the feed of an app was taken."""
        position = await self._outbox.position(appid) or 0
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
            self._outbox.passed(appid, last)
        await self._retention.passed(FOLLOWER, appid, self._outbox.durable_position(appid))

    async def _add(self, deliveries: Sequence[Delivery], positions: dict[str, int]) -> None:
        try:
            await self._outbox.add(deliveries, positions)
        except Exception:
            await self._dispatcher.load()  # they may have been stored all the same
            raise
        self._dispatcher.offer(deliveries)

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

    # ---- custom events and messages -----------------------------------------------------------

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
        """Store the deliveries that a message from the queue asks for.

        Raises:
            UnusableMessageError: It lacks what is needed.
        """
        appid, body = str(message.get("appid", "")), message.get("payload")
        event, hook = message.get("event"), message.get("id")
        if not isinstance(body, str) or not isinstance(event, str):
            raise UnusableMessageError("a delivery needs the texts event and payload")
        key = str(message.get("delivery") or delivery_id(appid, str(hook), body))
        whole = Delivery(
            id=key, appid=appid, event=event, body=body, at=self._clock(), keys=_keys_of(body)
        )
        if self._has_others:  # the hook may have been stored by another process, just before
            await self.follower.reach(appid, await self._dao.last_change(appid))
        deliveries = await self._addressed(whole, message, hook if isinstance(hook, str) else "")
        if deliveries:
            await self._add(deliveries, {})

    async def _addressed(
        self, whole: Delivery, message: Mapping[str, Any], hook: str
    ) -> list[Delivery]:
        replace = msgspec.structs.replace
        known = await self.book.find(whole.appid, hook) if hook else None
        target = message.get("targetUrl")
        if isinstance(target, str) and target:
            signed, encoded = str(message.get("signature") or ""), bool(message.get("urlEncoded"))
            own = known.id if known is not None else ""
            return [replace(whole, hook=own, target=target, signature=signed, url_encoded=encoded)]
        if hook:
            return [] if known is None else [replace(whole, hook=hook)]
        items = _items_of(whole.body)
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
        self._retention.drop(app.identifier)
        self.follower.drop(app.identifier)
        for hook in self.book.drop(app.identifier):
            await self._outbox.drop_lane(lane_of(app.identifier, hook))
        await self._outbox.drop_position(app.identifier)

    # ---- the log ------------------------------------------------------------------------------

    async def deliveries(self, app: App, hook: str) -> Deliveries | None:
        """Return the last deliveries of a hook; ``None`` when there is no such hook."""
        record = await self._dao.read(app.identifier, hook)  # not of this process's memory
        if record is None or record.type != "webhook":
            return None
        if self._is_open:
            await self._outbox.flush()
        lane = lane_of(app.identifier, hook)
        waiting = await self._outbox.waiting(lane, limit=50)
        done = await self._outbox.log(lane)
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


def _events_of(change: Change, records: Sequence[Record]) -> list[list[Record]]:
    """Return the lists of objects that are told together: one each, unless it was a batch.

    Webhooks themselves are told of in batches only.
    """
    if change.event.endswith("All"):
        return [list(records)] if records else []
    return [[record] for record in records if record.type != "webhook"]


def _items_of(body: str) -> list[Any]:
    try:
        items = msgspec.json.decode(body)["items"]
    except (msgspec.DecodeError, KeyError, TypeError):
        return []
    return items if isinstance(items, list) else []


def _keys_of(body: str) -> list[str]:
    """Return the ids of what a payload is about."""
    keys = [item.get("id") for item in _items_of(body) if isinstance(item, dict)]
    return [key for key in keys if isinstance(key, str)]
