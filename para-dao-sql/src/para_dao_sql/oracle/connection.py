"""One connection to Oracle: python-oracledb in its asynchronous thin mode."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Sequence
from typing import Any, TypeVar

import oracledb

from para_dao_sql.address import OracleAddress
from para_dao_sql.oracle.errors import FAILURES, codes_of
from para_dao_sql.oracle.values import received, sent
from para_dao_sql.servers.binding import bind, insert_into, portions_of
from para_dao_sql.servers.session import Rows, Session

__all__ = ["OracleConnection", "connect"]

T = TypeVar("T")

_MARK = ":p"
_MOST_ROWS = 1000
_BYTES = 2**20  # of the rows of one INSERT, unless one row has more
_GOOD_BYE_SEC = 1.0
_ends: set[asyncio.Task[None]] = set()


class OracleConnection(Session):
    """A connection of python-oracledb; ``connect`` makes it.

    Who gives up waiting ends it: nobody knows what of the answer has been read.
    """

    def __init__(self, driver: oracledb.AsyncConnection) -> None:
        self._driver = driver
        self._is_closed = self._is_in_transaction = False
        self.is_guarded = False
        """Whether each transaction that writes asks first if somebody is alone; see ``Hold``."""

    async def fetch(self, query: str, *values: object) -> Rows:
        """Return all rows."""
        return await self._call(self._fetch(*_bound(query, values)))

    async def execute(self, query: str, *values: object) -> int:
        """Return how many rows a statement met; its transaction stays open until ``commit``.

        Outside a transaction that ``begin`` has begun, each statement is committed by itself.
        """
        count = await self._call(self._execute(*_bound(query, values)))
        if not self._is_in_transaction:
            await self._call(self._driver.commit())
        return count

    async def insert(self, table: str, columns: Sequence[str], rows: Rows) -> None:
        """Store rows of values, many in one round trip."""
        statement = insert_into(table, columns, _MARK)
        for part in portions_of(rows, _MOST_ROWS, _BYTES):
            await self._call(self._execute_many(statement, [_named(row) for row in part]))

    async def begin(self) -> None:
        """Begin a transaction, which Oracle does with the first statement."""
        self._is_in_transaction = True

    async def commit(self) -> None:
        """Make a transaction durable."""
        await self._call(self._driver.commit())
        self._is_in_transaction = False

    async def rollback(self) -> None:
        """Undo a transaction."""
        await self._call(self._driver.rollback())
        self._is_in_transaction = False

    async def ping(self) -> None:
        """Ask for nothing."""
        await self._call(self._driver.ping())

    def is_closed(self) -> bool:
        """Tell whether it is of no use any more, as far as the driver knows; then it is let go."""
        if not self._is_closed and not self._driver.is_healthy():
            self._let_go()
        return self._is_closed

    def is_in_transaction(self) -> bool:
        """Tell whether something was begun and not ended."""
        return self._is_in_transaction

    def is_usable_after(self, error: BaseException) -> bool:
        """Tell whether the server has answered with an error, and its session goes on."""
        has_answered = any(code.startswith("ORA-") for code in codes_of(error))
        return has_answered and not self.is_closed()

    async def _say_good_bye(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            await self._close()

    def _let_go(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        # The driver has no way to end a connection without waiting.
        task = asyncio.get_running_loop().create_task(self._close())
        _ends.add(task)
        task.add_done_callback(_ends.discard)

    # ---- how the driver is asked ---------------------------------------------------------------

    async def _call(self, answer: Awaitable[T]) -> T:
        try:
            return await answer
        except asyncio.CancelledError:
            self.terminate()
            raise

    async def _fetch(self, statement: str, values: dict[str, object]) -> Rows:
        with self._driver.cursor() as cursor:
            await cursor.execute(statement, values, fetch_lobs=False)
            rows = await cursor.fetchall()
        return [tuple(map(received, row)) for row in rows]

    async def _execute(self, statement: str, values: dict[str, object]) -> int:
        with self._driver.cursor() as cursor:
            await cursor.execute(statement, values)
            return int(cursor.rowcount)

    async def _execute_many(self, statement: str, rows: list[dict[str, object]]) -> None:
        with self._driver.cursor() as cursor:
            await cursor.executemany(statement, rows)

    async def _close(self) -> None:
        with contextlib.suppress(*FAILURES):
            async with asyncio.timeout(_GOOD_BYE_SEC):
                await self._driver.close()


async def connect(address: OracleAddress, timeout_sec: float) -> OracleConnection:
    """Connect within the time limit."""
    options: dict[str, Any] = {"mode": oracledb.AUTH_MODE_SYSDBA} if address.is_sysdba else {}
    async with asyncio.timeout(timeout_sec):
        driver = await oracledb.connect_async(
            dsn=address.dsn,
            user=address.user,
            password=address.password,
            tcp_connect_timeout=timeout_sec,
            program="para-server",
            **options,
        )
    return OracleConnection(driver)


def _bound(query: str, values: Sequence[object]) -> tuple[str, dict[str, object]]:
    statement, flat = bind(query, values, _MARK)
    return statement, _named(flat)


def _named(values: Sequence[object]) -> dict[str, object]:
    return {f"p{number}": sent(value) for number, value in enumerate(values, 1)}
