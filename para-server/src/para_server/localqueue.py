"""Messages in the database of the server: what ``para.q`` selects unless it says otherwise.

They lie in a room of their own (``para_core.contracts.dao.is_room``), so they are in no app, no
index and no feed that anybody follows. A worker takes a message by compare-and-set, which gives it
a lease: until that ends nobody else gets the message, in this process or another.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from para_core.contracts.dao import DAO, Put, Record, Write
from para_core.contracts.queue import AsideMessage, Message, Queue
from para_core.errors import ConflictError, StorageFullError, UnavailableError
from para_core.memory.queue import QueueSettings

__all__ = ["ROOM", "LocalQueue"]

logger = logging.getLogger(__name__)

T = TypeVar("T", bound=Struct)

ROOM = "_queue"
_WAITING, _ASIDE = "m/", "s/"  # how the ids of messages start: those of the queue, those aside
_PAGE = 200
_POLL_SEC = 1.0  # how soon a waiting pull sees what other processes pushed
_FORGET_EVERY = 500  # writes: nobody follows the room's feed
_NEVER_DONE = "it was pulled too often and never done"


class _Waiting(Struct, omit_defaults=True):
    """A message in the queue; times in milliseconds since the Unix epoch."""

    body: str
    ends: int
    hidden: int = 0  # until then nobody else gets it
    attempts: int = 0


class _Aside(Struct):
    """A message that was set aside."""

    body: str
    ends: int
    attempts: int
    reason: str


class LocalQueue(Queue):
    """First in, first out, on any DAO; several processes may pull from it.

    Pushed messages are durable when ``push`` returns, and survive any restart.
    """

    def __init__(self, settings: QueueSettings, *, clock: Callable[[], int]) -> None:
        """Make a queue; ``clock`` tells milliseconds since the Unix epoch."""
        self._settings, self._clock = settings, clock
        self._dao: DAO | None = None
        self._process = f"{os.getpid():x}-{os.urandom(3).hex()}"
        self._numbers = itertools.count()
        self._last = 0  # time in the id of the last message
        self._held, self._bytes = 0, 0  # what is in the queue, as far as this process knows
        self._writes = 0
        self._taking = asyncio.Lock()
        self._changed = asyncio.Event()
        self._closed = True

    def keep_in(self, dao: DAO) -> None:
        """Keep messages in this database, which the server opens before the queue."""
        self._dao = dao

    async def open(self) -> None:
        """Look how much is waiting."""
        self._closed = False
        await self._count()

    async def close(self) -> None:
        """End the waiting of all pulls; the messages stay."""
        self._closed = True
        self._changed.set()

    # ---- pushing ------------------------------------------------------------------------------

    async def push_all(self, messages: Iterable[str]) -> None:
        """Add messages, all of them or none."""
        bodies = [body for body in messages if body.strip()]
        if not bodies:
            return
        size = sum(len(body.encode()) for body in bodies)
        if not self._has_room(len(bodies), size):
            await self._count()
        if not self._has_room(len(bodies), size):
            raise StorageFullError(
                f"the local queue holds {self._held} messages of {self._bytes} bytes and has no "
                f"room for {len(bodies)} more of {size} bytes"
            )
        ends = self._clock() + self._settings.retention_sec * 1000
        puts = [Put(_record(self._new_id(), _Waiting(body, ends)), 0) for body in bodies]
        await self._write(puts)
        self._held += len(bodies)
        self._bytes += size
        self._changed.set()

    def _new_id(self) -> str:
        """Return an id above all that this process gave; those of others are ordered by time."""
        self._last = max(self._last, self._clock())
        return f"{_WAITING}{self._last:015d}.{next(self._numbers):012d}.{self._process}"

    def _has_room(self, count: int, size: int) -> bool:
        settings = self._settings
        fits = self._held + count <= settings.max_messages
        return fits and self._bytes + size <= settings.max_bytes

    async def _count(self) -> None:
        held = size = 0
        async for _, message in self._waiting():
            held, size = held + 1, size + len(message.body.encode())
        self._held, self._bytes = held, size

    async def ping(self) -> None:
        """Return when the database can be read, in one round trip."""
        await self._database().read_page(ROOM, after=_WAITING, limit=1)

    async def size(self) -> int:
        """Return how many messages there are, hidden ones included.

        Cost: all of them are read, as other processes push and pull too.
        """
        now = self._clock()
        return sum([1 async for _, message in self._waiting() if message.ends > now])

    # ---- pulling ------------------------------------------------------------------------------

    async def pull(self, limit: int = 10, wait_sec: float = 0) -> list[Message]:
        """Take up to ``limit`` messages and hide them; none when the queue is not open."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait_sec
        while not self._closed:
            self._changed.clear()
            async with self._taking:
                taken = await self._take(limit)
            left = deadline - loop.time()
            if taken or left <= 0:
                return taken
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(left, _POLL_SEC)):
                    await self._changed.wait()
        return []

    async def _take(self, limit: int) -> list[Message]:
        """Take messages by compare-and-set; what another process took first is left to it."""
        while candidates := await self._candidates(limit):
            hidden = self._clock() + self._settings.visibility_timeout_sec * 1000
            leased = [
                (record, replace(message, hidden=hidden, attempts=message.attempts + 1))
                for record, message in candidates
            ]
            try:
                number = await self._write([Put(_record(r.id, m), r.change) for r, m in leased])
            except ConflictError:
                continue
            return [Message(f"{r.id} {number}", m.body, m.attempts) for r, m in leased]
        return []

    async def _candidates(self, limit: int) -> list[tuple[Record, _Waiting]]:
        now, found = self._clock(), []
        ended: list[Record] = []
        failed: list[tuple[Record, _Waiting]] = []
        async for record, message in self._waiting():
            if message.ends <= now:
                ended.append(record)
            elif message.hidden > now:
                continue
            elif message.attempts >= self._settings.max_attempts:
                failed.append((record, message))
            else:
                found.append((record, message))
                if len(found) >= limit:
                    break
        if ended:
            logger.warning("messages dropped that nobody took", extra={"messages": len(ended)})
            await self._write([], [record.id for record in ended])
        for record, message in failed:
            await self._move(record.id, message, _NEVER_DONE)
        return found

    async def ack(self, message: Message) -> None:
        """Remove a message that was pulled with this receipt and not pulled again."""
        key, held = await self._leased(message)
        if held is not None:
            await self._write([], [key])
            self._held -= 1
            self._bytes -= len(held.body.encode())

    @property
    def visibility_timeout_sec(self) -> float:
        """How long a message is hidden after it was pulled or extended."""
        return self._settings.visibility_timeout_sec

    async def extend(self, message: Message) -> Message | None:
        """Renew the lease of a message, unless another worker has it."""
        key, held = await self._leased(message)
        if held is None:
            return None
        hidden = self._clock() + self._settings.visibility_timeout_sec * 1000
        expect = int(message.receipt.partition(" ")[2])
        put = Put(_record(key, replace(held, hidden=hidden)), expect)
        try:
            number = await self._write([put])
        except ConflictError:
            return None
        return Message(f"{key} {number}", held.body, held.attempts)

    async def _leased(self, message: Message) -> tuple[str, _Waiting | None]:
        key, _, number = message.receipt.partition(" ")
        record = await self._database().read(ROOM, key)
        if record is None or record.change != int(number):
            return key, None
        return key, msgspec.json.decode(record.data, type=_Waiting)

    # ---- messages that cannot be done ---------------------------------------------------------

    async def set_aside(self, message: Message, reason: str) -> None:
        """Take a pulled message out of the queue and keep it for people to look at."""
        key, held = await self._leased(message)
        if held is not None:
            await self._move(key, held, reason)

    async def _move(self, key: str, message: _Waiting, reason: str) -> None:
        logger.error("a message was set aside: %s", reason, extra={"key": key[2:]})
        now = self._clock()
        ends = now + self._settings.retention_sec * 1000
        aside = _Aside(message.body, ends, message.attempts, reason)
        old = [r.id for r, a in await self._page(_ASIDE, _Aside) if a.ends <= now]
        record = _record(_ASIDE + key.removeprefix(_WAITING), aside)
        await self._write([Put(record)], [key, *old])

    async def aside(self, limit: int = 100) -> list[AsideMessage]:
        """Return messages that were set aside, the first ones first."""
        found = await self._page(_ASIDE, _Aside, limit=limit)
        return [
            AsideMessage(record.id.removeprefix(_ASIDE), m.body, m.attempts, m.reason)
            for record, m in found
        ]

    async def restore(self, key: str) -> bool:
        """Put a message that was set aside back into the queue."""
        record = await self._database().read(ROOM, _ASIDE + key)
        if record is None:
            return False
        aside = msgspec.json.decode(record.data, type=_Aside)
        ends = self._clock() + self._settings.retention_sec * 1000
        again = _record(self._new_id(), _Waiting(aside.body, ends))
        await self._write([Put(again, 0)], [record.id])
        self._changed.set()
        return True

    # ---- the room -----------------------------------------------------------------------------

    async def _waiting(self) -> AsyncIterator[tuple[Record, _Waiting]]:
        after = _WAITING
        while page := await self._page(after, _Waiting):
            for pair in page:
                yield pair
            after = page[-1][0].id

    async def _page(
        self, after: str, kind: type[T], *, limit: int = _PAGE
    ) -> list[tuple[Record, T]]:
        records = await self._database().read_page(ROOM, after=after, limit=limit)
        start = after[:2]
        return [
            (record, msgspec.json.decode(record.data, type=kind))
            for record in records
            if record.id.startswith(start)
        ]

    async def _write(self, puts: Sequence[Put], deletes: Sequence[str] = ()) -> int:
        dao = self._database()
        number = await dao.write(ROOM, Write("queue", puts, deletes))
        self._writes += 1
        if self._writes % _FORGET_EVERY == 0:
            await dao.forget_changes(ROOM, number)
        return number

    def _database(self) -> DAO:
        if self._dao is None or self._closed:
            raise UnavailableError("the local queue is not open")
        return self._dao


def _record(key: str, message: Struct) -> Record:
    return Record(key, "message", msgspec.json.encode(message))
