"""A dialect that keeps the records of all apps in one table.

So tables are made once, at the first start, and never while others use the database: it does not
matter whether making a table is part of a transaction. The number of an app is never used twice, so
rows of one that is gone are met by nobody; they are cleared afterwards, in portions.
"""

from __future__ import annotations

import asyncio
import logging
from abc import abstractmethod
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import ClassVar, TypeVar

from para_core.errors import BackendError, ConfigError
from para_core.plan import Plan
from para_dao_sql.entries import rows_of
from para_dao_sql.servers.dialect import Dialect, Join
from para_dao_sql.servers.meanings import Meanings
from para_dao_sql.servers.pool import Pool
from para_dao_sql.servers.rows import encode, key_of
from para_dao_sql.servers.session import Session
from para_dao_sql.servers.tables import (
    COLUMNS,
    SHARED_TABLE,
    App,
    Statements,
    check_format,
    find_app,
    questions_with_witness,
)

__all__ = ["FORMAT", "OneTableDialect"]

logger = logging.getLogger(__name__)

S = TypeVar("S", bound=Session)

FORMAT = 1
"""Version of the tables, kept in ``objects_format``; a database with a higher one is refused."""

_CLEARED_AT_ONCE = 2000  # rows of a removed app
_OF_APPS = ("app", '"key"', "appid", "shared", "counter", "last_change")
_OF_RECORDS = ("app", *(f'"{name}"' for name in COLUMNS))
_OF_CHANGES = ("app", '"number"', "event", '"keys"')
_TABLES_OF_APPS = ((SHARED_TABLE, '"key"'), ("objects_changes", '"number"'))
_REMOVE = f'DELETE FROM {SHARED_TABLE} WHERE app = $1 AND "key" IN ($2)'  # noqa: S608
_ADVANCE = "UPDATE objects_apps SET counter = $1, last_change = $1 WHERE app = $2"
_RAISE_FLOOR = "UPDATE objects_format SET floor = CASE WHEN floor < $1 THEN $1 ELSE floor END"
_NEXT = "UPDATE objects_format SET apps = $1"


