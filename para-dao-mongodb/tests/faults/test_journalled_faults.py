"""Without transactions: who may have the database, and what happens when the server fails."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from collections.abc import AsyncIterator, Awaitable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest
from pymongo import AsyncMongoClient

from para_core.contracts.dao import Put, Record, Write
from para_core.errors import BackendError, ConfigError, StorageFullError, UnavailableError
from para_core.testing.dao import a_record
from para_core.testing.line import Line
from para_dao_mongodb import hold
from para_dao_mongodb.address import Address, address_of
from para_dao_mongodb.dao import MongoDBDAO
from para_dao_mongodb.journalled import JournalWriter
from para_dao_mongodb.settings import MongoSettings

from ..databases import AWAY, PATIENT_MS, a_database  # noqa: TID252 - tests have no absolute names
from ..failing import FULL, TIMED_OUT, fail, fail_no_more  # noqa: TID252
from ..secantusd import Secantusd  # noqa: TID252

pytestmark = [pytest.mark.service("secantusd"), *AWAY]

SHORT_MS = 2000


@pytest.fixture(autouse=True)
def no_renewal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing but the write under test meet the failures that a test asks for."""
    monkeypatch.setattr(hold, "_RENEWAL_SEC", 10**6)


@pytest.fixture
async def address(standalone: Secantusd) -> AsyncIterator[Address]:
    async with a_database(standalone.uri) as address:
        yield address


def a_dao(address: Address, folder: Path, *, timeout_ms: int = PATIENT_MS) -> MongoDBDAO:
    return MongoDBDAO(address, timeout_ms=timeout_ms, journal_dir=folder)


@pytest.fixture
async def dao(address: Address, tmp_path: Path) -> AsyncIterator[MongoDBDAO]:
    async with a_dao(address, tmp_path) as dao:
        yield dao


async def refusal(dao: MongoDBDAO) -> str:
    with pytest.raises(ConfigError) as caught:
        await dao.open()
    assert "\n" not in str(caught.value)
    return str(caught.value)


# ---- who has the database ----------------------------------------------------------------------


async def test_one_server_has_it_at_a_time(address: Address, tmp_path: Path) -> None:
    async with a_dao(address, tmp_path) as dao:
        assert "in use by another process" in await refusal(a_dao(address, tmp_path))
        assert "in use by a server" in await refusal(a_dao(address, tmp_path / "other"))
        await dao.create("app", a_record("cat1"))
    async with a_dao(address, tmp_path / "other") as dao:
        assert await dao.read("app", "cat1") is not None


async def test_a_second_worker_is_refused(address: Address, tmp_path: Path) -> None:
    workers = [a_dao(address, tmp_path) for _ in range(2)]
    for dao in workers:
        dao.share("group")
    async with workers[0]:
        assert "set para.workers to 1" in await refusal(workers[1])


