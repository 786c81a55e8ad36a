"""Reads by id and writes that wait for a database share its round trips."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from para_core.answers import answer_in_time, late
from para_core.contracts.dao import Late, Record, Write, is_storable, touched_keys
from para_core.errors import BackendError
from para_core.lanes import Lanes

__all__ = ["Limits", "OneToBlameError", "Read", "Store", "Trips"]

T = TypeVar("T")

Read = Callable[[str, list[str]], Awaitable[dict[str, Record]]]
"""Returns the records of an app with these ids, each asked for once, in any order."""

Store = Callable[[str, Sequence[Write]], Awaitable[Sequence[int | Exception]]]
"""Stores writes of an app one after the other; returns the number of each, or its conflict."""


class OneToBlameError(Exception):
    """Nothing of the writes is stored, and the data of one of them may be why."""

    def __init__(self, error: BackendError) -> None:
        self.error = error
        super().__init__(str(error))


@dataclass(frozen=True, slots=True)
class Limits:
    """What a database may take."""

    place: str  # for messages, without a password
    connections: int  # half of them are for what goes by here, the rest for pages and feeds
    timeout_ms: int  # longest wait for an answer
    setting: str  # the key that says so


class Trips:
    """Serves the reads and writes of a DAO, from its opening to its close."""

    def __init__(
        self, read: Read, store: Store, limits: Limits, on_late: Late = lambda *_: None
    ) -> None:
        """Take reads and writes from now on.

        Args:
            read: How records are read.
            store: How writes are stored; ``OneToBlameError`` lets it be asked for each alone.
            limits: How many go at a time, and how long they may take.
            on_late: Hears of writes that are stored when nobody waits for them any more.
        """
        self._read, self._store, self._limits = read, store, limits
        lanes = max(1, (limits.connections - 1) // 2)
        self._reads = Lanes(self._serve_reads, total=lanes, per_group=2)
        self._on_late = on_late
        self._writes = Lanes(self._serve_writes, total=lanes, per_group=1, late=self._tell)

    async def read_all(self, appid: str, keys: Sequence[str]) -> dict[str, Record]:
        """Return the records with these ids, in the order of ``keys``."""
        wanted = [key for key in dict.fromkeys(keys) if is_storable(key)]
        if not wanted:
            return {}
        return await self._wait(self._reads.submit(appid, wanted))

    async def write(self, appid: str, write: Write) -> int:
        """Store a write; return the number of its change, 0 of an empty one."""
        if not touched_keys(write):
            return 0
        return await self._wait(self._writes.submit(appid, write))

    async def close(self) -> None:
        """Serve what waits, and take nothing more."""
        await self._writes.close()
        await self._reads.close()

    async def _serve_reads(
        self, appid: str, questions: Sequence[list[str]]
    ) -> list[dict[str, Record] | Exception]:
        keys = list(dict.fromkeys(key for question in questions for key in question))
        found = await self._read(appid, keys)
        return [{key: found[key] for key in question if key in found} for question in questions]

    async def _serve_writes(self, appid: str, writes: Sequence[Write]) -> Sequence[int | Exception]:
        try:
            return await self._store(appid, writes)
        except OneToBlameError as refused:
            if len(writes) == 1:
                raise refused.error from refused.__cause__
        return await self._serve_each(appid, writes)

    async def _serve_each(self, appid: str, writes: Sequence[Write]) -> list[int | Exception]:
        """Store each for itself, so that only the one to blame fails.

        None is begun after the time that each of them has: whoever wanted it has gone by then, and
        later writes of the app wait.
        """
        loop, limits = asyncio.get_running_loop(), self._limits
        end = loop.time() + limits.timeout_ms / 1000
        outcomes: list[int | Exception] = []
        for write in writes:
            if outcomes and loop.time() >= end:
                outcomes.append(late(limits.place, limits.timeout_ms, limits.setting))
                continue
            try:
                outcomes += await self._serve_writes(appid, [write])
            except Exception as error:  # noqa: BLE001 - what others of them get is theirs
                outcomes.append(error)
        return outcomes

    def _tell(self, appid: str, write: Write, number: int) -> None:
        self._on_late(appid, number, write.keys())

    async def _wait(self, answer: asyncio.Future[T]) -> T:
        limits = self._limits
        return await answer_in_time(answer, limits.place, limits.timeout_ms, setting=limits.setting)