class OneTableDialect(Dialect[S]):
    """What is the same for all such products."""

    portion: ClassVar[int] = 512
    first: ClassVar[str] = "OFFSET 0 ROWS FETCH NEXT $3 ROWS ONLY"

    newest_format = FORMAT

    unfit_for_nodes: ClassVar[str] = (
        "how long it keeps the locks of a killed server has been tried on none of its servers"
    )

    meanings: ClassVar[Meanings]
    """What the errors of the product mean."""

    lock_app: str
    """Returns number, ``shared`` and counter of the app with a key, and locks its row."""

    lock_format: str
    """Returns ``floor`` and ``apps``, and locks the row."""

    count_tables: ClassVar[str]
    """Returns 1 when ``objects_format`` is there."""

    def __init__(self, place: str, *, timeout_ms: int) -> None:
        self.place, self._timeout_sec = place, timeout_ms / 1000

    async def connect_pool(self, size: int, join: Join | None) -> Pool[S]:
        """Make a pool of up to so many connections."""
        return Pool(self.connect, size, join)

    def when_lost(self, connection: S, tell: Callable[[], None]) -> None:
        """Call something when a connection that is used for nothing else has ended."""
        connection.watch(self.failures, tell)

    def as_para_error(self, error: BaseException) -> BackendError:
        """Return the error that a caller gets to see."""
        return self.meanings.as_para_error(error, self.place)

    def as_start_error(self, error: BaseException) -> ConfigError | BackendError:
        """Return the error that stops the start."""
        return self.meanings.as_start_error(error, self.place)

    def is_about_one(self, error: BaseException) -> bool:
        """Tell whether one of several writes may be to blame."""
        return self.meanings.is_about_one(error)

    def is_missing_table(self, error: BaseException) -> bool:
        """Tell that no table goes while it is used."""
        del error
        return False

    def is_deadlock(self, error: BaseException) -> bool:
        """Tell whether a transaction was undone only because it met another one."""
        return self.meanings.is_deadlock(error)

    # ---- tables --------------------------------------------------------------------------------

    @abstractmethod
    async def make_tables(self, connection: S) -> None:
        """Make the tables and the row of ``objects_format``; others may do it at the same time."""

    async def prepare(self, connection: S) -> None:
        """Make the tables, or check those that are there."""
        if not await self._are_there(connection):
            await self.make_tables(connection)
        await check_format(connection, FORMAT)
        await self._clear(connection)

    async def found_format(self, connection: S) -> int | None:
        """Return the format of the tables, ``None`` when there are none."""
        if not await self._are_there(connection):
            return None
        return await check_format(connection, FORMAT)

    async def _are_there(self, connection: S) -> bool:
        if not await connection.fetchval(self.count_tables):
            return False
        return bool(await connection.fetchval("SELECT COUNT(*) FROM objects_format"))

    def statements_of(self, app: App) -> Statements:
        """Return the SQL that reads the records of an app: the same for all."""
        del app
        return questions_with_witness(SHARED_TABLE, shared=True, first=self.first)

    async def make_app(self, connection: S, appid: str, *, shared: bool) -> None:
        """Give an app its number, unless it has one."""
        async with self._transaction(connection):
            ((floor, apps),) = await connection.fetch(self.lock_format)
            if await find_app(connection, appid) is None:
                await connection.execute(_NEXT, apps + 1)
                row = (apps + 1, key_of(appid), encode(appid), int(shared), floor, 0)
                await connection.insert("objects_apps", _OF_APPS, [row])

    async def remove_app(self, connection: S, appid: str) -> None:
        """Remove an app; what it has is cleared at once as far as the time limit allows."""
        async with self._transaction(connection):
            await connection.fetch(self.lock_format)
            found = await self._locked(connection, appid)
            if found is not None:
                app, counter = found
                await connection.insert("objects_leftovers", ("app",), [(app.number,)])
                await connection.execute("DELETE FROM objects_apps WHERE app = $1", app.number)
                await connection.execute(_RAISE_FLOOR, counter)
        await self._clear(connection)

    async def _clear(self, connection: S) -> None:
        """Clear rows of removed apps for a while; the next removal or start goes on with it."""
        try:
            await self._clear_for_a_while(connection)
        except self.failures as error:
            if not self.meanings.is_deadlock(error) and not self.meanings.is_locked(error):
                raise
            logger.info("another server clears the same rows", extra={"place": self.place})

    async def _clear_for_a_while(self, connection: S) -> None:
        end = asyncio.get_running_loop().time() + self._timeout_sec / 4
        for (number,) in await connection.fetch("SELECT app FROM objects_leftovers"):
            for query in self._clearings():
                while await connection.execute(query, number, None, _CLEARED_AT_ONCE):
                    if asyncio.get_running_loop().time() > end:
                        return
            await connection.execute("DELETE FROM objects_leftovers WHERE app = $1", number)

    def _clearings(self) -> Iterator[str]:
        for table, column in _TABLES_OF_APPS:
            some = f"SELECT {column} FROM {table} WHERE app = $1 ORDER BY {column} {self.first}"  # noqa: S608
            yield f"DELETE FROM {table} WHERE app = $1 AND {column} IN ({some})"  # noqa: S608

    # ---- one transaction that writes -----------------------------------------------------------

    async def begin(self, connection: S, appid: str) -> tuple[App, int] | None:
        """Begin a transaction, and return the app with its counter, locked."""
        await self._begin(connection)
        return await self._locked(connection, appid)

    async def begin_new(self, connection: S, appid: str) -> tuple[App, int]:
        """Make an app in a transaction of its own, then begin again."""
        while True:
            await connection.rollback()
            await self.make_app(connection, appid, shared=False)
            if (found := await self.begin(connection, appid)) is not None:
                return found

    async def store(self, connection: S, app: App, plan: Plan) -> None:
        """Store what a sequence of writes comes to, and commit.

        The row of the app is locked, so nobody else writes to these records: what is replaced is
        removed and stored again, which needs no statement that does either.
        """
        keys = [key_of(key) for key in plan.records]
        for start in range(0, len(keys), self.portion):
            await connection.execute(_REMOVE, app.number, keys[start : start + self.portion])
        rows = []
        for record, number in plan.puts():
            key, long_id = key_of(record.id), encode(record.id)
            row = (key, b"" if long_id == key else long_id, encode(record.type), record.data)
            rows.append((app.number, *row, number))
        await connection.insert(SHARED_TABLE, _OF_RECORDS, rows)
        told = [(app.number, *row) for row in rows_of(plan.told)]
        await connection.insert("objects_changes", _OF_CHANGES, told)
        await connection.execute(_ADVANCE, plan.number, app.number)
        await connection.commit()

    async def rollback(self, connection: S) -> None:
        """Undo everything since ``begin``."""
        await connection.rollback()

    async def _begin(self, connection: S) -> None:
        await connection.begin()

    async def _locked(self, connection: S, appid: str) -> tuple[App, int] | None:
        for number, shared, counter in await connection.fetch(self.lock_app, key_of(appid)):
            return App(number, appid, bool(shared)), counter
        return None

    @asynccontextmanager
    async def _transaction(self, connection: S) -> AsyncIterator[None]:
        await self._begin(connection)
        try:
            yield
            await connection.commit()
        except BaseException:
            if not connection.is_closed():
                await connection.rollback()
            raise

    # ---- whose database it is ------------------------------------------------------------------

    async def name_group(self, connection: S, group: str) -> None:
        """Say whose processes have the database; the caller keeps all others out meanwhile."""
        await connection.execute("UPDATE objects_groups SET name = $1", group.encode())

    async def is_named(self, connection: S, group: str) -> bool:
        """Tell whether the processes of a group have the database."""
        name = await connection.fetchval("SELECT name FROM objects_groups")
        return bool(name == group.encode())

    # ---- snapshots -----------------------------------------------------------------------------

    def question(self, connection: S) -> AbstractAsyncContextManager[object]:
        """End the snapshot with the first error: after it, there may be no transaction any more."""
        return _ended_by_an_error(connection)


@asynccontextmanager
async def _ended_by_an_error(connection: Session) -> AsyncIterator[None]:
    try:
        yield
    except BaseException:
        connection.terminate()
        raise
