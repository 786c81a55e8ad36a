"""Deliveries in the database, from the moment when their event was taken from the feed.

They lie in a room of their own. New deliveries of an app and its position in the feed are one
write, so no event is lost between the two and none is made into deliveries twice. What became of
deliveries is gathered for a moment and written at once; a crash before that sends them again, with
the ids they had.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from para_core.contracts.component import Component
from para_core.contracts.dao import DAO, Put, Record
from para_core.errors import ConflictError, ParaError
from para_core.tasks import cancelled
from para_server.webhooks.deliveries import (
    LOGGED,
    MOST_LOGGED,
    Delivery,
    LaneState,
    Logged,
    record_of,
)
from para_server.webhooks.share import ROOM, Share, counter_of, counters

__all__ = ["ROOM", "Outbox"]

logger = logging.getLogger(__name__)

T = TypeVar("T", bound=Struct)

_BEGUN = "begun"
_GATHER_SEC = 0.05
_RETRY_SEC = 1.0
_LAZY_SEC = 5.0  # how long the position in a feed without deliveries may stay unwritten
_MOST_GATHERED = 2000
_FORGET_EVERY = 100  # writes
_PAGE = 500


class _Number(Struct):
    """A position in a feed, or the counter of deliveries."""

    number: int


class Outbox(Component):
    """Keeps what a share of the apps has to be told; one process at a time opens it for each."""

    def __init__(self, dao: DAO, share: Share | None = None) -> None:
        """Keep it in a database, for all apps unless a share is given."""
        self._dao, self._share = dao, share or Share(dao)
        self._counter, self._floor = counter_of(self._share), -1
        self._heads: dict[str, tuple[int, int]] = {}  # numbers by id, each with its change
        self._puts: dict[str, Record] = {}
        self._deletes: dict[str, None] = {}
        self._going: dict[str, None] = {}  # deletes that are under way to the database
        self._passed: dict[str, int] = {}  # positions that nothing but time makes durable
        self._lock = asyncio.Lock()
        self._dirty, self._roomy = asyncio.Event(), asyncio.Event()
        self._roomy.set()
        self._writes = 0
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin to write down what becomes of deliveries."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="webhooks: outbox")

    async def close(self) -> None:
        """Write down the rest."""
        task, self._task = self._task, None
        if task is None:
            return
        try:
            await cancelled(task)
        finally:  # whoever closes it may have been cancelled
            await self._write_rest()

    async def _write_rest(self) -> None:
        try:
            await self._flush(positions=True)
        except ParaError as error:
            logger.warning("some webhooks will be sent again: %s", error)
        finally:
            self._heads.clear()

    # ---- where following begins ---------------------------------------------------------------

    async def begin(self) -> None:
        """Set the position of every app to its last change, unless that was done before.

        An app without a position is then one that was made later: its feed is taken whole.
        """
        if await self._dao.read(ROOM, _BEGUN) is not None:
            return
        puts = [Put(record_of(_BEGUN, _Number(1)), 0)]
        for appid, last in (await self._dao.heads()).items():
            puts.append(Put(record_of(_position(appid), _Number(last))))
        with contextlib.suppress(ConflictError):  # another process did it meanwhile
            await self._write(puts)

    async def end(self) -> None:
        """Forget all positions: while nobody follows, nobody wants to hear of it later."""
        if await self._dao.read(ROOM, _BEGUN) is None:
            return
        while page := await self._dao.read_page(ROOM, after="p/", limit=_PAGE):
            doomed = [record.id for record in page if record.id.startswith("p/")]
            if not doomed:
                break
            await self._write([], doomed)
        await self._write([], [_BEGUN])

    # ---- new deliveries -----------------------------------------------------------------------

    async def position(self, appid: str) -> int | None:
        """Return how far the feed of an app was taken; ``None`` when that was never written."""
        number, change = await self._head(_position(appid))
        return number if change else None

    async def add(
        self,
        deliveries: Sequence[Delivery],
        positions: dict[str, int],
        gone: Sequence[str] = (),
    ) -> None:
        """Store deliveries, in this order, together with positions in feeds.

        Args:
            deliveries: Of apps of the share.
            positions: How far the feeds of apps were taken with that.
            gone: Ids of records that go with it.

        Raises:
            ConflictError: Another process did so meanwhile; ask for the position again.
        """
        async with self._lock:
            ids = [self._counter, *map(_position, positions)]
            heads = [await self._head(key) for key in ids]
            first = max(heads[0][0], await self._lowest())
            numbers = [first + len(deliveries), *positions.values()]
            puts = [
                Put(record_of(key, _Number(number)), change)
                for key, number, (_, change) in zip(ids, numbers, heads, strict=True)
            ]
            for seq, delivery in enumerate(deliveries, first + 1):
                delivery.seq = seq
                puts.append(Put(record_of(_waiting(delivery), delivery), 0))
            try:
                change = await self._write(puts, gone)
            except BaseException:
                self._heads.clear()  # whatever was stored will be read
                raise
            self._heads.update(
                {key: (number, change) for key, number in zip(ids, numbers, strict=True)}
            )
            for appid in positions:
                self._passed.pop(appid, None)

    async def _lowest(self) -> int:
        """Return what the counter is at least: that of before servers became nodes, or ceased."""
        if self._floor < 0:
            found = (await self._dao.read_all(ROOM, counters())).values()
            self._floor = max((_number(record) for record in found), default=0)
        return self._floor

    def passed(self, appid: str, number: int) -> None:
        """Say that changes up to a number brought no deliveries; it is written after a while."""
        self._passed[appid] = number

    def durable_position(self, appid: str) -> int:
        """Return the position that a crash would leave, as far as is known."""
        return self._heads.get(_position(appid), (0, 0))[0]

    async def _head(self, key: str) -> tuple[int, int]:
        found = self._heads.get(key)
        if found is None:
            record = await self._dao.read(ROOM, key)
            found = (0, 0)
            if record is not None:
                found = _number(record), record.change
            self._heads[key] = found
        return found

    # ---- what waits ---------------------------------------------------------------------------

    async def lanes(self) -> AsyncIterator[Delivery]:
        """Yield the first delivery of each lane that has any."""
        after = "d/"
        while True:
            page = await self._page(after, "d/", Delivery, limit=1)
            if not page:
                return
            if self._share.owns(page[0].appid):
                yield page[0]
            after = f"d/{page[0].lane}0"  # the character after the slash: no delivery is between

    async def waiting(self, lane: str, *, after: int = 0, limit: int = _PAGE) -> list[Delivery]:
        """Return deliveries of a lane in their order."""
        start = f"d/{lane}/"
        while True:
            done = self._doomed()
            page = await self._page(f"{start}{after:016d}", start, Delivery, limit=limit)
            done |= self._doomed()
            found = [delivery for delivery in page if _waiting(delivery) not in done]
            if found or not page:
                return found
            after = page[-1].seq

    def _doomed(self) -> set[str]:
        """Return the ids of what is done with, and may still be in the database."""
        return {*self._deletes, *self._going}

    async def log(self, lane: str) -> list[Logged]:
        """Return what became of the last deliveries of a lane, the oldest first."""
        start = f"l/{lane}/"
        return await self._page(start, start, Logged, limit=4 * LOGGED)

    async def state(self, lane: str) -> LaneState:
        """Return how often a hook failed."""
        record = await self._dao.read(ROOM, f"s/{lane}")
        return LaneState() if record is None else msgspec.json.decode(record.data, type=LaneState)

    async def _page(self, after: str, start: str, kind: type[T], *, limit: int) -> list[T]:
        records = await self._dao.read_page(ROOM, after=after, limit=limit)
        return [
            msgspec.json.decode(record.data, type=kind)
            for record in records
            if record.id.startswith(start)
        ]

    # ---- what became of it --------------------------------------------------------------------

    async def has_room(self) -> None:
        """Wait while too much is gathered, because the database does not take it."""
        await self._roomy.wait()

    def finish(self, logged: Logged) -> None:
        """Move a delivery into the log."""
        delivery = logged.delivery
        self._deletes[_waiting(delivery)] = None
        self._puts.pop(_waiting(delivery), None)
        if len(delivery.body) > MOST_LOGGED:
            logged = replace(logged, delivery=replace(delivery, body=""))
        self._put(record_of(_log(delivery.lane, delivery.seq), logged))

    def postpone(self, delivery: Delivery) -> None:
        """Write down that a delivery was tried."""
        self._put(record_of(_waiting(delivery), delivery))

    def keep_state(self, lane: str, state: LaneState) -> None:
        """Write down how often a hook failed."""
        self._put(record_of(f"s/{lane}", state))

    def forget_logged(self, lane: str, seqs: Iterable[int]) -> None:
        """Remove the oldest of a log."""
        for seq in seqs:
            self._puts.pop(_log(lane, seq), None)
            self._deletes[_log(lane, seq)] = None
        self._dirty.set()

    async def drop_lane(self, lane: str) -> None:
        """Remove everything of a hook that was deleted."""
        await self._flush()
        for start in (f"d/{lane}/", f"l/{lane}/"):
            while page := await self._dao.read_page(ROOM, after=start, limit=_PAGE):
                doomed = [record.id for record in page if record.id.startswith(start)]
                if not doomed:
                    break
                await self._write([], doomed)
        await self._write([], [f"s/{lane}"])

    async def drop_position(self, appid: str) -> None:
        """Forget an app that was removed."""
        async with self._lock:
            self._passed.pop(appid, None)
            self._heads.pop(_position(appid), None)
            await self._write([], [_position(appid)])

    def _put(self, record: Record) -> None:
        self._deletes.pop(record.id, None)
        self._puts[record.id] = record
        if len(self._puts) > _MOST_GATHERED:
            self._roomy.clear()
        self._dirty.set()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        written = loop.time()
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LAZY_SEC):
                    await self._dirty.wait()
            await asyncio.sleep(_GATHER_SEC)
            positions = loop.time() - written >= _LAZY_SEC
            try:
                await asyncio.shield(self._flush(positions=positions))
                written = loop.time() if positions else written
                continue
            except ParaError as error:
                logger.warning("what became of webhooks is not written yet: %s", error)
            except Exception:  # whatever it is: senders wait for room that only this makes
                logger.exception("what became of webhooks is not written yet")
            self._dirty.set()
            await asyncio.sleep(_RETRY_SEC)

    async def _flush(self, *, positions: bool = False) -> None:
        async with self._lock:
            self._dirty.clear()
            puts, self._puts = self._puts, {}
            deletes, self._deletes = self._deletes, {}
            self._going = deletes
            passed: dict[str, int] = {}
            if positions:
                passed, self._passed = self._passed, {}
            heads = [
                Put(record_of(_position(appid), _Number(number)))
                for appid, number in passed.items()
            ]
            try:
                change = await self._write([*heads, *map(Put, puts.values())], list(deletes))
            except BaseException:
                self._take_back(puts, deletes, passed)
                raise
            finally:
                self._going = {}
            for appid, number in passed.items():
                self._heads[_position(appid)] = number, change
            if len(self._puts) <= _MOST_GATHERED:
                self._roomy.set()

    def _take_back(
        self, puts: dict[str, Record], deletes: dict[str, None], passed: dict[str, int]
    ) -> None:
        """Gather again what was not written; what came meanwhile is newer."""
        puts = {key: record for key, record in puts.items() if key not in self._deletes}
        deletes = {key: None for key in deletes if key not in self._puts}
        self._puts, self._deletes = {**puts, **self._puts}, {**deletes, **self._deletes}
        self._passed = {**passed, **self._passed}

    async def flush(self) -> None:
        """Write down now what became of deliveries."""
        await self._flush()

    async def _write(self, puts: Sequence[Put], deletes: Sequence[str] = ()) -> int:
        if not puts and not deletes:
            return 0
        number = await self._share.write(puts, deletes)
        self._writes += 1
        if self._writes % _FORGET_EVERY == 0:
            await self._dao.forget_changes(ROOM, number)
        return number


def _number(record: Record) -> int:
    return msgspec.json.decode(record.data, type=_Number).number


def _position(appid: str) -> str:
    return f"p/{appid}"


def _waiting(delivery: Delivery) -> str:
    return f"d/{delivery.lane}/{delivery.seq:016d}"


def _log(lane: str, seq: int) -> str:
    return f"l/{lane}/{seq:016d}"
