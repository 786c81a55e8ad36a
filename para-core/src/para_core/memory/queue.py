"""A queue inside the process: its messages end with it."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Annotated

from msgspec import Meta, Struct

from para_core.contracts.queue import AsideMessage, Message, Queue
from para_core.errors import StorageFullError

__all__ = ["MemoryQueue", "QueueSettings"]

logger = logging.getLogger(__name__)


class QueueSettings(Struct, frozen=True):
    """The part of the section ``para.queue`` that a local queue reads."""

    visibility_timeout_sec: Annotated[
        int, Meta(ge=1, description="Seconds until a pulled message that was not done comes back.")
    ] = 30
    retention_sec: Annotated[
        int, Meta(ge=1, description="Seconds after which a message that nobody did is dropped.")
    ] = 345_600  # four days, as in SQS
    max_attempts: Annotated[
        int, Meta(ge=1, description="Pulls after which a message that was not done is set aside.")
    ] = 10
    max_messages: Annotated[
        int, Meta(ge=1, description="Maximum number of messages in the local queue.")
    ] = 100_000
    max_bytes: Annotated[
        int, Meta(ge=1, description="Maximum size of all messages in the local queue.")
    ] = 64 * 1024 * 1024


class Waiting(Struct):
    """A message in the queue, pulled or not."""

    number: int
    body: str
    size: int
    ends: float
    attempts: int = 0
    hidden_until: float = 0.0


class MemoryQueue(Queue):
    """First in, first out, bounded by messages and by bytes; owned by one event loop."""

    def __init__(self, settings: QueueSettings, *, clock: Callable[[], float]) -> None:
        """Make an empty queue; ``clock`` tells seconds and never goes back."""
        self._settings, self._clock = settings, clock
        self._ready: OrderedDict[int, Waiting] = OrderedDict()
        self._hidden: OrderedDict[int, Waiting] = OrderedDict()  # in the order of reappearing
        self._aside: OrderedDict[str, tuple[AsideMessage, float]] = OrderedDict()  # and their end
        self._bytes = 0
        self._numbers = itertools.count(1)
        self._changed = asyncio.Event()
        self._closed = False

    async def open(self) -> None:
        """Let pulls wait again."""
        self._closed = False

    async def close(self) -> None:
        """End the waiting of all pulls; the messages stay as long as the queue itself."""
        self._closed = True
        self._changed.set()

    async def push_all(self, messages: Iterable[str]) -> None:
        """Add messages, all of them or none."""
        bodies = [(body, len(body.encode())) for body in messages if body.strip()]
        self._drop_ended()
        count, size = len(bodies), sum(size for _, size in bodies)
        if not self._has_room(count, size):
            raise StorageFullError(
                f"the local queue holds {len(self._ready) + len(self._hidden)} messages of "
                f"{self._bytes} bytes and has no room for {count} more of {size} bytes"
            )
        ends = self._clock() + self._settings.retention_sec
        for body, each in bodies:
            message = Waiting(next(self._numbers), body, each, ends)
            self._ready[message.number] = message
        self._bytes += size
        if bodies:
            self._changed.set()

    async def pull(self, limit: int = 10, wait_sec: float = 0) -> list[Message]:
        """Take up to ``limit`` messages and hide them."""
        deadline = self._clock() + wait_sec
        while True:
            taken = self._take(limit)
            left = deadline - self._clock()
            if taken or left <= 0 or self._closed:
                return taken
            await self._change_within(min(left, self._until_reappearance()))

    async def ack(self, message: Message) -> None:
        """Remove a message that was pulled with this receipt and not pulled again."""
        self._take_out(message)

    @property
    def visibility_timeout_sec(self) -> float:
        """How long a message is hidden after it was pulled or extended."""
        return self._settings.visibility_timeout_sec

    async def extend(self, message: Message) -> Message | None:
        """Hide a message for longer, unless it was pulled again."""
        found = self._take_out(message)
        if found is None:
            return None
        found.hidden_until = self._clock() + self._settings.visibility_timeout_sec
        self._hidden[found.number] = found
        self._bytes += found.size
        return message

    async def size(self) -> int:
        """Return how many messages there are, hidden ones included."""
        self._drop_ended()
        return len(self._ready) + len(self._hidden)

    async def set_aside(self, message: Message, reason: str) -> None:
        """Take a pulled message out of the queue and keep it for people to look at."""
        if self._take_out(message) is not None:
            self._put_aside(message.receipt.partition(".")[0], message, reason)

    async def aside(self, limit: int = 100) -> list[AsideMessage]:
        """Return messages that were set aside, the first ones first."""
        self._drop_ended()
        return [message for message, _ in islice(self._aside.values(), limit)]

    async def restore(self, key: str) -> bool:
        """Put a message that was set aside back into the queue."""
        self._drop_ended()
        found = self._aside.get(key)
        if found is None:
            return False
        await self.push(found[0].body)
        self._aside.pop(key, None)  # unless it has just ended
        return True

    def _take_out(self, message: Message) -> Waiting | None:
        number, _, attempt = message.receipt.partition(".")
        for part in (self._hidden, self._ready):
            found = part.get(int(number))
            if found is not None and found.attempts == int(attempt):
                self._remove(part, found)
                return found
        return None

    def _put_aside(self, key: str, message: Message, reason: str) -> None:
        logger.error("a message was set aside: %s", reason, extra={"key": key})
        ends = self._clock() + self._settings.retention_sec
        self._aside[key] = (AsideMessage(key, message.body, message.attempts, reason), ends)

    def _take(self, limit: int) -> list[Message]:
        self._reappear()
        self._drop_ended()
        hidden_until = self._clock() + self._settings.visibility_timeout_sec
        taken: list[Message] = []
        while self._ready and len(taken) < limit:
            number, message = next(iter(self._ready.items()))
            if message.attempts >= self._settings.max_attempts:
                self._remove(self._ready, message)
                failed = Message("", message.body, message.attempts)
                self._put_aside(str(number), failed, "it was pulled too often and never done")
                continue
            del self._ready[number]
            message.attempts += 1
            message.hidden_until = hidden_until
            self._hidden[number] = message
            receipt = f"{number}.{message.attempts}"
            taken.append(Message(receipt, message.body, message.attempts))
        return taken

    def _reappear(self) -> None:
        now = self._clock()
        while self._hidden:
            first = next(iter(self._hidden.values()))
            if first.hidden_until > now:
                return
            self._ready[first.number] = self._hidden.pop(first.number)

    def _drop_ended(self) -> None:
        now, dropped = self._clock(), 0
        for part in (self._ready, self._hidden):
            while part and (first := next(iter(part.values()))).ends <= now:
                self._remove(part, first)
                dropped += 1
        while self._aside and next(iter(self._aside.values()))[1] <= now:
            self._aside.popitem(last=False)
        if dropped:
            logger.warning("messages dropped that nobody took", extra={"messages": dropped})

    def _remove(self, part: OrderedDict[int, Waiting], message: Waiting) -> None:
        del part[message.number]
        self._bytes -= message.size

    def _has_room(self, count: int, size: int) -> bool:
        held = len(self._ready) + len(self._hidden)
        fits = held + count <= self._settings.max_messages
        return fits and self._bytes + size <= self._settings.max_bytes

    def _until_reappearance(self) -> float:
        if not self._hidden:
            return float("inf")
        first = next(iter(self._hidden.values()))
        return max(0.001, first.hidden_until - self._clock())

    async def _change_within(self, seconds: float) -> None:
        self._changed.clear()
        try:
            async with asyncio.timeout(seconds if seconds != float("inf") else None):
                await self._changed.wait()
        except TimeoutError:
            return
