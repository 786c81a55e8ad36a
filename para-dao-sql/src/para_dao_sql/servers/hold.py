"""Who has the database: any number of servers, or one process alone.

It is a lock of a session, so the database frees it when a process ends, however it does. One
connection keeps it while there is nothing to do, and what writes besides asks for itself: who comes
back after an interruption asks again before its next write.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from para_core.errors import ConfigError, UnavailableError
from para_dao_sql.servers.dialect import Connection, Dialect

__all__ = ["Hold", "in_use_by_another"]

_Attempt = Callable[[Connection], Awaitable[bool]]
_TRIES, _TRY_SEC = 20, 0.05  # the database notices a little later that a process has ended


class Hold:
    """The lock of one process, from ``begin`` to ``end``."""

    def __init__(self, dialect: Dialect[Any], *, is_alone: bool) -> None:
        """Prepare to hold a database.

        Args:
            dialect: The product.
            is_alone: Whether nobody else may have it meanwhile.
        """
        self._dialect, self._is_alone = dialect, is_alone
        self._keeper: Connection | None = None
        self._renewal = asyncio.Lock()

    async def begin(
        self,
        check: Callable[[Connection], Awaitable[None]],
        when_lost: Callable[[], None],
    ) -> None:
        """Take the lock.

        Args:
            check: Makes the tables, or refuses those that are there.
            when_lost: Called when the lock of a process that is alone is gone.

        Raises:
            ConfigError: Others have the database.
        """
        connection = await self._dialect.connect()
        try:
            await check(connection)
            await self._take(connection)
        except BaseException:
            connection.terminate()
            raise
        if self._is_alone:
            self._dialect.when_lost(connection, when_lost)
        self._keeper = connection

    async def join(self, connection: Connection) -> None:
        """Let a new connection of this process share the lock.

        Raises:
            UnavailableError: Another process has the database alone.
        """
        if self._is_alone:
            return  # the others are kept out by the one lock, which ends everything when it is lost
        await self._insist(self._dialect.try_join, connection)
        async with self._renewal:
            if self._keeper is not None and self._keeper.is_closed():
                self._keeper = await self._renewed()

    async def end(self) -> None:
        """Let others have the database."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            await keeper.close()

    def drop(self) -> None:
        """Do the same without waiting for the database."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.terminate()

    async def _take(self, connection: Connection) -> None:
        dialect = self._dialect
        if not await _could(dialect.try_take if self._is_alone else dialect.try_share, connection):
            raise ConfigError(self._refusal())

    async def _renewed(self) -> Connection:
        connection: Connection = await self._dialect.connect()
        try:
            await self._insist(self._dialect.try_share, connection)
        except BaseException:
            connection.terminate()
            raise
        return connection

    async def _insist(self, attempt: _Attempt, connection: Connection) -> None:
        if not await _could(attempt, connection):
            raise UnavailableError(self._refusal())

    def _refusal(self) -> str:
        if self._is_alone:
            place = self._dialect.place
            return f"{place} is in use by a server; stop every server that uses it first"
        return in_use_by_another(self._dialect.place)


def in_use_by_another(place: str) -> str:
    """Return what is told to who has to wait until another process is done."""
    return (
        f"{place} is in use by a command that replaces what is in it (restore or move); "
        "start the server when that is done"
    )


async def _could(attempt: _Attempt, connection: Connection) -> bool:
    """Try to lock for a while; a lock that waits in the database would hold up those behind it."""
    for _ in range(_TRIES):
        if await attempt(connection):
            return True
        await asyncio.sleep(_TRY_SEC)
    return False
