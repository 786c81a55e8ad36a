"""The river: takes messages from the queue and does what they say.

There are three kinds: deliveries of webhooks, jobs for the index, and everything else, which is an
object to be stored, changed or deleted. A message is acknowledged when its work is done. One that
can never be done is set aside with the reason; one that fails otherwise comes back by itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from para_core.contracts.component import Component
from para_core.contracts.queue import Message, Queue
from para_core.errors import InvalidObjectError, ParaError, UnusableBodyError
from para_core.objects import App, Sysprop
from para_core.objects.base import class_of
from para_core.tasks import cancelled
from para_server.access.demand import NotAllowedError, demand
from para_server.access.principal import Kind, Principal
from para_server.services.holding import Hold
from para_server.services.index_writer import is_indexed
from para_server.services.objects import ForbiddenObjectError
from para_server.webhooks.messages import MESSAGE, UnusableMessageError

if TYPE_CHECKING:
    from para_server.services.container import Services

__all__ = ["INDEX_JOB", "River"]

logger = logging.getLogger(__name__)

INDEX_JOB = "indexpayload"
_AT_ONCE = 10  # messages
_HOPELESS = (
    UnusableMessageError,
    InvalidObjectError,
    UnusableBodyError,
    ForbiddenObjectError,
    NotAllowedError,
)
_TROUBLE_SEC = (1.0, 5.0, 30.0)
_LAST_SEC = 10.0  # for messages under way when the server stops

Deliver = Callable[[Mapping[str, Any]], Awaitable[None]]
_Group = list[tuple[Message, Mapping[str, Any] | None]]  # with what each says


class River(Component):
    """Works on the queue as long as it is open; several processes may do so."""

    def __init__(
        self,
        queue: Queue,
        services: Services,
        *,
        deliver: Deliver | None,
        wait_sec: float = 10,
        index_tries: int = 5,
    ) -> None:
        """Take messages of a queue.

        Args:
            queue: Where they come from.
            services: Do the work.
            deliver: Takes deliveries of webhooks; ``None`` where they are turned off.
            wait_sec: Longest wait for one answer of the queue.
            index_tries: How often objects are looked for that a job for the index names.
        """
        self._queue, self._services, self._deliver = queue, services, deliver
        self._wait_sec, self._index_tries = wait_sec, index_tries
        self._told = ""  # why messages wait, as it was logged
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin to take messages."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="river")

    async def close(self) -> None:
        """Stop after the messages under way; those that take long come back later."""
        task, self._task = self._task, None
        await cancelled(task)

    async def _run(self) -> None:
        failures = 0
        while True:
            try:
                messages = await self._queue.pull(_AT_ONCE, self._wait_sec)
                await self._finish(asyncio.create_task(self._do_all(messages)))
                failures = 0
                self._report_return()
                if not messages:
                    await asyncio.sleep(0.01)  # a queue that is closed does not wait
            except Exception as error:  # noqa: BLE001 - messages must be taken again
                pause = _TROUBLE_SEC[min(failures, len(_TROUBLE_SEC) - 1)]
                failures += 1
                self._report(error)
                await asyncio.sleep(pause)

    def _report(self, error: Exception) -> None:
        """Log why messages wait; the same reason once until they are taken again."""
        reason = f"{type(error).__name__}: {error}"
        if reason == self._told:
            return
        self._told = reason
        if isinstance(error, ParaError):
            logger.warning("messages wait in the queue: %s", error)
        else:
            logger.error("messages wait in the queue", exc_info=error)

    def _report_return(self) -> None:
        if self._told:
            self._told = ""
            logger.info("messages are taken from the queue again")

    @staticmethod
    async def _finish(work: asyncio.Task[None]) -> None:
        """Wait for work, and a while longer when the river is closed meanwhile."""
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            await asyncio.wait([work], timeout=_LAST_SEC)
            work.cancel()
            await asyncio.wait([work])  # what it holds is let go before the queue closes
            raise

    async def _do_all(self, messages: list[Message]) -> None:
        """Do messages side by side; those about one object one after the other."""
        groups: dict[object, _Group] = {}
        for message in messages:
            content = _content_of(message)
            groups.setdefault(_subject(message, content), []).append((message, content))
        async with Hold(self._queue, messages) as hold, asyncio.TaskGroup() as tasks:
            for group in groups.values():
                tasks.create_task(self._do_group(group, hold))

    async def _do_group(self, group: _Group, hold: Hold) -> None:
        for message, content in group:
            try:
                if content is not None:
                    await self._do(content)
                await self._queue.ack(await hold.let_go(message))
            except _HOPELESS as error:
                reason = str(error) or type(error).__name__
                await self._queue.set_aside(await hold.let_go(message), reason)
            except ParaError as error:
                logger.warning("a message comes back: %s", error)
                break  # what follows is about the same object
            except Exception:  # the others are done all the same
                logger.exception("a message comes back")
                break
        for message, _ in group:
            await hold.let_go(message)

    async def _do(self, content: Mapping[str, Any]) -> None:
        kind, appid = content.get("type"), content.get("appid")
        if not (isinstance(kind, str) and kind.strip()):
            raise UnusableMessageError("it is no JSON object with a type")
        if not (isinstance(appid, str) and appid.strip()):
            raise UnusableMessageError("it names no app")
        app = await self._services.apps.find(appid.removeprefix("app:"))
        if app is None:
            raise UnusableMessageError(f"there is no app {appid!r}")
        if kind == MESSAGE:
            if self._deliver is not None:
                await self._deliver({**content, "appid": app.identifier})
            return
        if kind == INDEX_JOB:
            await self._index(app, content)
        elif class_of(kind) is Sysprop:
            await self._store(app, content)

    # ---- objects ------------------------------------------------------------------------------

    async def _store(self, app: App, content: Mapping[str, Any]) -> None:
        objects = self._services.objects
        caller = Principal(Kind.APP, app.identifier, is_root=app.identifier == app.appid)
        demand(caller, app, "POST", "_batch")
        body = {k: v for k, v in content.items() if k not in ("appid", "_create", "_delete")}
        key = content.get("id")
        if not isinstance(key, str | None):
            raise UnusableMessageError("the id is no text")
        if key and _is_set(content, "_delete"):
            await objects.delete_all(app, caller, [key])
        elif not key or _is_set(content, "_create"):
            if not await objects.create_all(app, caller, [body]):
                raise UnusableMessageError("the object is not valid")
        elif not await objects.patch_all(app, caller, [body]):
            if await objects.read(app, caller, key) is not None:
                raise UnusableMessageError("the object would not be valid")
            logger.info("nothing to update", extra={"appid": app.identifier, "key": key})

    # ---- the index ----------------------------------------------------------------------------

    async def _index(self, app: App, content: Mapping[str, Any]) -> None:
        services, appid = self._services, app.identifier
        if not services.settings.search_enabled:
            return
        operation, payload = content.get("id"), content.get("payload")
        keys = [key for key in payload if isinstance(key, str)] if isinstance(payload, list) else []
        if operation == "index_all_op":
            await self._index_all(appid, keys)
        elif operation == "unindex_all_op":
            await services.cache.remove_all(appid, keys)
            await services.index.index_unstored(appid, [], keys)
        elif operation == "rebuild_index_op":
            await services.index.rebuild(appid)
        elif operation == "create_index_op":
            await services.index.caught_up(appid, services.settings.search_wait_ms / 1000)
        elif operation == "delete_index_op":
            await services.index.drop(appid)
        else:
            raise UnusableMessageError(f"there is no job {operation!r} for the index")

    async def _index_all(self, appid: str, keys: list[str]) -> None:
        """Index stored objects; those that are not there yet are looked for again, for a while."""
        services = self._services
        await services.cache.remove_all(appid, keys)
        for attempt in range(1, self._index_tries + 1):
            found = await services.store.dao.read_all(appid, keys)
            records = [record for record in found.values() if is_indexed(record)]
            if records:
                await services.index.index_unstored(appid, records)
            keys = [key for key in keys if key not in found]
            if not keys:
                return
            await asyncio.sleep(attempt)
        extra = {"appid": appid, "objects": len(keys)}
        logger.warning("objects to be indexed did not appear", extra=extra)


def _content_of(message: Message) -> Mapping[str, Any] | None:
    """Return what a message says; ``None`` for one that is none of ours and is let go."""
    if "appid" not in message.body or "type" not in message.body:
        return None
    try:
        content = msgspec.json.decode(message.body)
    except msgspec.DecodeError:
        return {}
    return content if isinstance(content, dict) else {}


def _subject(message: Message, content: Mapping[str, Any] | None) -> object:
    """Return what a message is about; messages without an object are about themselves."""
    key = content.get("id") if content is not None else None
    if content is None or not isinstance(key, str) or content.get("type") in (MESSAGE, INDEX_JOB):
        return message.receipt
    return content.get("appid"), key


def _is_set(content: Mapping[str, Any], name: str) -> bool:
    return content.get(name) in (True, "true")
