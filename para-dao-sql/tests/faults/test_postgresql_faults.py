"""PostgreSQL: what happens when the server goes away, hangs, or refuses."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from para_core.checks import Verdict
from para_core.config import Config
from para_core.errors import BackendError
from para_core.testing.dao import a_record
from para_dao_sql.address import PostgresAddress
from para_dao_sql.plugin import para_register_checks
from para_dao_sql.postgresql import PostgresDAO, upgrade
from para_dao_sql.postgresql.dialect import PostgresDialect
from para_dao_sql.postgresql.errors import FAILURES, as_para_error
from para_dao_sql.postgresql.upgrade import FORMAT

from .servers import Place, ServerFaults, refusal_alone

pytestmark = pytest.mark.service("postgresql")


class PostgresPlace(Place):
    format = FORMAT

    def __init__(self, address: PostgresAddress) -> None:
        self.address = address
        parts = urlsplit(address.url)
        self.host, self.port = parts.hostname or "", parts.port or 5432

    def dao(
        self, *, timeout_ms: int = 5000, port: int = 0, database: str = "", user: str = ""
    ) -> PostgresDAO:
        url = self.address.url.replace(f":{self.port}/", f":{port or self.port}/")
        if database:
            url = f"{url.rpartition('/')[0]}/{database}"
        made = replace(self.address, url=url, user=user or self.address.user)
        return PostgresDAO(made, timeout_ms=timeout_ms)

    async def run(self, statement: str) -> object:
        async with self.connected() as connection:
            return await connection.fetchval(statement)

    async def end_connections(self) -> int:
        ended = await self.run(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert isinstance(ended, int)
        await asyncio.sleep(0.1)
        return ended

    async def end_keepers(self) -> None:
        await self.run(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_locks JOIN pg_database d "
            "ON d.oid = database AND d.datname = current_database() WHERE locktype = 'advisory'"
        )
        await asyncio.sleep(0.1)

    @asynccontextmanager
    async def lock_apps(self) -> AsyncIterator[None]:
        async with self.connected() as connection, connection.transaction():
            await connection.execute("SELECT * FROM objects_apps FOR UPDATE")
            yield

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[asyncpg.Connection]:
        login = {"user": self.address.user, "password": self.address.password}
        connection = await asyncpg.connect(self.address.url, **login)
        try:
            yield connection
        finally:
            await connection.close()


@pytest.fixture
async def place() -> AsyncIterator[PostgresPlace]:
    """A database of its own."""
    url, name = os.environ["PARA_TEST_POSTGRESQL_URL"], f"test_{os.urandom(6).hex()}"
    parts = urlsplit(url)
    connection = await asyncpg.connect(url)
    await connection.execute(f"CREATE DATABASE {name}")
    server = f"{parts.hostname}:{parts.port or 5432}"
    yield PostgresPlace(
        PostgresAddress(
            urlunsplit(("postgresql", server, name, "", "")),
            parts.username or "para",
            parts.password or "secret",
        )
    )
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


class TestPostgresFaults(ServerFaults):
    pass


async def test_a_full_disk_and_a_standby_are_told_apart() -> None:
    place = "postgresql://h/db"
    full = as_para_error(asyncpg.DiskFullError("No space left on device"), place)
    assert full.code == "storage-full"
    standby = as_para_error(asyncpg.ReadOnlySQLTransactionError("read-only"), place)
    assert standby.code == "backend"
    assert "25006" in str(standby)


async def test_of_writes_that_go_together_the_one_that_is_refused_fails_alone(
    place: PostgresPlace,
) -> None:
    async with place.dao() as dao:
        first = await dao.create("app", a_record("cat0"))
        await place.run("ALTER TABLE objects_1_app ADD CHECK (key NOT LIKE 'bad%')")
        keys = [f"{'bad' if number in (3, 7) else 'cat'}{number}" for number in range(1, 10)]
        written = await asyncio.gather(
            *(dao.create("app", a_record(key)) for key in keys), return_exceptions=True
        )
        answers = dict(zip(keys, written, strict=True))
        refused = [key for key, answer in answers.items() if isinstance(answer, BackendError)]
        assert refused == ["bad3", "bad7"]
        assert "23514" in str(answers["bad3"])  # what PostgreSQL calls a CHECK that fails
        stored = {record.id: record.change for record in await dao.read_page("app")}
        good = {key: answer for key, answer in answers.items() if key not in refused}
        assert stored == {"cat0": first, **good}
        told = {c.number: c.keys for c in await dao.changes("app", 0)}
        assert told == {number: [key] for key, number in stored.items()}


async def test_doctor_asks_the_server(place: PostgresPlace) -> None:
    settings = {"para.dao": "SqlDAO", "para.sql.url": os.environ["PARA_TEST_POSTGRESQL_URL"]}
    (check,) = para_register_checks()
    many = {"para.workers": 64, "para.sql.pool_size": 100}
    found = await check.examine(Config({**settings, **many}))
    waits = await place.run("SHOW fsync")
    said = [one.said for one in found if one.verdict is Verdict.BAD]
    assert any("does not wait for its disk" in text for text in said) == (waits == "off")
    assert any("this server may make 6528" in text for text in said)


async def test_an_app_that_is_deleted_is_empty_in_a_snapshot(place: PostgresPlace) -> None:
    async with place.dao() as dao:
        for appid in ("one", "two"):
            await dao.create(appid, a_record("cat1"))
        async with dao.snapshot() as seen:
            await dao.delete_table("one")
            assert await seen.read_page("one") == []
            assert [record.id for record in await seen.read_page("two")] == ["cat1"]


async def test_an_idle_server_is_there_after_its_pool_has_let_go(place: PostgresPlace) -> None:
    async with place.dao() as dao:
        await place.end_connections()
        await dao.apps()  # begins anew
        assert dao._opened is not None
        pool: asyncpg.Pool = dao._opened.pool
        await pool.expire_connections()
        await dao.apps()
        for holder in pool._holders:
            holder.terminate()  # as for connections that nobody has used for minutes
        assert "is in use by a server" in await refusal_alone(place)


# ---- formats --------------------------------------------------------------------------------


@asynccontextmanager
async def in_format_1(place: PostgresPlace) -> AsyncIterator[asyncpg.Connection]:
    """Make a database of the first format, and give a connection to it."""
    async with place.dao() as dao:
        await dao.create_all("app", [a_record(f"id{n}") for n in range(20)])
    async with place.connected() as connection:
        await connection.execute("UPDATE objects_format SET format = 1")
        yield connection


async def test_older_tables_are_saved_and_brought_up_to_date(place: PostgresPlace) -> None:
    async with in_format_1(place) as connection:
        await asyncio.gather(*(opened(place) for _ in range(3)))
        assert await connection.fetchval("SELECT format FROM objects_format") == FORMAT
        assert await connection.fetchval("SELECT format FROM format_1_objects_format") == 1
        count = "SELECT count(*) FROM format_1_objects_changes"
        assert await connection.fetchval(count) == 1


async def test_tables_that_the_start_would_change_are_told_of_and_left(
    place: PostgresPlace,
) -> None:
    async with in_format_1(place) as connection:
        told = await place.dao().what_opening_changes()
        assert told == f"changes the tables from format 1 to {FORMAT}"
        assert await connection.fetchval("SELECT format FROM objects_format") == 1


async def opened(place: PostgresPlace) -> None:
    async with place.dao() as dao:
        assert len(await dao.read_page("app")) == 20


async def test_a_step_that_fails_changes_nothing(
    place: PostgresPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with in_format_1(place) as connection:
        tables = ("objects_changes",)
        step = upgrade.Step("DELETE FROM objects_changes; SELECT no_such_thing", tables)
        monkeypatch.setattr(upgrade, "STEPS", {2: step})
        with pytest.raises(BackendError, match="no_such_thing"):
            await place.dao().open()
        assert await connection.fetchval("SELECT format FROM objects_format") == 1
        assert await connection.fetchval("SELECT count(*) FROM objects_changes") == 1


@pytest.mark.parametrize("is_seen_idle", [True, False], ids=["between statements", "inside one"])
async def test_who_stops_inside_a_transaction_holds_up_nobody_for_long(
    place: PostgresPlace,
    is_seen_idle: bool,  # noqa: FBT001
) -> None:
    """Inside a statement a session does not count as idle, as it does without the limit."""
    dialect = PostgresDialect(place.address, timeout_ms=4000)
    async with place.dao() as dao:
        await dao.create("app", a_record("cat1"))
        pool = await dialect.connect_pool(1, None)
        async with pool.acquire() as stopped:
            if not is_seen_idle:
                await stopped.execute("SET idle_in_transaction_session_timeout = 0")
            await stopped.execute("BEGIN")
            await stopped.execute("SELECT app FROM objects_apps FOR UPDATE")
            await dao.create("app", a_record("cat2"))
            with pytest.raises(FAILURES):
                await stopped.execute("COMMIT")
        assert await pool.fetchval("SELECT 1") == 1  # over a new connection
        await pool.close()
        assert sorted(await dao.read_all("app", ["cat1", "cat2"])) == ["cat1", "cat2"]
