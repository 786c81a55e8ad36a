"""Small values and counters that all nodes have in common, in the database.

They lie in a room of their own. Sign-in uses them, and limits that count for all nodes together: a
sign-in that a browser begins with one node ends with another. Each has an end of life, by the
clocks of the nodes, which may differ by seconds.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable

import msgspec
from msgspec import Struct

from para_core.contracts.dao import DAO, Put, Record, Write
from para_core.errors import ParaError
from para_server.services.turns import Turns

__all__ = ["ROOM", "NodeValues"]

logger = logging.getLogger(__name__)

ROOM = "_values"
_USUAL_SEC = 600.0
_SWEEP_MS = 60_000
_PAGE = 500


class _Held(Struct):
    """One value or counter, and when it ends, in milliseconds since the Unix epoch."""

    value: object
    ends: int


class NodeValues:
    """Values as the Cache contract describes them. Errors of the database reach the caller."""

    def __init__(self, dao: DAO, *, clock: Callable[[], int]) -> None:
        """Keep values in a database; ``clock`` tells milliseconds since the Unix epoch."""
        self._dao, self._clock, self._turns = dao, clock, Turns()
        self._swept = clock()

    async def value(self, appid: str, name: str) -> object | None:
        """Return a copy of a value, or ``None`` when there is none."""
        _, held = await self._read(_id(appid, "v", name))
        return None if held is None else held.value

    async def put_value(
        self, appid: str, name: str, value: object, *, ttl_sec: float | None = None
    ) -> None:
        """Keep a value of JSON types; ``None`` removes it."""
        if not (appid.strip() and name.strip()):
            return
        key = _id(appid, "v", name)
        if value is None:
            if (await self._dao.read(ROOM, key)) is not None:
                await self._write(Write("values", deletes=[key]))
            return
        life = ttl_sec if ttl_sec is not None and ttl_sec > 0 else _USUAL_SEC
        await self._write(Write("values", [Put(self._record(key, value, life))]))

    async def increment(self, appid: str, name: str, *, by: int = 1, ttl_sec: float) -> int:
        """Add to a counter, by compare-and-set, and return what it is then."""
        if not (appid.strip() and name.strip()):
            return by
        key = _id(appid, "c", name)

        async def attempt() -> int:
            change, held = await self._read(key)
            if held is not None and isinstance(held.value, int):
                count, left_sec = held.value + by, (held.ends - self._clock()) / 1000
            else:
                count, left_sec = by, ttl_sec
            await self._write(Write("values", [Put(self._record(key, count, left_sec), change)]))
            return count

        return await self._turns.change(attempt, ROOM, key)

    async def clear(self, appid: str) -> None:
        """Forget everything of one app."""
        start = _id(appid, "", "")
        async for page in self._pages(start):
            gone = [record.id for record in page if record.id.startswith(start)]
            if gone:
                await self._write(Write("values", deletes=gone))
            if len(gone) < len(page):
                return

    # ---- the room -----------------------------------------------------------------------------

    async def _read(self, key: str) -> tuple[int, _Held | None]:
        """Return a record's change, 0 when it is absent, and what it holds if that lives."""
        record = await self._dao.read(ROOM, key)
        if record is None:
            return 0, None
        held = _decode(record.data)
        return record.change, held if held.ends > self._clock() else None

    def _record(self, key: str, value: object, life_sec: float) -> Record:
        ends = self._clock() + int(life_sec * 1000)
        return Record(key, "value", msgspec.json.encode(_Held(value, ends)))

    async def _write(self, write: Write) -> None:
        number = await self._dao.write(ROOM, write)
        now = self._clock()
        if now - self._swept < _SWEEP_MS:
            return
        self._swept = now
        try:
            await self._dao.forget_changes(ROOM, number)
            async for page in self._pages(""):
                gone = [record.id for record in page if _decode(record.data).ends <= now]
                if gone:
                    await self._dao.write(ROOM, Write("values", deletes=gone))
        except ParaError as error:
            logger.warning("values that have ended stay: %s", error)

    async def _pages(self, after: str) -> AsyncIterator[list[Record]]:
        while page := await self._dao.read_page(ROOM, after=after, limit=_PAGE):
            yield page
            after = page[-1].id


_decode = msgspec.json.Decoder(_Held).decode


def _id(appid: str, kind: str, name: str) -> str:
    """Return the id of a value: no app's ids begin as those of another one."""
    quoted = msgspec.json.encode(appid).decode()
    return f"{quoted}{kind}{name}"
