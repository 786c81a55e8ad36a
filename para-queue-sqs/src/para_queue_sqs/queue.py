"""``AWSQueue``: messages in SQS."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from para_core.contracts.queue import AsideMessage, Message, Queue
from para_core.errors import ConfigError, ParaError, UnavailableError, UnusableBodyError
from para_core.lanes import Lanes
from para_queue_sqs.answers import Received
from para_queue_sqs.client import Client
from para_queue_sqs.deadletters import NEVER_DONE, DeadLetters
from para_queue_sqs.errors import AbsentQueueError, RefusedError, StaleReceiptError
from para_queue_sqs.remote import RemoteQueue
from para_queue_sqs.shape import LONGEST_HIDDEN_SEC, LONGEST_LIFE_SEC, Shape, shape_of, wanted
from para_queue_sqs.shared import Shared
from para_queue_sqs.texts import AT_ONCE, SMALLEST_LIMIT, decoded, encoded, groups

if TYPE_CHECKING:
    from para_core.memory.queue import QueueSettings
    from para_queue_sqs.place import Place

__all__ = ["AWSQueue"]

logger = logging.getLogger(__name__)

_LONGEST_POLL_SEC = 20
_SHORT_POLL_SEC = 0.2  # between two questions in the last second of a wait
_MOMENT_SEC = 0.1  # a wait of whole seconds is one request, though a moment has passed
_DELETES = 4  # requests at once
_ROOM = 4096  # bytes that are left for what is said of a dead letter


class AWSQueue(Queue):
    """A standard queue, and one for dead letters; any number of servers may share them.

    A message that was acknowledged late, when another worker had it already, may be gone for that
    one as well: AWS takes old receipts of standard queues.
    """

    def __init__(self, place: Place, settings: QueueSettings) -> None:
        """Name the queue; nothing is asked yet."""
        self._place, self._settings = place, settings
        self._client = Client(place)
        self._main = RemoteQueue(self._client, place.queue, self._wanted)
        self._dead = RemoteQueue(
            self._client, place.dead_letters or place.usual_dead_letters, _as_long_as_possible
        )
        self._letters = DeadLetters(self._dead)
        self._limit = SMALLEST_LIMIT
        self._is_met = False
        self._meeting = Shared(self._see)
        self._lanes: Lanes[str, None] | None = None
        self._pulls: set[asyncio.Task[list[Message]]] = set()
        self._closed = True

    async def open(self) -> None:
        """Connect. A service that is away for now does not matter.

        Raises:
            ConfigError: There is no region, no key, or the key is refused.
        """
        await self._client.open()
        self._lanes = Lanes(self._delete, total=_DELETES, per_group=_DELETES)
        self._closed = False
        try:
            await self._meet()
        except UnavailableError as error:
            logger.warning("the queue is away for now: %s", error)
        except BaseException as error:
            await self.close()
            if isinstance(error, RefusedError):
                raise ConfigError(str(error)) from error
            raise

    async def close(self) -> None:
        """End the waiting of all pulls; the messages stay."""
        self._closed = True
        for task in self._pulls:
            task.cancel()
        if self._pulls:
            await asyncio.wait(self._pulls)
        for queue in (self._meeting, self._main, self._dead):
            await queue.close()
        lanes, self._lanes = self._lanes, None
        if lanes is not None:
            await lanes.close()
        await self._client.close()

    # ---- messages ------------------------------------------------------------------------------

    async def push_all(self, messages: Iterable[str]) -> None:
        """Add messages, ten in a request.

        None is sent twice: an answer that got lost is an error, and the messages of that request
        may be there.

        Raises:
            UnusableBodyError: One is too large; none was sent.
        """
        bodies = [body for body in messages if body.strip()]
        if not bodies:
            return
        await self._meet()
        texts = [encoded(body, self._limit - _ROOM) for body in bodies]
        for group in groups(texts, self._limit):
            await self._main.send(group)

    async def pull(self, limit: int = 10, wait_sec: float = 0) -> list[Message]:
        """Take up to ten messages and hide them; none when the queue is not open."""
        if self._closed:
            return []
        task = asyncio.create_task(self._pull(limit, wait_sec))
        self._pulls.add(task)
        try:
            await asyncio.wait([task])
        finally:
            self._pulls.discard(task)
            if not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        return [] if task.cancelled() else task.result()

    async def _pull(self, limit: int, wait_sec: float) -> list[Message]:
        loop = asyncio.get_running_loop()
        await self._meet()
        deadline, left = loop.time() + wait_sec, wait_sec
        while True:
            received = await self._main.receive(
                limit,
                hidden_sec=self._hidden_sec,
                wait_sec=min(int(left + _MOMENT_SEC), _LONGEST_POLL_SEC),
            )
            messages = [message for one in received if (message := await self._taken(one))]
            left = max(deadline - loop.time(), 0)
            if messages or (not left and not received):
                return messages
            if not received:
                await asyncio.sleep(min(left, _SHORT_POLL_SEC))
                left = max(deadline - loop.time(), 0)

    async def _taken(self, received: Received) -> Message | None:
        """Return a message for a worker; ``None`` for one that is set aside instead."""
        receipt = f"{received.message_id} {received.receipt_handle}"
        try:
            body, reason = decoded(received.body, received.texts), ""
        except UnusableBodyError as error:
            body, reason = received.body, str(error)
        attempts = received.attempts
        if attempts > self._settings.max_attempts:
            attempts, reason = attempts - 1, NEVER_DONE
        message = Message(receipt, body, attempts)
        if not reason:
            return message
        try:
            await self._bury(message, reason)
        except ParaError as error:
            logger.warning("a message comes back, to be set aside then: %s", error)
        return None

    @property
    def visibility_timeout_sec(self) -> float:
        """How long a message is hidden after it was pulled or extended."""
        return self._hidden_sec

    async def extend(self, message: Message) -> Message | None:
        """Hide a message for longer, unless it was pulled again."""
        try:
            await self._main.hide(_parts(message)[1], self._hidden_sec)
        except (StaleReceiptError, AbsentQueueError):
            return None
        return message

    async def ack(self, message: Message) -> None:
        """Remove a message; those that are done at the same time are removed together."""
        if self._lanes is None:
            raise UnavailableError("the queue is not open")
        await self._lanes.submit("", _parts(message)[1])

    async def _delete(self, _: str, receipts: Sequence[str]) -> Sequence[Exception | None]:
        parts = [receipts[at : at + AT_ONCE] for at in range(0, len(receipts), AT_ONCE)]
        try:
            outcomes = await asyncio.gather(*map(self._main.delete, parts))
        except AbsentQueueError:  # and the messages with it
            return [None] * len(receipts)
        flat = itertools.chain.from_iterable(outcomes)
        return [None if isinstance(one, StaleReceiptError) else one for one in flat]

    async def size(self) -> int:
        """Return about how many messages there are, hidden ones included."""
        await self._meet()
        return shape_of(await self._main.attributes()).messages

    # ---- messages that cannot be done ----------------------------------------------------------

    async def set_aside(self, message: Message, reason: str) -> None:
        """Move a pulled message to the queue of dead letters."""
        if await self.extend(message) is not None:
            await self._bury(message, reason)

    async def _bury(self, message: Message, reason: str) -> None:
        """Move a message. It is in one of the two queues at any time, or in both for a moment."""
        key, receipt = _parts(message)
        await self._letters.add(key, message.body, message.attempts, reason)
        await self._main.delete([receipt])
        logger.error("a message was set aside: %s", reason, extra={"key": key})

    async def aside(self, limit: int = 100) -> list[AsideMessage]:
        """Return dead letters, the first ones first; two thousand are looked at."""
        await self._meet()
        return await self._letters.first(limit)

    async def restore(self, key: str) -> bool:
        """Put a dead letter back into the queue."""
        await self._meet()
        return await self._letters.take(key, self.push)

    # ---- the queues ----------------------------------------------------------------------------

    @property
    def _hidden_sec(self) -> int:
        return min(self._settings.visibility_timeout_sec, LONGEST_HIDDEN_SEC)

    async def _meet(self) -> None:
        """Learn what the queue is like, where it is there already; once."""
        if self._closed:
            raise UnavailableError("the queue is not open")
        if not self._is_met:
            await self._meeting.outcome()

    async def _see(self) -> None:
        if await self._main.find():
            self._learn(shape_of(await self._main.attributes()))
        self._is_met = True

    def _learn(self, shape: Shape) -> None:
        name = shape.dead_letters
        if name and not self._place.dead_letters and name != self._dead.name:
            self._dead = RemoteQueue(self._client, name, _as_long_as_possible)
            self._letters = DeadLetters(self._dead)
        self._limit = self._letters.limit = shape.limit

    async def _wanted(self) -> Mapping[str, str]:
        """Return what the queue is like when it is made here.

        SQS moves messages to the dead letters by itself one receive after this class would, in
        case that other programs receive them.
        """
        return wanted(
            hidden_sec=self._hidden_sec,
            retention_sec=self._settings.retention_sec,
            dead_letters=shape_of(await self._dead.attributes()).arn,
            receives=self._settings.max_attempts + 1,
        )


async def _as_long_as_possible() -> Mapping[str, str]:
    """Return what a queue of dead letters is like."""
    return {"MessageRetentionPeriod": str(LONGEST_LIFE_SEC)}


def _parts(message: Message) -> tuple[str, str]:
    key, _, receipt = message.receipt.partition(" ")
    return key, receipt
