"""What every database server has to stand; a product brings a ``Place`` as fixture ``place``."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from para_core.contracts.dao import Write
from para_core.errors import BackendError, ConfigError, UnavailableError
from para_core.testing.dao import a_record
from para_core.testing.line import Line
from para_dao_sql.servers import ServerDAO, hold
from para_dao_sql.servers import dao as daos

__all__ = ["Place", "ServerFaults", "of_group", "refusal_alone"]


class Place(ABC):
    """A database of its own on a test server, and what tests do to it behind the back of a DAO."""

    host: str
    port: int
    format: int  # of the tables, as this version makes them

    @abstractmethod
    def dao(
        self, *, timeout_ms: int = 5000, port: int = 0, database: str = "", user: str = ""
    ) -> ServerDAO:
        """Make a DAO on it, or on what the arguments say instead."""

    @abstractmethod
    async def run(self, statement: str) -> object:
        """Do something; return the first value of the answer, if there is one."""

    @abstractmethod
    async def end_connections(self) -> int:
        """End all others as a restart does; return how many there were."""

    @abstractmethod
    async def end_keepers(self) -> None:
        """End those that keep the lock of who has the database."""

    @abstractmethod
    def lock_apps(self) -> AbstractAsyncContextManager[None]:
        """Hold the rows of all apps."""


async def everything(dao: ServerDAO) -> list[BaseException | object]:
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


async def refusal(dao: ServerDAO) -> str:
    with pytest.raises(ConfigError) as caught:
        await dao.open()
    assert "\n" not in str(caught.value)
    return str(caught.value)


async def refusal_alone(place: Place) -> str:
    with pytest.raises(ConfigError) as caught:
        await place.dao().open_alone()
    assert "\n" not in str(caught.value)
    return str(caught.value)


async def had_alone(place: Place) -> None:
    """Have the database alone, as soon as the server knows that others have gone."""
    while True:
        alone = place.dao()
        with contextlib.suppress(ConfigError):
            await alone.open_alone()
            return await alone.close()


class ServerFaults:
    """The server goes away, hangs, refuses, or is used by others."""

    @pytest.fixture
    async def line(self, place: Place) -> AsyncIterator[Line]:
        line = Line(place.host, place.port)
        await line.restore()
        yield line
        await line.cut()

    @pytest.fixture
    async def dao(self, place: Place, line: Line) -> AsyncIterator[ServerDAO]:
        async with place.dao(port=line.port, timeout_ms=1000) as dao:
            yield dao

    async def test_a_server_that_restarts_is_used_again(self, dao: ServerDAO, line: Line) -> None:
        number = await dao.create("app", a_record("cat1"))
        await line.cut()
        assert {type(answer) for answer in await everything(dao)} == {UnavailableError}
        await line.restore()
        assert await dao.create("app", a_record("cat3")) > number
        assert [record.id for record in await dao.read_page("app")] == ["cat1", "cat3"]

    async def test_connections_that_the_server_ended_are_replaced(
        self, dao: ServerDAO, place: Place
    ) -> None:
        await asyncio.gather(*(dao.create(f"app{n}", a_record("cat1")) for n in range(5)))
        assert await place.end_connections() > 0
        answers = await asyncio.gather(*(dao.read(f"app{n}", "cat1") for n in range(5)))
        assert None not in answers

    async def test_a_server_that_hangs_costs_no_more_than_the_time_limit(
        self, dao: ServerDAO, line: Line
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

    async def test_closing_does_not_wait_for_a_server_that_hangs(
        self, dao: ServerDAO, line: Line
    ) -> None:
        line.block()
        waiting = asyncio.create_task(dao.create("app", a_record("cat1")))
        await asyncio.sleep(0)
        async with asyncio.timeout(5):
            await dao.close()
        (answer,) = await asyncio.gather(waiting, return_exceptions=True)
        assert isinstance(answer, UnavailableError)

    async def test_who_is_cancelled_at_the_close_lets_go_of_the_database(
        self, place: Place
    ) -> None:
        async with place.dao(timeout_ms=60_000) as dao:
            await dao.create("app", a_record("cat1"))
            async with place.lock_apps():
                writing = asyncio.create_task(dao.create("app", a_record("cat2")))
                closing = asyncio.create_task(dao.close())  # it waits for that write
                await asyncio.sleep(0.05)
                closing.cancel()
                await asyncio.wait([closing])
                assert closing.cancelled()
                await asyncio.gather(writing, return_exceptions=True)
        async with asyncio.timeout(60):
            await had_alone(place)

    async def test_a_write_whose_answer_was_lost_is_stored_once_or_not_at_all(
        self, dao: ServerDAO, line: Line
    ) -> None:
        for step in range(5):
            await dao.create("app", a_record(f"before{step}"))  # on a connection that stays
            line.hold_answers()
            passed = line.passed
            asked = asyncio.create_task(dao.create("app", a_record(f"asked{step}")))
            async with asyncio.timeout(30):
                while line.passed == passed:  # noqa: ASYNC110 (bytes on a socket tell nobody)
                    await asyncio.sleep(0.01)
            await line.cut()
            with pytest.raises(UnavailableError):
                await asked
            await line.restore()
        last = await dao.create("app", a_record("last"))
        stored = {record.id: record.change for record in await dao.read_page("app")}
        feed = await dao.changes("app", 0)
        assert stored == {key: change.number for change in feed for key in change.keys}
        assert stored.keys() >= {"last", *(f"before{step}" for step in range(5))}
        assert await dao.last_change("app") == last == feed[-1].number

    async def test_a_locked_app_holds_up_no_other_app(self, dao: ServerDAO, place: Place) -> None:
        await dao.create("locked", a_record("cat1"))
        async with place.lock_apps():
            held = asyncio.create_task(dao.create("locked", a_record("cat2")))
            await asyncio.sleep(0.05)
            assert await dao.create("free", a_record("cat1")) > 0
            with pytest.raises(UnavailableError):
                await held
        assert await dao.read("locked", "cat2") is None
        assert await dao.create("locked", a_record("cat3")) > 0

    async def test_two_servers_share_a_database(self, dao: ServerDAO, place: Place) -> None:
        async with place.dao() as other:
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

    async def test_servers_that_make_and_remove_the_same_apps_lose_nothing(
        self, place: Place
    ) -> None:
        async with place.dao() as one, place.dao() as two:

            async def use(dao: ServerDAO, name: str) -> None:
                for step in range(8):
                    await dao.create("app", a_record(f"{name}-{step}"))
                    if step % 3 == 0:
                        await dao.delete_table("app")

            await asyncio.gather(use(one, "a"), use(two, "b"), use(one, "c"), use(two, "d"))
            number = await one.create("app", a_record("last"))
            feed = {c.number: c.keys for c in await two.changes("app", 0)}
            assert feed[number] == ["last"]
            stored = {record.id for record in await two.read_page("app")}
            assert stored == {key for keys in feed.values() for key in keys}

    async def test_a_table_that_somebody_removed_is_an_error(
        self, dao: ServerDAO, place: Place
    ) -> None:
        await dao.create("app", a_record("cat1"))
        await place.run("DROP TABLE objects_1_app")
        with pytest.raises(BackendError, match="objects_1_app"):
            await dao.read("app", "cat1")

    async def test_of_writes_that_go_together_only_the_bad_one_fails(self, dao: ServerDAO) -> None:
        await dao.create("app", a_record("cat0"))
        events = ["x" * 300 if n == 4 else "create" for n in range(9)]
        writes = [Write(event, deletes=[f"cat{n}"]) for n, event in enumerate(events)]
        answers = await asyncio.gather(
            *(dao.write("app", write) for write in writes), return_exceptions=True
        )
        failed = [n for n, answer in enumerate(answers) if isinstance(answer, BackendError)]
        told = [change.keys for change in await dao.changes("app", 1)]
        assert told == [[f"cat{n}"] for n in range(9) if n not in failed]
        assert failed in ([4], [])  # PostgreSQL takes an event of any length

    # ---- at the start --------------------------------------------------------------------------

    async def test_a_database_that_is_not_there_is_named(self, place: Place) -> None:
        message = await refusal(place.dao(database="there_is_none", timeout_ms=1000))
        assert "there_is_none" in message
        assert "para.sql.url" in message

    async def test_a_wrong_user_is_refused_with_the_key(self, place: Place) -> None:
        message = await refusal(place.dao(user="nobody-here", timeout_ms=1000))
        assert "para.sql.user" in message
        assert "top secret" not in message

    async def test_a_newer_format_is_refused(self, dao: ServerDAO, place: Place) -> None:
        await dao.close()
        newer = place.format + 1
        await place.run(f"UPDATE objects_format SET format = {newer}")  # noqa: S608
        assert f"has format {newer}" in await refusal(place.dao())
        with pytest.raises(ConfigError, match=f"has format {newer}"):
            await place.dao().open_beside()

    async def test_a_server_that_is_not_there_is_named(self, place: Place) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            with pytest.raises(UnavailableError, match=r"is it running.*para\.sql\.url"):
                await place.dao(port=port, timeout_ms=1000).open()

    async def test_what_the_start_would_make_is_told_and_not_made(self, place: Place) -> None:
        for _ in range(2):
            assert await place.dao().what_opening_changes() == "makes the tables"
        async with place.dao():
            assert await place.dao().what_opening_changes() == ""
        await place.run(f"UPDATE objects_format SET format = {place.format + 1}")  # noqa: S608
        with pytest.raises(ConfigError, match=f"has format {place.format + 1}"):
            await place.dao().what_opening_changes()

    async def test_a_snapshot_of_a_server_that_hangs_is_given_up(
        self, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def hang(connection: object) -> None:
            await asyncio.Event().wait()

        async with place.dao() as dao:
            with monkeypatch.context() as patch:
                patch.setattr(dao, "_timeout_ms", 1)  # the start and the end have their time
                patch.setattr(dao._dialect, "begin_snapshot", hang)
                with pytest.raises(UnavailableError):
                    async with asyncio.timeout(60), dao.snapshot():
                        pytest.fail("nobody has answered")

    async def test_a_long_feed_is_forgotten_in_parts(
        self, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(daos, "_FORGOTTEN", 10)
        async with place.dao() as dao:
            numbers = [await dao.create("app", a_record(f"cat{n}")) for n in range(35)]
            assert dao._opened is not None
            kind, parts = type(dao._opened.pool), list[int]()
            execute = kind.execute

            async def spy(pool: Any, query: str, *values: object) -> object:  # noqa: ANN401
                found = await dao.changes("app", 0)
                done = await execute(pool, query, *values)
                parts.append(len(found) - len(await dao.changes("app", 0)))
                return done

            monkeypatch.setattr(kind, "execute", spy)
            await dao.forget_changes("app", numbers[31])
            left = [change.number for change in await dao.changes("app", 0)]
            assert left == numbers[32:]
            assert max(parts) <= 10
            assert sum(parts) == 32
            await dao.forget_changes("app", 2**70)
            assert await dao.changes("app", 0) == []

    async def test_a_look_at_a_server_that_hangs_ends(self, place: Place, line: Line) -> None:
        line.block()
        with pytest.raises(UnavailableError):
            await place.dao(port=line.port, timeout_ms=1000).what_opening_changes()

    # ---- beside a server -----------------------------------------------------------------------

    async def test_beside_a_server_nothing_is_made(self, place: Place) -> None:
        with pytest.raises(ConfigError, match="holds no tables of Para"):
            await place.dao().open_beside()
        async with place.dao() as dao:
            await dao.create("app", a_record("cat1"))
            beside = place.dao()
            await beside.open_beside()
            async with beside.snapshot() as seen:
                await dao.create("app", a_record("cat2"))
                assert [record.id for record in await seen.read_page("app")] == ["cat1"]
            await beside.close()

    # ---- alone ---------------------------------------------------------------------------------

    async def test_a_database_that_servers_use_is_nobodys_alone(self, place: Place) -> None:
        async with place.dao() as one, place.dao() as two:
            assert "is in use by a server; stop every server" in await refusal_alone(place)
            await one.close()
            assert "is in use by a server" in await refusal_alone(place)
            await two.create("app", a_record("cat1"))
        alone = place.dao()
        await alone.open_alone()
        assert await alone.read("app", "cat1") is not None
        await alone.close()

    async def test_whoever_has_it_alone_keeps_servers_out_until_the_end(self, place: Place) -> None:
        alone = place.dao()
        await alone.open_alone()
        assert "restore or move" in await refusal(place.dao())
        assert "is in use by a server" in await refusal_alone(place)
        writes = (alone.create(f"app{n}", a_record("cat1")) for n in range(9))
        assert len(await asyncio.gather(*writes)) == 9, "its own connections are not kept out"
        beside = place.dao()
        await beside.open_beside()
        await beside.close()
        await alone.close()
        async with place.dao() as dao:
            assert await dao.read("app8", "cat1") is not None

    async def test_a_server_that_was_cut_off_writes_nothing_while_another_is_alone(
        self, place: Place
    ) -> None:
        async with place.dao() as dao:
            assert await place.end_connections() >= 2
            alone = place.dao()
            await alone.open_alone()
            with pytest.raises(UnavailableError, match="restore or move"):
                await dao.create("app", a_record("cat1"))
            assert await alone.read("app", "cat1") is None
            await alone.close()
            assert await dao.create("app", a_record("cat1")) > 0
            assert "is in use by a server" in await refusal_alone(place)

    async def test_whoever_loses_the_lock_is_alone_no_more_and_stops(self, place: Place) -> None:
        alone = place.dao()
        await alone.open_alone()
        await place.end_keepers()
        with pytest.raises(UnavailableError):
            await alone.create("app", a_record("cat1"))
        await alone.close()
        async with place.dao() as dao:
            assert await dao.apps() == []

    # ---- of one group --------------------------------------------------------------------------

    async def test_a_server_of_another_group_is_told_what_to_do(self, place: Place) -> None:
        async with of_group(place, "one"):
            said = await refusal(a_dao_of(place, "two"))
            assert "is in use by another server; stop that one first" in said
            assert "para.nodes.enabled = true" in said

    async def test_of_groups_that_begin_at_once_one_has_the_database(self, place: Place) -> None:
        async with place.dao():
            pass  # the tables are there
        servers = [a_dao_of(place, f"group{number % 4}") for number in range(8)]
        outcomes = await asyncio.gather(*(dao.open() for dao in servers), return_exceptions=True)
        opened = {number % 4 for number, one in enumerate(outcomes) if one is None}
        refused = [one for one in outcomes if one is not None]
        assert len(opened) <= 1, outcomes
        assert {type(one) for one in refused} == {ConfigError}
        await asyncio.gather(*(dao.close() for dao in servers))

    async def test_who_is_of_no_group_is_kept_out_by_nobody_and_keeps_out_nobody(
        self, place: Place
    ) -> None:
        async with place.dao() as before, of_group(place, "one") as dao, place.dao() as after:
            await dao.create("app", a_record("cat1"))
            assert await before.read("app", "cat1") == await after.read("app", "cat1")

    async def test_a_server_that_was_cut_off_and_replaced_writes_no_more(
        self, place: Place
    ) -> None:
        async with of_group(place, "one") as dao:
            await dao.create("app", a_record("cat1"))
            assert await place.end_connections() >= 2
            async with of_group(place, "two") as other:
                with pytest.raises(UnavailableError, match="in use by another server"):
                    await dao.create("app", a_record("cat2"))
                assert await other.read("app", "cat2") is None

    async def test_a_server_that_was_cut_off_goes_on_when_nobody_took_its_place(
        self, place: Place
    ) -> None:
        async with of_group(place, "one") as dao:
            assert await place.end_connections() >= 2
            assert await dao.create("app", a_record("cat1")) > 0
            assert "in use by another server" in await refusal(a_dao_of(place, "two"))

    async def test_a_lost_lock_is_taken_again_though_nobody_asks(
        self, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(hold, "_LOOK_SEC", 0.05)
        async with of_group(place, "one") as dao:
            kept, keeper = hold_of(dao), hold_of(dao)._keeper
            await place.end_keepers()
            async with asyncio.timeout(60):
                while kept._keeper is keeper:  # noqa: ASYNC110 - it tells nobody
                    await asyncio.sleep(0.01)
            assert "in use by another server" in await refusal(a_dao_of(place, "two"))

    async def test_who_finds_the_lock_with_others_says_so_and_lets_go_of_the_database(
        self, place: Place, caplog: pytest.LogCaptureFixture
    ) -> None:
        async with of_group(place, "one") as dao:
            await place.end_connections()
            async with of_group(place, "two"):
                await hold_of(dao)._look()
            assert "this server has lost its database" in caplog.text
            with pytest.raises(UnavailableError):
                await dao.create("app", a_record("cat1"))


def a_dao_of(place: Place, group: str) -> ServerDAO:
    dao = place.dao()
    dao.share(group)
    return dao


@asynccontextmanager
async def of_group(place: Place, group: str) -> AsyncIterator[ServerDAO]:
    async with a_dao_of(place, group) as dao:
        yield dao


def hold_of(dao: ServerDAO) -> hold.Hold:
    assert dao._opened is not None
    assert dao._opened.hold is not None
    return dao._opened.hold
