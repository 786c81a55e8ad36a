"""Who has the database: the processes of one server, any number of nodes, or one process alone.

It is a lock of a session, so the database frees it when a process ends, however it does. One
connection keeps it, which is asked something now and then, and what writes besides asks for itself:
who comes back after an interruption asks again before its next write.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from para_core.errors import ConfigError, UnavailableError
from para_core.tasks import cancelled
from para_dao_sql.servers.dialect import Connection, Dialect

__all__ = ["Hold", "OvertakenError", "in_use_by_another"]

logger = logging.getLogger(__name__)

_Attempt = Callable[[Connection], Awaitable[bool]]
_TRIES, _TRY_SEC = 20, 0.05  # the database notices a little later that a process has ended
_RENEWAL_SEC = 15.0
_LOOK_SEC = 15.0  # some times in what the database bears of silence
_ANSWER_SEC = 15.0


class Hold:
    """The lock of one process, from ``begin`` to ``end``."""

    def __init__(self, dialect: Dialect[Any], *, is_alone: bool, group: str = "") -> None:
        """Prepare to hold a database.

        Args:
            dialect: The product.
            is_alone: Whether nobody else may have it meanwhile.
            group: Whose processes may have it meanwhile; blank for those of anybody.
        """
        self._dialect, self._is_alone, self._group = dialect, is_alone, group
        self._failures: tuple[type[Exception], ...] = (*dialect.failures, TimeoutError)
        self._keeper: Connection | None = None
        self._renewal = asyncio.Lock()
        self._looking: asyncio.Task[None] | None = None
        self._when_lost: Callable[[], None] = lambda: None

    async def begin(
        self,
        check: Callable[[Connection], Awaitable[None]],
        when_lost: Callable[[], None],
    ) -> None:
        """Take the lock.

        Args:
            check: Makes the tables, or refuses those that are there.
            when_lost: Called when the lock is gone: of a process that is alone at once, of another
                one when processes of another group have the database.

        Raises:
            ConfigError: Others have the database.
        """
        connection = await self._dialect.connect()
        try:
            await check(connection)
            await self._take(connection)
        except UnavailableError as error:
            connection.terminate()
            raise ConfigError(str(error)) from error
        except BaseException:
            connection.terminate()
            raise
        self._keeper, self._when_lost = connection, when_lost
        if self._is_alone:
            self._dialect.when_lost(connection, when_lost)
        else:
            self._looking = asyncio.create_task(self._look_on(), name="who has the database")

    async def join(self, connection: Connection) -> None:
        """Let a new connection of this process share the lock.

        Raises:
            UnavailableError: Others have the database.
        """
        if self._is_alone:
            return  # the others are kept out by the one lock, which ends everything when it is lost
        dialect = self._dialect
        if not await _could(dialect.try_join, connection):
            raise UnavailableError(in_use_by_another(dialect.place))
        if self._group and not await _could(partial(dialect.is_of, group=self._group), connection):
            raise OvertakenError(dialect.place)
        await self._renew()

    async def end(self) -> None:
        """Let others have the database."""
        looking, keeper = self._looking, self._keeper
        self._looking = self._keeper = None
        try:
            await cancelled(looking)
            if keeper is not None:
                await keeper.close()
        except BaseException:  # whoever ends it may have been cancelled
            if keeper is not None:
                keeper.terminate()
            raise

    def drop(self) -> None:
        """Do the same without waiting for the database."""
        looking, keeper = self._looking, self._keeper
        self._looking = self._keeper = None
        if looking is not None:
            looking.cancel()
        if keeper is not None:
            keeper.terminate()

    # ---- the connection that keeps it ----------------------------------------------------------

    async def _take(self, connection: Connection) -> None:
        """Take the lock.

        Raises:
            UnavailableError: Others have it.
        """
        dialect = self._dialect
        if self._is_alone:
            if not await _could(dialect.try_take, connection):
                raise UnavailableError(
                    f"{dialect.place} is in use by a server; stop every server that uses it first"
                )
        elif not await _could(self._try_share, connection):
            if await dialect.try_share(connection):  # so it is not that somebody is alone
                raise OvertakenError(dialect.place)
            raise UnavailableError(in_use_by_another(dialect.place))

    async def _try_share(self, connection: Connection) -> bool:
        if not self._group:
            return await self._dialect.try_share(connection)
        return await self._dialect.try_enter(connection, self._group)

    async def _renew(self) -> None:
        """Take the lock again when the connection that kept it has ended."""
        async with self._renewal:
            if self._keeper is None or not self._keeper.is_closed():
                return
            connection: Connection = await self._dialect.connect()
            try:
                await self._take(connection)
            except BaseException:
                connection.terminate()
                raise
            if self._keeper is None:  # the end came meanwhile
                connection.terminate()
                return
            self._keeper = connection

    async def _look_on(self) -> None:
        """Ask something now and then, so that both sides know whether the other one is there."""
        while True:
            await asyncio.sleep(_LOOK_SEC)
            try:
                await self._look()
            except UnavailableError:
                continue  # the next look may be better
            except self._failures:
                continue
            except Exception:  # nobody else looks
                logger.exception("it is not known who has the database")

    async def _look(self) -> None:
        if (keeper := self._keeper) is not None:
            try:
                async with asyncio.timeout(_ANSWER_SEC):
                    await keeper.fetchval(self._dialect.nothing)
            except self._failures:
                keeper.terminate()
        try:
            async with asyncio.timeout(_RENEWAL_SEC):  # new connections wait for it
                await self._renew()
        except OvertakenError as error:
            logger.error("this server has lost its database: %s", error)  # noqa: TRY400 (it says all)
            self._when_lost()


class OvertakenError(UnavailableError):
    """Processes of another group have the database."""

    def __init__(self, place: str) -> None:
        super().__init__(
            f"{place} is in use by another server; stop that one first, or let all servers on it "
            "be nodes: set para.nodes.enabled = true for each"
        )


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
