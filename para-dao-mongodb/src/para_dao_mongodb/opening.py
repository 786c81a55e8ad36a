"""Opens a database: looks at the server, takes the database, and chooses how to write to it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from para_core.opening import until_open
from para_dao_mongodb.address import Address
from para_dao_mongodb.claim import check_unclaimed, claim
from para_dao_mongodb.errors import FAILURES
from para_dao_mongodb.hold import Hold
from para_dao_mongodb.journal import Journal
from para_dao_mongodb.journalled import JournalWriter
from para_dao_mongodb.limits import time_limit
from para_dao_mongodb.store import Store, connect, look_at
from para_dao_mongodb.writer import TransactionWriter, Writer

__all__ = ["Opening"]


@dataclass(frozen=True, slots=True)
class Opening:
    """How a database is to be opened."""

    address: Address
    journal: Path  # used when the server has no transactions
    timeout_ms: int
    pool_size: int
    is_alone: bool | None  # none to read beside others
    group: str  # of the processes that may use it meanwhile; blank for those of anybody

    async def run(
        self, check: Callable[[Store], Awaitable[None]]
    ) -> tuple[Store, Hold | None, Writer]:
        """Connect, check the database, and take it.

        Raises:
            ConfigError: It cannot be used like that.
        """
        client = connect(self.address, timeout_ms=self.timeout_ms, pool_size=self.pool_size)
        try:
            async with time_limit(2 * self.timeout_ms):
                store = await look_at(client, self.address.database)
                await check(store)
            hold, writer = await self._taken(store)
        except BaseException:
            await client.close()
            raise
        return store, hold, writer

    async def _taken(self, store: Store) -> tuple[Hold | None, Writer]:
        if self.is_alone is None:
            return None, TransactionWriter(store, None, timeout_ms=self.timeout_ms)
        if not store.has_transactions:
            return await self._journalled(store)
        group = "" if self.is_alone else self.group
        hold = Hold(store, self.address.place, is_alone=self.is_alone, group=group)
        async with time_limit(2 * self.timeout_ms):
            await check_unclaimed(store, self.address.place)
            await hold.begin()
        return hold, TransactionWriter(store, hold.owner, timeout_ms=self.timeout_ms)

    async def _journalled(self, store: Store) -> tuple[Hold, Writer]:
        place = self.address.place
        journal = Journal(self.journal)
        await until_open(asyncio.to_thread(journal.read), lambda _: journal.drop())
        try:
            journal.start()
            hold = Hold(store, place, is_alone=True)
            async with time_limit(2 * self.timeout_ms):
                await hold.begin()
            writer = JournalWriter(
                store, journal, hold.owner, place=place, timeout_ms=self.timeout_ms
            )
            try:
                async with time_limit(2 * self.timeout_ms):
                    await claim(store, journal, place)
                await writer.recover()
            except BaseException:
                await self._let_go(hold)
                raise
        except BaseException:
            journal.drop()
            raise
        return hold, writer

    async def _let_go(self, hold: Hold) -> None:
        try:
            async with time_limit(self.timeout_ms):
                await hold.end()
        except FAILURES:  # its entry counts no more after some time
            hold.drop()
