"""PostgreSQL: what happens when the server goes away, hangs, or refuses."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from para_core.errors import BackendError, ConfigError, UnavailableError
from para_core.testing.dao import a_record
from para_core.testing.line import Line
from para_dao_sql.address import PostgresAddress
from para_dao_sql.postgresql import PostgresDAO, upgrade
from para_dao_sql.postgresql.errors import as_para_error
from para_dao_sql.postgresql.upgrade import FORMAT

pytestmark = pytest.mark.service("postgresql")


@pytest.fixture
async def address() -> AsyncIterator[PostgresAddress]:
    """Return the address of a database of its own."""
    url, name = os.environ["PARA_TEST_POSTGRESQL_URL"], f"test_{os.urandom(6).hex()}"
    parts = urlsplit(url)
    connection = await asyncpg.connect(url)
    await connection.execute(f"CREATE DATABASE {name}")
    place = f"{parts.hostname}:{parts.port or 5432}"
    yield PostgresAddress(
        urlunsplit(("postgresql", place, name, "", "")),
        parts.username or "para",
        parts.password or "secret",
    )
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


@pytest.fixture
async def line(address: PostgresAddress) -> AsyncIterator[Line]:
    parts = urlsplit(address.url)
    line = Line(parts.hostname or "", parts.port or 5432)
    await line.restore()
    yield line
    await line.cut()


@pytest.fixture
async def dao(address: PostgresAddress, line: Line) -> AsyncIterator[PostgresDAO]:
    parts = urlsplit(address.url)
    through = parts._replace(netloc=f"127.0.0.1:{line.port}").geturl()
    async with PostgresDAO(replace(address, url=through), timeout_ms=1000) as dao:
        yield dao


async def everything(dao: PostgresDAO) -> list[BaseException | object]:
    return await asyncio.gather(
        dao.read("app", "cat1"),
        dao.read("unknown", "cat1"),
        dao.read_page("app"),
        dao.changes("app", 0),
        dao.last_change("app"),
        dao.apps(),
        dao.create("app", a_record("cat2")),
        dao.create_table("new"),
        dao.delete_table("old"),
        dao.forget_changes("app", 0),
        return_exceptions=True,
    )


async def test_a_server_that_restarts_is_used_again(dao: PostgresDAO, line: Line) -> None:
    number = await dao.create("app", a_record("cat1"))
    await line.cut()
    assert {type(answer) for answer in await everything(dao)} == {UnavailableError}
    await line.restore()
    assert await dao.create("app", a_record("cat3")) > number
    assert [record.id for record in await dao.read_page("app")] == ["cat1", "cat3"]


async def test_connections_that_the_server_ended_are_replaced(
    dao: PostgresDAO, address: PostgresAddress
) -> None:
    await asyncio.gather(*(dao.create(f"app{n}", a_record("cat1")) for n in range(5)))
    assert await _end_connections(address) > 0
    answers = await asyncio.gather(*(dao.read(f"app{n}", "cat1") for n in range(5)))
    assert None not in answers


async def test_a_server_that_hangs_costs_no_more_than_the_time_limit(
    dao: PostgresDAO, line: Line
) -> None:
    await dao.create("app", a_record("cat1"))
    line.block()
    async with asyncio.timeout(5):
        answers = await everything(dao)
    assert {type(answer) for answer in answers} == {UnavailableError}
    await line.cut()
    await line.restore()
    await asyncio.sleep(1.5)  # until the last of what had hung has given up
    await dao.create("app", a_record("cat2"))
    found = await dao.read("app", "cat2")
    assert found is not None


async def test_closing_does_not_wait_for_a_server_that_hangs(dao: PostgresDAO, line: Line) -> None:
    line.block()
    waiting = asyncio.create_task(dao.create("app", a_record("cat1")))
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await dao.close()
    assert isinstance((await asyncio.gather(waiting, return_exceptions=True))[0], UnavailableError)


async def test_a_locked_app_holds_up_no_other_app(
    dao: PostgresDAO, address: PostgresAddress
) -> None:
    await dao.create("locked", a_record("cat1"))
    other = await asyncpg.connect(address.url, user=address.user)
    transaction = other.transaction()
    await transaction.start()
    await other.execute("SELECT * FROM objects_apps FOR UPDATE")
    held = asyncio.create_task(dao.create("locked", a_record("cat2")))
    await asyncio.sleep(0.05)
    assert await dao.create("free", a_record("cat1")) > 0
    with pytest.raises(UnavailableError):
        await held
    await transaction.rollback()
    await other.close()
    assert await dao.read("locked", "cat2") is None
    assert await dao.create("locked", a_record("cat3")) > 0


async def test_two_servers_share_a_database(dao: PostgresDAO, address: PostgresAddress) -> None:
    async with PostgresDAO(address) as other:
        await dao.create_table("app", shared=True)
        await dao.create("app", a_record("cat1"))
        assert await other.read("app", "cat1") is not None
        numbers = await asyncio.gather(
            *((dao, other)[n % 2].create("app", a_record(f"id{n}")) for n in range(60))
        )
        told = [change.number for change in await other.changes("app", 0)][1:]
        assert told == sorted(numbers)
        await other.delete_table("app")
        assert await dao.read("app", "cat1") is None
        await other.create("app", a_record("cat2", text="in a table of its own"))
        assert await dao.read("app", "cat2") is not None
        await other.delete_table("app")
        assert await dao.read_page("app") == []
        await other.create_table("app", shared=True)
        await other.create("app", a_record("cat3"))
        assert [record.id for record in await dao.read_page("app")] == ["cat3"]


async def test_a_table_that_somebody_removed_is_an_error(
    dao: PostgresDAO, address: PostgresAddress
) -> None:
    await dao.create("app", a_record("cat1"))
    other = await asyncpg.connect(address.url, user=address.user)
    await other.execute("DROP TABLE objects_1_app")
    await other.close()
    with pytest.raises(BackendError, match="objects_1_app"):
        await dao.read("app", "cat1")


# ---- at the start ----------------------------------------------------------------------------


async def refusal(address: PostgresAddress, **changed: str) -> str:
    with pytest.raises(ConfigError) as caught:
        await PostgresDAO(replace(address, **changed), timeout_ms=1000).open()
    assert "\n" not in str(caught.value)
    return str(caught.value)


async def test_a_database_that_is_not_there_is_named(address: PostgresAddress) -> None:
    message = await refusal(address, url=f"{address.url}_no")
    assert "does not exist" in message
    assert "para.sql.url" in message


async def test_a_wrong_user_is_refused_with_the_key(address: PostgresAddress) -> None:
    message = await refusal(address, user="nobody-here", password="top secret")  # noqa: S106
    assert "para.sql.user" in message
    assert "top secret" not in message


async def test_a_newer_format_is_refused(dao: PostgresDAO, address: PostgresAddress) -> None:
    await dao.close()
    other = await asyncpg.connect(address.url, user=address.user)
    await other.execute("UPDATE objects_format SET format = $1", FORMAT + 1)
    await other.close()
    assert f"has format {FORMAT + 1}" in await refusal(address)


async def test_a_server_that_is_not_there_is_named(address: PostgresAddress) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"postgresql://127.0.0.1:{taken.getsockname()[1]}/para"
        with pytest.raises(UnavailableError, match=r"is it running.*para\.sql\.url"):
            await PostgresDAO(replace(address, url=url), timeout_ms=1000).open()


async def test_a_full_disk_and_a_standby_are_told_apart() -> None:
    place = "postgresql://h/db"
    full = as_para_error(asyncpg.DiskFullError("No space left on device"), place)
    assert full.code == "storage-full"
    standby = as_para_error(asyncpg.ReadOnlySQLTransactionError("read-only"), place)
    assert standby.code == "backend"
    assert "25006" in str(standby)


# ---- beside a server ------------------------------------------------------------------------


async def test_beside_a_server_nothing_is_made(address: PostgresAddress) -> None:
    with pytest.raises(ConfigError, match="holds no tables of Para"):
        await PostgresDAO(address).open_beside()
    async with PostgresDAO(address) as dao:
        await dao.create("app", a_record("cat1"))
        beside = PostgresDAO(address)
        await beside.open_beside()
        async with beside.snapshot() as seen:
            await dao.create("app", a_record("cat2"))
            assert [record.id for record in await seen.read_page("app")] == ["cat1"]
        await beside.close()


async def test_an_app_that_is_deleted_is_empty_in_a_snapshot(address: PostgresAddress) -> None:
    async with PostgresDAO(address) as dao:
        for appid in ("one", "two"):
            await dao.create(appid, a_record("cat1"))
        async with dao.snapshot() as seen:
            await dao.delete_table("one")
            assert await seen.read_page("one") == []
            assert [record.id for record in await seen.read_page("two")] == ["cat1"]


# ---- alone ----------------------------------------------------------------------------------


async def refusal_alone(address: PostgresAddress) -> str:
    with pytest.raises(ConfigError) as caught:
        await PostgresDAO(address).open_alone()
    assert "\n" not in str(caught.value)
    return str(caught.value)


async def _end_connections(address: PostgresAddress) -> int:
    """End all connections to the database, as its restart does; return how many there were."""
    other = await asyncpg.connect(address.url, user=address.user)
    ended: int = await other.fetchval(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await other.close()
    await asyncio.sleep(0.1)
    return ended


async def test_a_database_that_servers_use_is_nobodys_alone(address: PostgresAddress) -> None:
    async with PostgresDAO(address) as one, PostgresDAO(address) as two:
        assert "is in use by a server; stop every server" in await refusal_alone(address)
        await one.close()
        assert "is in use by a server" in await refusal_alone(address)
        await two.create("app", a_record("cat1"))
    alone = PostgresDAO(address)
    await alone.open_alone()
    assert await alone.read("app", "cat1") is not None
    await alone.close()


async def test_whoever_has_it_alone_keeps_servers_out_until_the_end(
    address: PostgresAddress,
) -> None:
    alone = PostgresDAO(address)
    await alone.open_alone()
    message = await refusal(address)
    assert "restore or move" in message
    assert "is in use by a server" in await refusal_alone(address)
    numbers = await asyncio.gather(*(alone.create(f"app{n}", a_record("cat1")) for n in range(9)))
    assert len(numbers) == 9, "its own connections are not kept out"
    beside = PostgresDAO(address)
    await beside.open_beside()
    await beside.close()
    await alone.close()
    async with PostgresDAO(address) as dao:
        assert await dao.read("app8", "cat1") is not None


async def test_a_server_that_was_cut_off_writes_nothing_while_another_is_alone(
    address: PostgresAddress,
) -> None:
    async with PostgresDAO(address) as dao:
        assert await _end_connections(address) >= 2
        alone = PostgresDAO(address)
        await alone.open_alone()
        with pytest.raises(UnavailableError, match="restore or move"):
            await dao.create("app", a_record("cat1"))
        assert await alone.read("app", "cat1") is None
        await alone.close()
        assert await dao.create("app", a_record("cat1")) > 0
        assert "is in use by a server" in await refusal_alone(address)


async def test_an_idle_server_is_there_after_its_pool_has_let_go(address: PostgresAddress) -> None:
    async with PostgresDAO(address) as dao:
        await _end_connections(address)
        await dao.apps()  # begins anew
        assert dao._opened is not None
        pool: asyncpg.Pool = dao._opened.pool
        await pool.expire_connections()
        await dao.apps()
        for holder in pool._holders:
            holder.terminate()  # as for connections that nobody has used for minutes
        assert "is in use by a server" in await refusal_alone(address)


async def test_whoever_loses_the_lock_is_alone_no_more_and_stops(address: PostgresAddress) -> None:
    alone = PostgresDAO(address)
    await alone.open_alone()
    other = await asyncpg.connect(address.url, user=address.user)
    await other.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
    )
    await asyncio.sleep(0.1)
    with pytest.raises(UnavailableError):
        await alone.create("app", a_record("cat1"))
    await alone.close()
    await other.close()
    async with PostgresDAO(address) as dao:
        assert await dao.apps() == []


# ---- formats --------------------------------------------------------------------------------


async def _in_format_1(address: PostgresAddress) -> asyncpg.Connection:
    """Make a database of the first format, and return a connection to it."""
    async with PostgresDAO(address) as dao:
        await dao.create_all("app", [a_record(f"id{n}") for n in range(20)])
    connection = await asyncpg.connect(address.url, user=address.user, password=address.password)
    await connection.execute("UPDATE objects_format SET format = 1")
    return connection


async def test_older_tables_are_saved_and_brought_up_to_date(address: PostgresAddress) -> None:
    connection = await _in_format_1(address)
    await asyncio.gather(*(_opened(address) for _ in range(3)))
    assert await connection.fetchval("SELECT format FROM objects_format") == FORMAT
    assert await connection.fetchval("SELECT format FROM format_1_objects_format") == 1
    count = "SELECT count(*) FROM format_1_objects_changes"
    assert await connection.fetchval(count) == 1
    await connection.close()


async def _opened(address: PostgresAddress) -> None:
    async with PostgresDAO(address) as dao:
        assert len(await dao.read_page("app")) == 20


async def test_a_step_that_fails_changes_nothing(
    address: PostgresAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = await _in_format_1(address)
    step = upgrade.Step("DELETE FROM objects_changes; SELECT no_such_thing", ("objects_changes",))
    monkeypatch.setattr(upgrade, "STEPS", {2: step})
    with pytest.raises(BackendError, match="no_such_thing"):
        await PostgresDAO(address).open()
    assert await connection.fetchval("SELECT format FROM objects_format") == 1
    assert await connection.fetchval("SELECT count(*) FROM objects_changes") == 1
    await connection.close()


async def test_a_newer_format_is_not_read_beside_its_server(address: PostgresAddress) -> None:
    connection = await _in_format_1(address)
    await connection.execute("UPDATE objects_format SET format = $1", FORMAT + 1)
    with pytest.raises(ConfigError, match=f"has format {FORMAT + 1}"):
        await PostgresDAO(address).open_beside()
    await connection.close()
