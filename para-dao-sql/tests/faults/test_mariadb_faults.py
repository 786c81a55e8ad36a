"""MariaDB: what happens when the server goes away, hangs, or refuses."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from asyncmy.errors import MySQLError, OperationalError

from para_core.checks import Verdict
from para_core.config import Config
from para_core.contracts.dao import Record
from para_core.errors import BackendError, UnavailableError
from para_core.testing.dao import a_record
from para_core.testing.dao.samples import value_of
from para_core.testing.line import Line
from para_dao_sql.address import MariaDBAddress
from para_dao_sql.mariadb import MariaDBDAO
from para_dao_sql.mariadb.connection import MariaDBConnection, connect
from para_dao_sql.mariadb.errors import as_para_error, as_start_error
from para_dao_sql.mariadb.tables import FORMAT
from para_dao_sql.plugin import para_register_checks

from ..mariadb_databases import a_database  # noqa: TID252 - tests have no absolute names
from .servers import Place, ServerFaults, of_group, refusal_alone

pytestmark = pytest.mark.service("mariadb")


class MariaDBPlace(Place):
    format = FORMAT

    def __init__(self, address: MariaDBAddress) -> None:
        self.address, self.host, self.port = address, address.host, address.port

    def dao(
        self, *, timeout_ms: int = 5000, port: int = 0, database: str = "", user: str = ""
    ) -> MariaDBDAO:
        made = replace(
            self.address,
            port=port or self.port,
            database=database or self.address.database,
            user=user or self.address.user,
        )
        return MariaDBDAO(made, timeout_ms=timeout_ms)

    async def run(self, statement: str) -> object:
        async with self.connected() as connection:
            return await connection.fetchval(statement)

    async def end_connections(self) -> int:
        others = (
            "SELECT id FROM information_schema.processlist "
            "WHERE db = DATABASE() AND id <> CONNECTION_ID()"
        )
        return await self.end(others)

    async def end_keepers(self) -> None:
        await self.end(
            "SELECT p.id FROM information_schema.innodb_trx t JOIN information_schema.processlist "
            "p ON p.id = t.trx_mysql_thread_id WHERE p.db = DATABASE()"
        )

    async def end(self, query: str) -> int:
        async with self.connected() as connection:
            rows = await connection.fetch(query)
            for (number,) in rows:
                with contextlib.suppress(MySQLError):  # it has ended by itself
                    await connection.run("KILL $1", number)
        await asyncio.sleep(0.1)
        return len(rows)

    @asynccontextmanager
    async def lock_apps(self) -> AsyncIterator[None]:
        async with self.connected() as connection:
            await connection.run("BEGIN; SELECT app FROM objects_apps FOR UPDATE")
            yield

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[MariaDBConnection]:
        connection = await connect(self.address, 10)
        try:
            await connection.run("SET SESSION idle_transaction_timeout = 0")
            yield connection
        finally:
            await connection.close()


@pytest.fixture
async def place() -> AsyncIterator[MariaDBPlace]:
    """A database of its own."""
    async with a_database() as address:
        place = MariaDBPlace(address)
        yield place
        await place.end_connections()


class TestMariaDBFaults(ServerFaults):
    pass


async def test_doctor_asks_the_server(place: MariaDBPlace) -> None:
    settings = {"para.dao": "SqlDAO", "para.sql.url": os.environ["PARA_TEST_MARIADB_URL"]}
    (check,) = para_register_checks()
    found = await check.examine(Config({**settings, "para.sql.pool_size": "100"}))
    waits = await place.run("SELECT @@innodb_flush_log_at_trx_commit")
    said = [one.said for one in found if one.verdict is Verdict.BAD]
    assert any("does not wait for its disk" in text for text in said) == (waits != 1)


# ---- what only MariaDB does --------------------------------------------------------------------


async def tables(place: MariaDBPlace) -> list[str]:
    async with place.connected() as connection:
        rows = await connection.fetch(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() "
            "AND table_name LIKE 'objects\\_%\\_app%' ORDER BY 1"
        )
        return [name for (name,) in rows]


async def test_what_a_killed_server_left_is_removed_at_the_next_start(place: MariaDBPlace) -> None:
    async with place.dao() as dao:
        await dao.create("app", a_record("cat1"))
    await place.run(
        "CREATE TABLE objects_7_app (x INT); CREATE TABLE objects_8_app (x INT); "
        "INSERT INTO objects_leftovers VALUES ('objects_7_app', 0), ('objects_8_app', 1), "
        "('objects_9_app', 1)"
    )
    async with place.dao() as dao:
        assert await tables(place) == ["objects_1_app"]
        assert await place.run("SELECT COUNT(*) FROM objects_leftovers") == 0
        assert await dao.read("app", "cat1") is not None


async def test_a_table_that_was_taken_for_a_leftover_is_made_again(place: MariaDBPlace) -> None:
    async with place.dao(timeout_ms=60_000) as dao, place.connected() as other:
        await other.run("CREATE TABLE objects_1_app (x INT); LOCK TABLES objects_1_app WRITE")
        creating = asyncio.create_task(dao.create("app", a_record("cat1")))  # waits for that table
        async with place.connected() as starting, asyncio.timeout(60):
            doom = "UPDATE objects_leftovers SET doomed = 1"  # as a server does that starts
            while not await starting.execute(doom):  # noqa: ASYNC110 (only the server knows)
                await asyncio.sleep(0.02)
        await other.run("UNLOCK TABLES")
        assert await creating > 0
        assert await dao.read("app", "cat1") is not None
        assert await tables(place) == ["objects_1_app", "objects_2_app"]
    async with place.dao() as dao:
        assert await tables(place) == ["objects_2_app"]
        assert await dao.read("app", "cat1") is not None


async def test_a_table_that_a_snapshot_reads_is_removed_later(place: MariaDBPlace) -> None:
    async with place.dao() as dao:
        await dao.create("app", a_record("cat1"))
        async with dao.snapshot() as seen:
            assert len(await seen.read_page("app")) == 1
            await dao.delete_table("app")
            assert await dao.read_page("app") == []
            assert len(await seen.read_page("app")) == 1
        assert await tables(place) == ["objects_1_app"]
        await dao.create("app2", a_record("cat1"))
        await dao.delete_table("app2")
        assert await tables(place) == []


async def test_an_app_that_was_made_after_a_snapshot_is_not_in_it(place: MariaDBPlace) -> None:
    async with place.dao() as dao, dao.snapshot() as seen:
        await dao.create("app", a_record("cat1"))
        assert await seen.read_page("app") == []
        assert await seen.tables() == []


async def test_a_large_batch_goes_in_several_packets_and_as_one(place: MariaDBPlace) -> None:
    async with place.dao() as dao:
        records = [a_record(f"id{n:03}", text="x" * 40_000) for n in range(100)]
        number = await dao.create_all("app", records)
        assert {record.change for record in await dao.read_page("app")} == {number}
        assert len(await dao.changes("app", 0)) == 1


async def test_an_object_that_no_packet_holds_is_refused_alone(place: MariaDBPlace) -> None:
    largest = await place.run("SELECT @@max_allowed_packet")
    assert isinstance(largest, int)
    async with place.dao(timeout_ms=60_000) as dao:
        await dao.create("app", a_record("cat0"))
        writes = (
            dao.create("app", Record(f"cat{n}", "cat", b"x" * (largest if n == 2 else 9)))
            for n in range(4)
        )
        answers = await asyncio.gather(*writes, return_exceptions=True)
        assert [isinstance(answer, BackendError) for answer in answers] == [0, 0, 1, 0]
        assert "max_allowed_packet" in str(answers[2])
        assert [r.id for r in await dao.read_page("app")] == ["cat0", "cat1", "cat3"]


async def until(connection: MariaDBConnection, query: str) -> None:
    async with asyncio.timeout(60):
        while not await connection.fetchval(query):  # noqa: ASYNC110 (only the server knows)
            await asyncio.sleep(0.3)  # asked more often, the server shows what it showed before


SOMEBODY_WAITS = (
    "SELECT COUNT(*) FROM information_schema.innodb_trx t JOIN information_schema.processlist p "
    "ON p.id = t.trx_mysql_thread_id WHERE p.db = DATABASE() AND trx_state = 'LOCK WAIT'"
)


async def test_a_write_whose_answer_is_lost_after_the_commit_is_stored_once(
    place: MariaDBPlace,
) -> None:
    line = Line(place.host, place.port)
    await line.restore()
    async with place.dao() as beside, place.dao(port=line.port, timeout_ms=60_000) as dao:
        first = await dao.create("app", a_record("cat0"))
        async with place.connected() as other:
            await other.run("BEGIN; UPDATE objects_1_app SET type = 'x'")
            asked = asyncio.create_task(dao.create("app", a_record("cat0", text="new")))
            await until(other, SOMEBODY_WAITS)  # with all that is to be stored
            line.hold_answers()
            await other.run("ROLLBACK")
            await until(other, f"SELECT last_change > {first} FROM objects_apps")  # noqa: S608
        await line.cut()
        with pytest.raises(UnavailableError):
            await asked
        await line.restore()
        (found,) = await dao.read_page("app")
        assert value_of(found) == value_of(a_record("cat0", text="new"))
        assert [change.number for change in await beside.changes("app", 0)] == [first, found.change]
    await line.cut()


async def test_whoever_stops_inside_a_transaction_loses_its_locks(place: MariaDBPlace) -> None:
    async with place.dao(timeout_ms=60_000) as dao:
        await dao.create("app", a_record("cat1"))
        stopped = await connect(place.address, 2)
        try:
            await stopped.run("BEGIN; SELECT app FROM objects_apps FOR UPDATE")
            assert await dao.create("app", a_record("cat2")) > 0
        finally:
            stopped.terminate()


async def test_a_server_is_in_use_and_a_snapshot_open_however_long_they_are_idle(
    place: MariaDBPlace,
) -> None:
    async with place.dao(timeout_ms=1000) as dao:
        await dao.create("app", a_record("cat1"))
        async with dao.snapshot() as seen:
            await place.run("SELECT SLEEP(3)")
            assert len(await seen.read_page("app")) == 1
        assert "is in use by a server" in await refusal_alone(place)


async def test_a_server_that_lost_nothing_but_its_lock_writes_nothing_while_others_are_there(
    place: MariaDBPlace,
) -> None:
    """Its other connections live, and hold nothing between transactions."""
    async with of_group(place, "one") as dao:
        await dao.create("app", a_record("cat1"))
        await place.end_keepers()
        assert await dao.create("app", a_record("cat2")) > 0
        async with of_group(place, "two") as other:
            for change in (
                dao.create("app", a_record("cat3")),
                dao.create("new", a_record("cat1")),
                dao.create_table("newer"),
                dao.delete_table("app"),
            ):
                with pytest.raises(UnavailableError, match="in use by another server"):
                    await change
            assert await other.apps() == ["app"]
            assert [r.id for r in await other.read_page("app")] == ["cat1", "cat2"]
            assert await tables(place) == ["objects_1_app"]


async def test_a_transaction_that_met_another_one_is_repeated(place: MariaDBPlace) -> None:
    async with place.dao() as dao:
        await dao.create_all("app", [a_record(f"cat{n}") for n in range(100)])
        async with place.connected() as other:
            await other.run("BEGIN; UPDATE objects_1_app SET type = 'x'")
            writing = asyncio.create_task(dao.create("app", a_record("cat0", text="new")))
            await until(other, SOMEBODY_WAITS)
            # Each waits for the other now; the server undoes the one that has changed less.
            await other.run("UPDATE objects_apps SET counter = counter")
            await other.run("ROLLBACK")
        number = await writing
        assert [change.number for change in await dao.changes("app", 0)][-1] == number


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OperationalError(1021, "Disk full (/tmp/x); waiting for someone"), "storage-full"),
        (OperationalError(1114, "The table 'objects_changes' is full"), "storage-full"),
        (OperationalError(1030, 'Got error 28 "No space left on device"'), "storage-full"),
        (OperationalError(3, "Error writing file 'x' (Errcode: 28)"), "storage-full"),
        (OperationalError(1290, "The server is running with --read-only"), "backend"),
        (OperationalError(1406, "Data too long for column 'event' at row 28"), "backend"),
        (OperationalError(1213, "Deadlock found when trying to get lock"), "unavailable"),
        (OperationalError(2013, "Lost connection during query"), "unavailable"),
        (ConnectionResetError(), "unavailable"),
        (TimeoutError(), "unavailable"),
    ],
)
def test_errors_are_told_as_what_they_are(error: Exception, code: str) -> None:
    found = as_para_error(error, "mariadb://h:1/db")
    assert found.code == code
    assert str(found).startswith("mariadb://h:1/db")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OperationalError(1045, "Access denied for user 'x'"), "check para.sql.url, para.sql.user"),
        (OperationalError(1049, "Unknown database 'x'"), "check para.sql.url"),
        (OperationalError(1290, "The server is running with --read-only"), "para.sql.url"),
        (OperationalError(2003, "Can't connect"), "is it running, and is para.sql.url right?"),
    ],
)
def test_errors_at_the_start_name_the_keys(error: Exception, words: str) -> None:
    assert words in str(as_start_error(error, "mariadb://h:1/db"))
