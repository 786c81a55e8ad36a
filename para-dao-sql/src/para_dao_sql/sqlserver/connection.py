"""One connection to SQL Server: python-tds, which waits, on a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import select
import socket
import ssl
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytds

from para_core.errors import ConfigError
from para_dao_sql.address import SqlServerAddress
from para_dao_sql.servers.binding import bind, insert_into, portions_of
from para_dao_sql.servers.session import Rows, Session
from para_dao_sql.sqlserver.driver import prepare_driver
from para_dao_sql.sqlserver.errors import FAILURES, number_of
from para_dao_sql.sqlserver.values import parameter, received

__all__ = ["SqlServerConnection", "connect"]

T = TypeVar("T")

_MARK = "@P"
_ONE_ATTEMPT_SEC = 0.001
_MOST_ROWS = 1000  # of one VALUES
_MOST_VALUES = 2000  # of one statement; a procedure takes 2,100, and sp_executesql needs two
_BYTES = 2**20  # of the rows of one INSERT, unless one row has more
# An error undoes the whole transaction; who waits for a lock gives up before the caller does.
_SESSION = "SET XACT_ABORT ON; SET LOCK_TIMEOUT {wait_ms}"


class _PatientSocket(socket.socket):
    """Waits as long as it was told at first.

    The driver spends all the time it is given for attempts, even when the server has said no. So it
    is given next to none, and this does not listen to what it makes of that.
    """

    def __init__(self, found: socket.socket, limit_sec: float) -> None:
        super().__init__(fileno=found.detach())
        self._limit_sec = limit_sec
        super().settimeout(limit_sec)

    def settimeout(self, value: float | None) -> None:
        """Set no limit, or the one that holds from the beginning."""
        super().settimeout(None if value is None else self._limit_sec)


class SqlServerConnection(Session):
    """A connection of python-tds; ``connect`` makes it.

    Its thread is ended with it. Who gives up waiting ends the connection: the answer that may
    still come would be taken for that of the next statement.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="para-sqlserver")
        self._socket: socket.socket | None = None
        self._driver: Any = None
        self._is_closed = self._is_in_transaction = False

    async def open(self, address: SqlServerAddress, timeout_sec: float) -> None:
        """Sign in, and set what statements mean."""
        await self._call(self._sign_in, address, timeout_sec)
        await self.execute(_SESSION.format(wait_ms=max(1, round(timeout_sec * 500))))

    async def fetch(self, query: str, *values: object) -> Rows:
        """Return all rows."""
        return (await self._ask(query, values))[0]

    async def execute(self, query: str, *values: object) -> int:
        """Return how many rows a statement met."""
        return (await self._ask(query, values))[1]

    async def insert(self, table: str, columns: Sequence[str], rows: Rows) -> None:
        """Store rows of values, many in a statement."""
        for part in portions_of(rows, min(_MOST_ROWS, _MOST_VALUES // len(columns)), _BYTES):
            statement = insert_into(table, columns, _MARK, len(part))
            await self._call(self._run, statement, [value for row in part for value in row])

    async def begin(self) -> None:
        """Begin a transaction."""
        await self.execute("BEGIN TRANSACTION")
        self._is_in_transaction = True

    async def commit(self) -> None:
        """Make a transaction durable."""
        await self.execute("COMMIT TRANSACTION")
        self._is_in_transaction = False

    async def rollback(self) -> None:
        """Undo a transaction, unless an error has done it."""
        await self.execute("IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION")
        self._is_in_transaction = False

    async def ping(self) -> None:
        """Ask for nothing."""
        await self.execute("SELECT 1")

    def is_closed(self) -> bool:
        """Tell whether one side has ended it; then nothing is kept of it."""
        if not self._is_closed and (self._socket is None or _has_ended(self._socket)):
            self._let_go()
        return self._is_closed

    def is_in_transaction(self) -> bool:
        """Tell whether something was begun and not ended."""
        return self._is_in_transaction

    def is_usable_after(self, error: BaseException) -> bool:
        """Tell whether the server has answered with an error."""
        return not self.is_closed() and number_of(error) != 0

    async def _rest(self, most_sec: float) -> None:
        """Wait, at most until something comes unasked: that can only be the end."""
        loop, came = asyncio.get_running_loop(), asyncio.Event()
        if self._socket is None or self._is_closed:
            return
        place = self._socket.fileno()
        loop.add_reader(place, came.set)
        try:
            async with asyncio.timeout(most_sec):
                await came.wait()
        except TimeoutError:
            pass
        finally:
            loop.remove_reader(place)

    async def _say_good_bye(self) -> None:
        if not self._is_closed:
            self._let_go()
            await asyncio.to_thread(self._thread.shutdown)

    def _let_go(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        if self._socket is not None:
            with contextlib.suppress(OSError):  # it is not connected any more
                self._socket.shutdown(socket.SHUT_RDWR)  # ends what the thread waits for
        self._thread.submit(self._close)
        self._thread.shutdown(wait=False)

    # ---- on the thread -------------------------------------------------------------------------

    async def _call(self, work: Callable[..., T], *arguments: object) -> T:
        if self._is_closed:
            raise ConnectionError("the connection is closed")
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._thread, work, *arguments)
        except asyncio.CancelledError:
            self.terminate()
            raise

    async def _ask(self, query: str, values: Sequence[object]) -> tuple[Rows, int]:
        return await self._call(self._run, *bind(query, values, _MARK))

    def _run(self, statement: str, values: Sequence[object]) -> tuple[Rows, int]:
        cursor = self._driver.cursor()
        named = {f"P{number}": parameter(value) for number, value in enumerate(values, 1)}
        cursor.execute(statement, named or None)
        count = cursor.rowcount
        rows: list[Sequence[Any]] = []
        while True:
            if cursor.description is not None:
                rows += [tuple(map(received, row)) for row in cursor.fetchall()]
            if not cursor.nextset():
                return rows, count

    def _sign_in(self, address: SqlServerAddress, timeout_sec: float) -> None:
        found = socket.create_connection((address.host, address.port), timeout_sec)
        self._socket = _PatientSocket(found, timeout_sec)
        if self._is_closed:
            self._socket.close()
            raise ConnectionError("nobody waits for the connection any more")
        prepare_driver()
        try:
            self._driver = pytds.connect(
                dsn=address.certificate_name or address.host,
                port=address.port,
                sock=self._socket,
                user=address.user,
                password=address.password,
                database=address.database,
                appname="para-server",
                autocommit=True,
                login_timeout=_ONE_ATTEMPT_SEC,
                disable_connect_retry=True,
                cafile=_certificates(address),
            )
        except TimeoutError as error:
            # The driver tells that its time is over, and why it would have tried again.
            if isinstance(error.__cause__, FAILURES):
                raise error.__cause__ from None
            raise

    def _close(self) -> None:
        with contextlib.suppress(*FAILURES):
            if self._driver is not None:
                self._driver.close()
        if self._socket is not None:
            self._socket.close()


async def connect(address: SqlServerAddress, timeout_sec: float) -> SqlServerConnection:
    """Connect and begin the session, within the time limit."""
    made = SqlServerConnection()
    try:
        async with asyncio.timeout(2 * timeout_sec):
            await made.open(address, timeout_sec)
    except BaseException:
        made.terminate()
        raise
    return made


def _certificates(address: SqlServerAddress) -> str | None:
    """Return the file with the certificates to trust; ``None`` is a connection in the clear."""
    if address.tls is None:
        return None
    found = address.tls.ca or ssl.get_default_verify_paths().cafile
    if not found:
        raise ConfigError(
            f"{address.shown} is to be encrypted, and this system has no file of certificates to "
            "trust; name one by serverCertificate in para.sql.url, or set encrypt=false there"
        )
    return found


def _has_ended(sock: socket.socket) -> bool:
    """Tell whether the other side has closed; nothing is taken from what it has sent."""
    try:
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        return bool(poll.poll(0)) and sock.recv(1, socket.MSG_PEEK) == b""
    except (OSError, ValueError):  # ValueError: it is closed on this side
        return True