async def test_a_database_whose_journal_is_elsewhere_is_left_alone(
    address: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    await crash(address, here)
    monkeypatch.setattr(hold, "_LEASE_SEC", -1.0)  # as if it had been on another machine
    message = await refusal(a_dao(address, elsewhere))
    assert str(here) in message
    assert await apps_of(address) == {"app": 1}, "nothing was done"
    async with AsyncMongoClient[dict[str, object]](address.uri) as client:
        free = {"$set": {"journal": None}}  # as the page about MongoDB says
        await client[address.database]["objects_format"].update_one({}, free)
    async with a_dao(address, elsewhere) as dao:
        assert await dao.read("app", "lost") is None
        assert await dao.create("app", a_record("cat2")) > 0
    assert "move the file away" in await refusal(a_dao(address, here))


async def test_a_server_that_got_transactions_has_to_finish_without_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Secantusd(tmp_path, "--standalone", "--enable-test-commands")
    async with server:
        address = address_of(MongoSettings(uri=server.uri), "para")
        await crash(address, tmp_path)
        monkeypatch.setattr(hold, "_LEASE_SEC", -1.0)
        await again(server)
        assert str(tmp_path) in await refusal(a_dao(address, tmp_path))
        await again(server, "--standalone")
        async with a_dao(address, tmp_path) as dao:
            assert await dao.read("app", "lost") is not None
        await again(server)
        async with a_dao(address, tmp_path) as dao:
            assert len(await dao.read_page("app")) == 2


async def again(server: Secantusd, *options: str) -> None:
    await server.kill()
    server.options = options
    await server.start()


async def crash(address: Address, folder: Path) -> None:
    """Leave a journal with a write of which nothing is in the database."""
    dao = a_dao(address, folder)
    await dao.open()
    await dao.create("app", a_record("cat1"))
    opened = dao._opened
    assert opened is not None
    await fail(address, "update", TIMED_OUT, times=100)
    with pytest.raises(UnavailableError, match="finished as soon as"):
        await dao.create("app", a_record("lost"))
    assert opened.hold is not None
    opened.hold.drop()
    opened.writer.drop()
    await opened.store.client.close()
    await fail_no_more(address)


async def apps_of(address: Address) -> dict[str, int]:
    async with AsyncMongoClient[dict[str, object]](address.uri) as client:
        entries = await client[address.database]["objects_apps"].find({}).to_list()
    return {str(entry["_id"]): int(str(entry["counter"])) for entry in entries}


# ---- no room -----------------------------------------------------------------------------------


async def test_a_write_for_which_there_is_no_room_is_not_stored(
    dao: MongoDBDAO, address: Address, tmp_path: Path
) -> None:
    number = await dao.create("app", a_record("cat1"))
    await fail(address, "update", FULL)
    with pytest.raises(StorageFullError, match="no space left"):
        await dao.create_all("app", [a_record("cat2"), a_record("cat3")])
    assert [record.id for record in await dao.read_page("app")] == ["cat1"]
    await dao.close()
    await dao.open()
    assert [change.number for change in await dao.changes("app", 0)] == [number]
    assert await dao.create("app", a_record("cat2")) > number


async def test_a_write_that_runs_out_of_room_half_way_is_finished_when_there_is_some(
    dao: MongoDBDAO, address: Address
) -> None:
    late: list[tuple[str, int, Sequence[str]]] = []
    dao.on_late(lambda *told: late.append(told))
    first = await dao.create("app", a_record("cat1"))
    await fail(address, "insert", FULL, times=3)
    with pytest.raises(UnavailableError, match=r"no space left; the write is finished"):
        await dao.write("app", Write("updateAll", [Put(a_record("cat2"))], ["cat1"]))
    for _ in range(2):  # nobody sees it by halves
        with pytest.raises(StorageFullError):
            await dao.read_page("app")
    assert late == []
    assert [record.id for record in await dao.read_page("app")] == ["cat2"]
    numbers = [change.number for change in await dao.changes("app", first)]
    assert numbers == [await dao.last_change("app")]
    assert late == [("app", numbers[0], ["cat2", "cat1"])], "others have to know"


async def test_a_write_that_was_not_finished_does_not_hold_up_a_later_app_of_that_name(
    dao: MongoDBDAO, address: Address
) -> None:
    late: list[tuple[str, int, Sequence[str]]] = []
    dao.on_late(lambda *told: late.append(told))
    number = await dao.create("app", a_record("old"))
    await fail(address, "insert", TIMED_OUT, times=1)
    with pytest.raises(UnavailableError, match="finished as soon as"):
        await dao.create("app", a_record("lost"))
    await fail(address, "drop", TIMED_OUT, times=1)
    with pytest.raises(UnavailableError):
        await dao.delete_table("app")
    assert await dao.read_page("app") == []
    assert await dao.create("app", a_record("new")) > number
    assert [record.id for record in await dao.read_page("app")] == ["new"]
    assert [change.keys for change in await dao.changes("app", 0)] == [["new"]]
    assert late == []


async def test_what_cannot_be_cleared_of_a_removed_app_stops_no_start(
    address: Address, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def left() -> int:
        async with AsyncMongoClient[dict[str, object]](address.uri) as client:
            apps = client[address.database]["objects_apps"]
            return await apps.count_documents({"uncleared": True})

    await fail(address, "drop", TIMED_OUT, times=100)
    async with a_dao(address, tmp_path) as dao:
        await dao.create("app", a_record("cat1"))
        with pytest.raises(UnavailableError):
            await dao.delete_table("app")
    async with a_dao(address, tmp_path) as dao:
        assert await dao.apps() == []
        assert await dao.create("other", a_record("cat1")) > 0
    assert await left() == 1
    assert [text for text in caplog.messages if "removed apps is not cleared" in text]
    await fail_no_more(address)
    async with a_dao(address, tmp_path) as dao:
        assert await left() == 0


async def test_nothing_is_kept_of_apps_where_nobody_is(dao: MongoDBDAO, address: Address) -> None:
    for shared in (False, True):
        await dao.create_table("app", shared=shared)
        records = [a_record(f"cat{n}") for n in range(3)]
        await asyncio.gather(*(dao.create("app", record) for record in records))
        await asyncio.gather(*(dao.read("app", record.id) for record in records))
        await dao.delete_table("app")
    await dao.read("unknown", "cat1")
    opened = dao._opened
    assert opened is not None
    assert isinstance(opened.writer, JournalWriter)
    assert (len(opened.writer._turns), opened.catalog._known) == (0, {})


async def test_a_write_that_succeeds_when_its_caller_has_given_up_is_told(
    dao: MongoDBDAO, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_stored, may_answer = asyncio.Event(), asyncio.Event()
    store = JournalWriter.store

    async def slowly(
        self: JournalWriter, appid: str, writes: Sequence[Write]
    ) -> list[int | Exception]:
        outcomes = await store(self, appid, writes)
        is_stored.set()
        await may_answer.wait()
        return outcomes

    late: list[tuple[str, int, Sequence[str]]] = []
    dao.on_late(lambda *told: late.append(told))
    monkeypatch.setattr(JournalWriter, "store", slowly)
    writing = asyncio.create_task(dao.create_all("app", [a_record("cat1"), a_record("cat2")]))
    await is_stored.wait()
    writing.cancel()
    await asyncio.wait([writing])
    number = await dao.last_change("app")
    assert late == []
    may_answer.set()
    await dao.close()
    assert late == [("app", number, ["cat1", "cat2"])]


async def test_an_object_that_no_server_takes_is_refused_alone(dao: MongoDBDAO) -> None:
    data = msgspec.json.encode({"id": "big", "type": "cat", "text": "x" * 17_000_000})
    good = [dao.create("app", a_record(f"good{n}")) for n in range(5)]
    bad = dao.create("app", Record("big", "cat", data))
    *numbers, failure = await asyncio.gather(*good, bad, return_exceptions=True)
    assert type(failure) is BackendError
    assert "too large" in str(failure)
    stored = {record.change for record in await dao.read_page("app")}
    assert stored == set(numbers) == {change.number for change in await dao.changes("app", 0)}


# ---- a journal that is slow --------------------------------------------------------------------


async def test_a_disk_that_hangs_under_the_journal_holds_up_writes_no_longer_than_it_hangs(
    address: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fdatasync, may_end = os.fdatasync, threading.Event()
    late: list[tuple[str, int, Sequence[str]]] = []

    def hanging(handle: int) -> None:
        may_end.wait(PATIENT_MS / 1000)
        fdatasync(handle)

    async with a_dao(address, tmp_path, timeout_ms=SHORT_MS) as dao:
        dao.on_late(lambda *told: late.append(told))
        first = await until_it_works(dao, "cat1")
        monkeypatch.setattr(os, "fdatasync", hanging)
        with pytest.raises(UnavailableError):
            await dao.write("app", Write("updateAll", [Put(a_record("cat2"))], ["cat1"]))
        async with asyncio.timeout(PATIENT_MS / 1000):
            while "not written within" not in await failure_of(dao.create("app", a_record("cat3"))):
                pass
        assert str(tmp_path) in await failure_of(dao.delete_table("app"))
        assert [record.id for record in await dao.read_page("app")] == ["cat1"]
        assert late == []
        may_end.set()
        async with asyncio.timeout(PATIENT_MS / 1000):
            while [record.id for record in await dao.read_page("app")] != ["cat2"]:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        number = await dao.last_change("app")
        assert late == [("app", number, ["cat2", "cat1"])]
        assert await until_it_works(dao, "cat3") > number > first
        feed = await dao.changes("app", 0)
        assert [change.number for change in feed] == sorted({change.number for change in feed})


async def test_a_batch_for_which_the_journal_has_no_room_in_the_end_is_nowhere(
    address: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, may_end = threading.Event(), threading.Event()

    def hanging(handle: int) -> None:
        began.set()
        may_end.wait(PATIENT_MS / 1000)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    async with a_dao(address, tmp_path, timeout_ms=SHORT_MS) as dao:
        first = await until_it_works(dao, "cat1")
        with monkeypatch.context() as patched:
            patched.setattr(os, "fdatasync", hanging)
            with pytest.raises(UnavailableError):
                await dao.create("app", a_record("cat2"))
            await asyncio.to_thread(began.wait, PATIENT_MS / 1000)
        may_end.set()
        last = await until_it_works(dao, "cat3")
        assert [record.id for record in await dao.read_page("app")] == ["cat1", "cat3"]
        assert [change.number for change in await dao.changes("app", first - 1)] == [first, last]


# ---- out of reach ------------------------------------------------------------------------------


@pytest.fixture
async def line(address: Address) -> AsyncIterator[Line]:
    parts = urlsplit(address.uri)
    line = Line(parts.hostname or "", parts.port or 0)
    await line.restore()
    yield line
    await line.cut()


@pytest.mark.parametrize("way", ["cut", "blocked", "answers held"])
async def test_a_write_that_nobody_answers_is_stored_once_or_not_at_all(
    address: Address, line: Line, tmp_path: Path, way: str
) -> None:
    uri = f"mongodb://127.0.0.1:{line.port}/?directConnection=true"
    through = address_of(MongoSettings(uri=uri), address.database)
    async with a_dao(through, tmp_path, timeout_ms=SHORT_MS) as dao:
        await until_it_works(dao, "cat1")
        writing = asyncio.create_task(dao.create_all("app", [a_record(f"x{n}") for n in range(9)]))
        passed = line.passed
        async with asyncio.timeout(PATIENT_MS / 1000):
            while line.passed == passed:  # noqa: ASYNC110 - bytes on a socket tell nobody
                await asyncio.sleep(0)
        if way == "cut":
            await line.cut()
        elif way == "blocked":
            line.block()
        else:
            line.hold_answers()
        (answer,) = await asyncio.gather(writing, return_exceptions=True)
        assert isinstance(answer, UnavailableError)
        await line.cut()
        await line.restore()
        last = await until_it_works(dao, "cat2")
        stored = {record.id: record.change for record in await dao.read_page("app")}
        feed = await dao.changes("app", 0)
        assert stored == {key: change.number for change in feed for key in change.keys}
        assert len(stored) in (2, 11)
        assert await dao.last_change("app") == last == feed[-1].number


async def failure_of(asked: Awaitable[object]) -> str:
    with pytest.raises(UnavailableError) as caught:
        await asked
    return str(caught.value)


async def until_it_works(dao: MongoDBDAO, key: str) -> int:
    async with asyncio.timeout(PATIENT_MS / 1000):
        while True:
            try:
                return await dao.update("app", a_record(key), expect=0)
            except UnavailableError:
                await asyncio.sleep(0.05)
