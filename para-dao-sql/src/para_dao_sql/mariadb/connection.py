"""One connection to MariaDB or MySQL, as the parts that all servers share ask it."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import struct
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import asyncmy
from asyncmy.constants import CLIENT

from para_dao_sql.address import MariaDBAddress, Tls
from para_dao_sql.mariadb.errors import TOO_LARGE, number_of
from para_dao_sql.mariadb.literals import render
from para_dao_sql.servers.hold import OvertakenError

__all__ = ["MariaDBConnection", "Rows", "connect"]

Rows = Sequence[Sequence[Any]]

# FOUND_ROWS: the count of an UPDATE is that of the rows it met, whether they were other before.
_FLAGS = CLIENT.FOUND_ROWS | CLIENT.MULTI_STATEMENTS
_SESSION = """
SET NAMES utf8mb4 COLLATE utf8mb4_bin;
SET SESSION sql_mode = 'ANSI_QUOTES,STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION',
    innodb_lock_wait_timeout = $1, lock_wait_timeout = $1{more};
SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;
SELECT @@max_allowed_packet
"""
# Of MySQL there is a limit for SELECT only, and none for whoever stops inside a transaction.
_MARIADB = ", max_statement_time = $1, idle_transaction_timeout = $2"
_LEAST_IDLE_SEC = 2  # inside a transaction: a process may be slow for a moment
_MALFORMED = 2027  # of the driver's own errors: a packet that is none
_NO_GREETING = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, struct.error)
_GROUP_PLACE = 2  # of the name among the answers, after those of BEGIN and the lock
_PACKET = 2**20  # statements that go together, unless one of them is larger


class MariaDBConnection:
    """A connection of asyncmy; ``connect`` makes it."""

    def __init__(  # the driver has no types
        self,
        driver: Any,  # noqa: ANN401
        *,
        place: str,
        is_mariadb: bool,
        patience_sec: int,
    ) -> None:
        self._driver, self._place = driver, place
        self._largest = _PACKET
        self.is_mariadb, self.patience_sec = is_mariadb, patience_sec
        self.guard = ""
        """What each transaction that writes asks first, with semicolons; see ``Hold``."""
        self.group = b""
        """Whose processes must have the database, as the last answer of the guard tells."""

    async def begin_session(self) -> None:
        """Set what statements mean, and how long they may take."""
        query = _SESSION.format(more=_MARIADB if self.is_mariadb else "")
        idle_sec = max(_LEAST_IDLE_SEC, self.patience_sec // 2)
        *_, rows = await self.run(query, self.patience_sec, idle_sec)
        self._largest = int(rows[0][0])

    async def fetch(self, query: str, *values: object) -> Rows:
        """Return the rows of the last statement."""
        return (await self.run(query, *values))[-1]

    async def fetchval(self, query: str, *values: object) -> Any:  # noqa: ANN401 (as in Asked)
        """Return the first value of the first row, ``None`` when there is none."""
        rows = await self.fetch(query, *values)
        return rows[0][0] if rows else None

    async def execute(self, query: str, *values: object) -> int:
        """Return how many rows the last statement met."""
        cursor = await self._send(render(query, values))
        while await cursor.nextset():
            pass
        return int(cursor.rowcount)

    async def run(self, query: str, *values: object) -> list[Rows]:
        """Return the rows of each statement; those after one that fails are not done."""
        cursor = await self._send(render(query, values))
        found: list[Rows] = [await cursor.fetchall()]
        while await cursor.nextset():
            found.append(await cursor.fetchall())
        return found

    async def begin(self, query: str, *values: object) -> Rows:
        """Begin a transaction that writes, and return what it asks for last.

        Raises:
            OvertakenError: The database is that of others now; nothing has begun.
        """
        found = await self.run(f"BEGIN; {self.guard} {query}", *values)
        if self.group and found[_GROUP_PLACE] != ((self.group,),):
            await self.run("ROLLBACK")
            raise OvertakenError(self._place)
        return found[-1]

    async def execute_all(self, statements: Iterable[bytes]) -> None:
        """Send statements in as few packets as hold them.

        Raises:
            MySQLError: What the server says; one that is too large for it is not even sent.
        """
        waiting: list[bytes] = []
        size = 0
        for statement in statements:
            if len(statement) >= self._largest:
                raise asyncmy.errors.DataError(TOO_LARGE, f"{len(statement)} bytes in a statement")
            if waiting and size + len(statement) >= min(_PACKET, self._largest):
                await self._drain(waiting)
                waiting, size = [], 0
            waiting.append(statement)
            size += len(statement) + 1
        if waiting:
            await self._drain(waiting)

    def is_closed(self) -> bool:
        """Tell whether one side has ended it."""
        return not self._driver.connected or bool(self._driver._stream_broken)

    def is_usable_after(self, error: BaseException) -> bool:
        """Tell whether the server has answered with an error and waits for the next statement."""
        return not self.is_closed() and number_of(error) is not None

    def is_in_transaction(self) -> bool:
        """Tell whether something was begun and not ended, as far as the last answer says."""
        return bool(self._driver.get_transaction_status())

    def when_lost(self, tell: Callable[[], None]) -> None:
        """Call something at the end, whoever brings it about."""
        self._driver._proto._closed_waiter.add_done_callback(lambda _: tell())

    async def close(self) -> None:
        """Say good-bye."""
        with contextlib.suppress(asyncmy.errors.MySQLError, OSError):
            await self._driver.ensure_closed()
        self.terminate()

    def terminate(self) -> None:
        """Let go at once, whatever is on its way."""
        transport = self._driver._transport  # its close waits for what is not sent
        if transport is not None:
            transport.abort()
        self._driver.close()

    async def _drain(self, statements: list[bytes]) -> None:
        cursor = await self._send(b";".join(statements))
        while await cursor.nextset():
            pass

    async def _send(self, script: bytes) -> Any:  # noqa: ANN401 (the driver's cursor)
        cursor = self._driver.cursor()
        await cursor.execute(script)
        return cursor


async def connect(address: MariaDBAddress, timeout_sec: float) -> MariaDBConnection:
    """Connect and begin the session, within the time limit."""
    async with asyncio.timeout(timeout_sec):
        driver = await _greeted(address, timeout_sec)
        is_mariadb = "mariadb" in str(driver.get_server_info()).lower()
        patience = max(1, round(timeout_sec))
        made = MariaDBConnection(
            driver, place=address.shown, is_mariadb=is_mariadb, patience_sec=patience
        )
        try:
            await made.begin_session()
        except BaseException:
            made.terminate()
            raise
        return made


async def _greeted(address: MariaDBAddress, timeout_sec: float) -> Any:  # noqa: ANN401 (as above)
    try:
        return await asyncmy.connect(
            host=address.host,
            port=address.port,
            user=address.user,
            password=address.password,
            database=address.database,
            charset="utf8mb4",
            autocommit=True,
            client_flag=_FLAGS,
            connect_timeout=max(1, timeout_sec),
            ssl=_context(address.tls),
        )
    except _NO_GREETING as error:  # the driver reads whatever comes as if a server had said it
        raise asyncmy.errors.OperationalError(
            _MALFORMED, "what answers is no server of MariaDB or MySQL"
        ) from error


def _context(tls: Tls | None) -> ssl.SSLContext | None:
    if tls is None:
        return None
    context = ssl.create_default_context(cafile=tls.ca or None)
    context.check_hostname = tls.checks_name
    context.verify_mode = ssl.CERT_REQUIRED if tls.checks_certificate else ssl.CERT_NONE
    return context
