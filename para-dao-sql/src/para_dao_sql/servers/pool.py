"""Lends connections, makes them when they are wanted, and throws away those that are broken.

For drivers that have no pool, or one that makes one connection at a time while all others wait for
it and has no place to ask something of each new one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Generic, Protocol, TypeVar

from para_dao_sql.servers.dialect import Connection

__all__ = ["Pool", "Pooled"]


class Pooled(Connection, Protocol):
    """What the pool has to know of a connection."""

    def is_usable_after(self, error: BaseException) -> bool:
        """Tell whether the server has answered with an error and waits for the next statement."""

    def is_in_transaction(self) -> bool:
        """Tell whether something was begun and not ended."""


C = TypeVar("C", bound=Pooled)


class Pool(Generic[C]):
    """At most so many connections; whoever comes later waits for one."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[C]],
        size: int,
        join: Callable[[C], Awaitable[None]] | None,
    ) -> None:
        """Make an empty pool.

        Args:
            connect: Makes a connection.
            size: The most at a time.
            join: What every new connection does first.
        """
        self._connect, self._join, self._size = connect, join, size
        self._turns = asyncio.Semaphore(size)
        self._free: list[C] = []
        self._all: set[C] = set()
        self._is_closed = self._is_over = False

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[C]:
        """Lend a connection; one that is in no known state afterwards is thrown away."""
        async with self._turns:
            connection = await self._take()
            try:
                yield connection
            except BaseException as error:
                if not connection.is_usable_after(error):
                    self._drop(connection)
                raise
            finally:
                self._give_back(connection)

    async def fetch(self, query: str, *values: object) -> Sequence[Sequence[Any]]:
        """Return all rows."""
        async with self.acquire() as connection:
            return await connection.fetch(query, *values)

    async def fetchval(self, query: str, *values: object) -> Any:  # noqa: ANN401 (as in Asked)
        """Return the first value of the first row."""
        async with self.acquire() as connection:
            return await connection.fetchval(query, *values)

    async def execute(self, query: str, *values: object) -> object:
        """Return how many rows were met."""
        async with self.acquire() as connection:
            return await connection.execute(query, *values)

    async def close(self) -> None:
        """Wait for those that are lent, and close all."""
        self._is_closed = True
        for _ in range(self._size):
            await self._turns.acquire()
        for _ in range(self._size):
            self._turns.release()
        while self._free:
            connection = self._free.pop()
            await connection.close()
            self._all.discard(connection)

    def terminate(self) -> None:
        """Let go of all at once; nothing may be done any more."""
        self._is_closed = self._is_over = True
        for connection in list(self._all):
            self._drop(connection)
        self._free.clear()

    async def _take(self) -> C:
        self._ensure(is_open=not self._is_closed)
        while self._free:
            connection = self._free.pop()  # the last used one: the others may rest
            if not connection.is_closed():
                return connection
            self._drop(connection)
        connection = await self._connect()
        self._all.add(connection)
        try:
            if self._join is not None:
                await self._join(connection)
            self._ensure(is_open=not self._is_over)  # it may have ended meanwhile
        except BaseException:
            self._drop(connection)
            raise
        return connection

    @staticmethod
    def _ensure(*, is_open: bool) -> None:
        if not is_open:
            raise ConnectionError("the pool of connections is closed")

    def _give_back(self, connection: C) -> None:
        if self._is_closed or connection.is_closed() or connection.is_in_transaction():
            self._drop(connection)
        else:
            self._free.append(connection)

    def _drop(self, connection: C) -> None:
        self._all.discard(connection)
        connection.terminate()
