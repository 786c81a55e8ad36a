"""The driver of SQL Server stands what a database server does to it; SQLite stands behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from para_core.errors import BackendError, UnavailableError
from para_core.testing.dao import a_record
from para_dao_sql.address import SqlServerAddress
from para_dao_sql.servers import ServerDAO
from para_dao_sql.servers.one_table import FORMAT
from para_dao_sql.sqlserver import SqlServerDAO

from ..stand_in.engine import Engine  # noqa: TID252 - tests have no absolute names
from ..stand_in.grammar import SQL_SERVER  # noqa: TID252
from ..stand_in.tds import Listener, listen  # noqa: TID252
from .servers import Place, ServerFaults


class StandInPlace(Place):
    host = "127.0.0.1"
    format = FORMAT

    def __init__(self, engine: Engine, listener: Listener) -> None:
        self._engine, self._listener, self.port = engine, listener, listener.port

    def dao(
        self, *, timeout_ms: int = 5000, port: int = 0, database: str = "", user: str = ""
    ) -> SqlServerDAO:
        made = SqlServerAddress(
            self.host, port or self.port, database or "para", user or "user", "top secret"
        )
        return SqlServerDAO(made, timeout_ms=timeout_ms)

    async def run(self, statement: str) -> object:
        return await asyncio.to_thread(self._engine.do, statement)

    async def end_connections(self) -> int:
        return await self._end(of_locks=False)

    async def end_keepers(self) -> None:
        await self._end(of_locks=True)

    async def _end(self, *, of_locks: bool) -> int:
        ended = self._listener.end_connections(of_locks=of_locks)
        await asyncio.sleep(0.1)  # until it is known on the other side of a line
        return ended

    @asynccontextmanager
    async def lock_apps(self) -> AsyncIterator[None]:
        with self._engine.locked():
            yield


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[StandInPlace]:
    engine = Engine(SQL_SERVER, tmp_path / "stand-in.db")
    with listen(engine) as listener:
        yield StandInPlace(engine, listener)


class TestSqlServerFaults(ServerFaults):
    async def test_a_locked_app_holds_up_no_other_app(self, dao: ServerDAO, place: Place) -> None:
        """SQLite locks all apps together, so only what follows can be shown."""
        await dao.create("locked", a_record("cat1"))
        async with place.lock_apps():
            with pytest.raises(UnavailableError):
                await dao.create("locked", a_record("cat2"))
        assert await dao.read("locked", "cat2") is None
        assert await dao.create("locked", a_record("cat3")) > 0

    async def test_a_table_that_somebody_removed_is_an_error(
        self, dao: ServerDAO, place: Place
    ) -> None:
        await dao.create("app", a_record("cat1"))
        await place.run("DROP TABLE objects_shared")
        with pytest.raises(BackendError, match="objects_shared"):
            await dao.read("app", "cat1")
