"""Writes to a server without transactions, through a journal of this process.

The process has the database alone. A batch is in its journal before any of it is in the database,
so whatever happens in between, it is carried out to its end: by the next who asks for that app, or
at the next start. Nobody reads an app whose batch is stored by halves.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TypeVar

import msgspec
from pymongo.errors import OperationFailure

from para_core.answers import answer_in_time
from para_core.contracts.dao import Late, Write
from para_core.errors import BackendError, StorageFullError, UnavailableError
from para_core.plan import Plan, expected_keys
from para_dao_mongodb.apps import make_app, remove_app
from para_dao_mongodb.catalog import app_of
from para_dao_mongodb.claim import unclaim
from para_dao_mongodb.errors import FAILURES, as_para_error, is_definite
from para_dao_mongodb.intents import (
    Intent,
    begin,
    end,
    fault_of,
    has_done_nothing,
    intent_of,
    told_by,
)
from para_dao_mongodb.journal import Journal
from para_dao_mongodb.limits import time_limit
from para_dao_mongodb.settings import TIME_LIMIT
from para_dao_mongodb.store import Store
from para_dao_mongodb.turns import Turns, TurnsByApp
from para_dao_mongodb.writer import Writer
from para_dao_mongodb.writes import conflicts_without_app, stored_changes

__all__ = ["JournalWriter"]

logger = logging.getLogger(__name__)

T = TypeVar("T")

_GRACE_SEC = 1.0  # for what a server had taken when it stopped to answer
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Intent).decode


class JournalWriter(Writer):
    """Changes one app at a time, each batch by way of the journal."""

    def __init__(
        self, store: Store, journal: Journal, owner: str | None, *, place: str, timeout_ms: int
    ) -> None:
        """Write to apps with the mark of ``owner``; the journal is open and has the database."""
        self._store, self._journal, self._owner = store, journal, owner
        self._place, self._timeout_ms = place, timeout_ms
        self.on_late: Late = lambda *_: None
        self._turns = TurnsByApp()

    async def recover(self) -> None:
        """Carry out what the journal holds; nobody else asks anything yet."""
        entries = dict(self._journal.entries)
        if entries:
            await self._let_the_past_end(_GRACE_SEC)
            logger.warning(
                "finishing writes that were under way when the last process ended",
                extra={"place": self._place, "writes": len(entries)},
            )
        for number, entry in entries.items():
            intent = _decode(entry)
            async with time_limit(self._timeout_ms):
                if await self._is_there(intent):
                    await self._carry_out(intent)
            self._journal.done(number)

    async def store(self, appid: str, writes: Sequence[Write]) -> list[int | Exception]:
        """Store writes as one batch.

        Raises:
            UnavailableError: It is in the journal, and will be stored; or the disk failed.
            StorageFullError: There is no room for the journal; nothing is stored.
        """
        async with self._turns.turn_at(appid) as turns:
            async with time_limit(self._timeout_ms):
                await self._finish(turns)
                intent, outcomes = await self._planned(appid, writes)
            if intent is not None:
                await self._keep(turns, intent)
        return outcomes

    async def make(self, appid: str, *, shared: bool) -> None:
        """Make room for an app."""
        async with self._turns.turn_at(appid):
            await make_app(self._store, appid, shared=shared, owner=self._owner)

    async def remove(self, appid: str) -> None:
        """Remove an app; what was not finished there never will be."""
        async with self._turns.turn_at(appid) as turns, turns.changing():
            self._look_at_journal(turns)
            await remove_app(self._store, appid, owner=self._owner)
            if turns.unfinished is not None:
                self._journal.done(turns.unfinished[0])
                turns.unfinished = None

    async def read(self, appid: str, question: Callable[[], Awaitable[T]]) -> T:
        """Ask when no batch is stored by halves; finish one that is."""
        while True:
            with self._turns.at(appid) as turns:
                async with turns.reading():
                    if turns.is_whole:
                        return await question()
            async with self._turns.turn_at(appid) as turns:
                await self._finish(turns)

    async def close(self) -> None:
        """Finish what is not finished, and let other servers have the database."""
        for appid in self._turns.appids():
            async with self._turns.turn_at(appid) as turns:
                await self._finish(turns)
        if await self._journal.close():
            await unclaim(self._store, self._journal)

    def drop(self) -> None:
        """Leave the journal to the next start."""
        self._journal.drop()

    # ---- one batch -----------------------------------------------------------------------------

    async def _planned(
        self, appid: str, writes: Sequence[Write]
    ) -> tuple[Intent | None, list[int | Exception]]:
        """Return what writes come to; nobody else changes the app meanwhile."""
        while True:
            condition = {"_id": appid, "gone": False, "owner": self._owner}
            if (entry := await self._store.apps.find_one(condition)) is not None:
                break
            if (conflicts := conflicts_without_app(writes)) is not None:
                return None, conflicts
            await make_app(self._store, appid, shared=False, owner=self._owner)
        app = app_of(entry)
        stored = await stored_changes(self._store, app, expected_keys(writes))
        plan = Plan(int(entry["counter"]), stored)
        outcomes: list[int | Exception] = [fault_of(write) or plan.add(write) for write in writes]
        return (intent_of(app, plan) if plan.told else None), outcomes

    async def _keep(self, turns: Turns, intent: Intent) -> None:
        number = await self._added(turns, intent)
        async with turns.changing():
            try:
                async with time_limit(self._timeout_ms):
                    await begin(self._store, intent)
            except OperationFailure as error:
                if not is_definite(error) or not await self._has_done_nothing(intent):
                    raise self._unfinished(error) from error
                turns.unfinished = None
                await self._withdraw(number)
                raise
            except FAILURES as error:
                raise self._unfinished(error) from error
            try:
                async with time_limit(self._timeout_ms):
                    await end(self._store, intent, owner=self._owner)
            except FAILURES as error:
                raise self._unfinished(error) from error
            turns.unfinished = None
        self._journal.done(number)

    async def _has_done_nothing(self, intent: Intent) -> bool:
        try:
            async with time_limit(self._timeout_ms):
                return await has_done_nothing(self._store, intent)
        except FAILURES:
            return False  # nobody knows

    async def _added(self, turns: Turns, intent: Intent) -> int:
        """Put a batch into the journal; one that takes too long is met by whoever comes next."""
        adding = self._journal.add(_encode(intent))
        turns.adding = adding, intent
        await asyncio.wait([adding], timeout=self._timeout_ms / 1000)
        if not adding.done():
            file, limit_ms = str(self._journal.file), self._timeout_ms
            logger.warning("the journal is slow", extra={"file": file, "limit_ms": limit_ms})
            raise self._is_slow()
        turns.adding = None
        number = adding.result()
        turns.unfinished = number, intent
        return number

    def _look_at_journal(self, turns: Turns) -> None:
        """See what became of a batch for which the journal took too long."""
        if turns.adding is None:
            return
        adding, intent = turns.adding
        if not adding.done():
            raise self._is_slow()
        turns.adding = None
        with suppress(BackendError):  # then it is nowhere, or left to the next start
            turns.unfinished = adding.result(), intent

    def _is_slow(self) -> UnavailableError:
        return UnavailableError(
            f"{self._journal.file} is not written within {self._timeout_ms} ms ({TIME_LIMIT}); see "
            "to the disk; what waits is stored as soon as that is possible"
        )

    async def _withdraw(self, number: int) -> None:
        file, limit_ms = self._journal.file, self._timeout_ms
        try:
            await answer_in_time(self._journal.withdraw(number), file, limit_ms, setting=TIME_LIMIT)
        except BackendError as error:
            raise UnavailableError(f"{error}; the write may be stored later") from error

    async def _finish(self, turns: Turns) -> None:
        """Carry out to its end what was carried out by halves."""
        self._look_at_journal(turns)
        if turns.unfinished is None:
            return
        await self._let_the_past_end(min(_GRACE_SEC, self._timeout_ms / 4000))
        number, intent = turns.unfinished
        is_there = await self._is_there(intent)  # one that was removed has nothing to finish
        if is_there:
            async with turns.changing():
                await self._carry_out(intent)
        turns.unfinished = None
        self._journal.done(number)
        if not is_there:
            return
        for change, keys in told_by(intent):
            self.on_late(intent.appid, change, keys)

    async def _carry_out(self, intent: Intent) -> None:
        await begin(self._store, intent)
        await end(self._store, intent, owner=self._owner)

    async def _let_the_past_end(self, seconds: float) -> None:
        """Wait until the server answers, and has had time for what it had taken before."""
        await self._store.client.admin.command("hello")
        await asyncio.sleep(seconds)

    async def _is_there(self, intent: Intent) -> bool:
        condition = {"_id": intent.appid, "app": intent.app, "gone": False}
        return await self._store.apps.find_one(condition) is not None

    def _unfinished(self, error: BaseException) -> BackendError:
        told = as_para_error(error, self._place)
        reason = f"{self._place} has no space left" if isinstance(told, StorageFullError) else told
        return UnavailableError(f"{reason}; the write is finished as soon as that is possible")
