"""Who has the database: any number of servers, or one process alone.

It is an advisory lock of a session, so the database frees it when a process ends, however it does.
Every connection that may write takes it for itself, and one more keeps it while there is nothing to
do: who comes back after an interruption asks again before its next write.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg

from para_core.errors import ConfigError, UnavailableError

__all__ = ["Hold"]

# The table's number tells several servers in one database, in schemas of their own, apart.
_KEY = f"{0x50617261}::bigint << 32 | 'objects_format'::regclass::oid::bigint"
_SHARE = f"SELECT pg_try_advisory_lock_shared({_KEY})"
_TAKE = f"SELECT pg_try_advisory_lock({_KEY})"
_TRIES, _TRY_SEC = 20, 0.05  # the database notices a little later that a process has ended


class Hold:
    """The lock of one process, from ``begin`` to ``end``."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[asyncpg.Connection]],
        place: str,
        *,
        is_alone: bool,
    ) -> None:
        """Prepare to hold a database.

        Args:
            connect: Makes a connection.
            place: The address without password, for messages.
            is_alone: Whether nobody else may have it meanwhile.
        """
        self._connect, self._place, self._is_alone = connect, place, is_alone
        self._keeper: asyncpg.Connection | None = None
        self._renewal = asyncio.Lock()

    async def begin(
        self,
        check: Callable[[asyncpg.Connection], Awaitable[None]],
        when_lost: Callable[[], None],
    ) -> None:
        """Take the lock.

        Args:
            check: Makes the tables, or refuses those that are there.
            when_lost: Called when the lock of a process that is alone is gone.

        Raises:
            ConfigError: Others have the database.
        """
        connection = await self._connect()
        try:
            await check(connection)
            await self._take(connection)
        except BaseException:
            connection.terminate()
            raise
        if self._is_alone:
            connection.add_termination_listener(lambda _: when_lost())
        self._keeper = connection

    async def join(self, connection: asyncpg.Connection) -> None:
        """Let a new connection of this process share the lock.

        Raises:
            UnavailableError: Another process has the database alone.
        """
        if self._is_alone:
            return  # the others are kept out by the one lock, which ends everything when it is lost
        await self._share(connection)
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

    async def _take(self, connection: asyncpg.Connection) -> None:
        if not await _could(connection, _TAKE if self._is_alone else _SHARE):
            raise ConfigError(self._refusal())

    async def _renewed(self) -> asyncpg.Connection:
        connection = await self._connect()
        try:
            await self._share(connection)
        except BaseException:
            connection.terminate()
            raise
        return connection

    async def _share(self, connection: asyncpg.Connection) -> None:
        if not await _could(connection, _SHARE):
            raise UnavailableError(self._refusal())

    def _refusal(self) -> str:
        if self._is_alone:
            return f"{self._place} is in use by a server; stop every server that uses it first"
        return (
            f"{self._place} is in use by a command that replaces what is in it (restore or move); "
            "start the server when that is done"
        )


async def _could(connection: asyncpg.Connection, statement: str) -> bool:
    """Try to lock for a while; a lock that waits in the database would hold up those behind it."""
    for _ in range(_TRIES):
        if await connection.fetchval(statement):
            return True
        await asyncio.sleep(_TRY_SEC)
    return False
