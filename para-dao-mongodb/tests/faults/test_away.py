"""What happens when the server goes away, hangs, loses an answer, or refuses."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest
from pymongo import AsyncMongoClient, monitoring

from para_core.contracts.dao import Record
from para_core.errors import BackendError, ConfigError, UnavailableError
from para_core.testing.dao import a_record
from para_core.testing.line import Line
from para_dao_mongodb.address import Address, address_of
from para_dao_mongodb.dao import MongoDBDAO
from para_dao_mongodb.settings import MongoSettings
from para_dao_mongodb.start import FORMAT

from ..databases import AWAY, PATIENT_MS, a_database  # noqa: TID252 - tests have no absolute names
from ..secantusd import Secantusd  # noqa: TID252

pytestmark = [pytest.mark.service("mongodb"), *AWAY]

SHORT_MS = 2000
_BEFORE_THE_SERVER_ENDS_IT_SEC = 50


@pytest.fixture
async def address() -> AsyncIterator[Address]:
    async with a_database() as address:
        yield address


@pytest.fixture
async def line(address: Address) -> AsyncIterator[Line]:
    parts = urlsplit(address.uri)
    line = Line(parts.hostname or "", parts.port or 27017)
    await line.restore()
    yield line
    await line.cut()


@pytest.fixture
async def dao(address: Address, line: Line) -> AsyncIterator[MongoDBDAO]:
    uri = f"mongodb://127.0.0.1:{line.port}/?directConnection=true"
    through = address_of(MongoSettings(uri=uri), address.database)
    async with MongoDBDAO(through, timeout_ms=SHORT_MS) as dao:
        yield dao


async def everything(dao: MongoDBDAO) -> list[BaseException | object]:
    return await asyncio.gather(
        dao.read("app", "cat1"),
        dao.read("unknown", "cat1"),
        dao.read_page("app"),
        dao.changes("app", 0),
        dao.last_change("app"),
        dao.apps(),
        dao.heads(),
        dao.create("app", a_record("cat2")),
        dao.create_table("new"),
        dao.delete_table("old"),
        dao.forget_changes("app", 0),
        return_exceptions=True,
    )


async def until_it_works(dao: MongoDBDAO, key: str) -> int:
    """Create a record, again while the server is away."""
    async with asyncio.timeout(PATIENT_MS / 1000):
        while True:
            try:
                return await dao.create("app", a_record(key))
            except UnavailableError:
                await asyncio.sleep(0.05)


async def test_a_server_that_is_cut_off_is_used_again(dao: MongoDBDAO, line: Line) -> None:
    number = await until_it_works(dao, "cat1")
    await line.cut()
    assert {type(answer) for answer in await everything(dao)} == {UnavailableError}
    await line.restore()
    assert await until_it_works(dao, "cat3") > number
    assert [record.id for record in await dao.read_page("app")] == ["cat1", "cat3"]


async def test_connections_that_ended_are_replaced_without_an_error(
    dao: MongoDBDAO, line: Line
) -> None:
    await until_it_works(dao, "cat1")
    await line.cut()
    await line.restore()
    found = await dao.read("app", "cat1")
    assert found is not None


async def test_a_server_that_hangs_costs_no_more_than_the_time_limit(
    dao: MongoDBDAO, line: Line
) -> None:
    await until_it_works(dao, "cat1")
    line.block()
    began = asyncio.get_running_loop().time()
    answers = await everything(dao)
    assert {type(answer) for answer in answers} == {UnavailableError}
    assert asyncio.get_running_loop().time() - began < PATIENT_MS / 1000
    await line.cut()
    await line.restore()
    await until_it_works(dao, "cat3")
    assert [record.id for record in await dao.read_page("app")] == ["cat1", "cat3"]


async def test_closing_does_not_wait_for_a_server_that_hangs(dao: MongoDBDAO, line: Line) -> None:
    await until_it_works(dao, "cat1")
    line.block()
    waiting = asyncio.create_task(dao.create("app", a_record("cat2")))
    await asyncio.sleep(0)
    async with asyncio.timeout(PATIENT_MS / 1000):
        await dao.close()
    assert isinstance((await asyncio.gather(waiting, return_exceptions=True))[0], UnavailableError)


class Killings(monitoring.CommandListener):
    """Hears when the server has killed sessions."""

    def __init__(self) -> None:
        self.heard = asyncio.Event()

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        pass

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        if event.command_name == "killSessions":
            self.heard.set()

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass


async def test_a_write_whose_answer_is_lost_is_stored_once_and_told_once_or_not_at_all(
    line: Line, address: Address
) -> None:
    """The server is told to undo it as soon as that is possible; by itself it takes a minute."""
    uri = f"mongodb://127.0.0.1:{line.port}/?directConnection=true"
    through = address_of(MongoSettings(uri=uri), address.database)
    killings = Killings()
    watched = replace(through, options={"event_listeners": [killings]})
    async with MongoDBDAO(watched, timeout_ms=SHORT_MS) as dao:
        await until_it_works(dao, "cat1")
        line.hold_answers()
        with pytest.raises(UnavailableError):
            await dao.create("app", a_record("cat2"))
        await line.cut()
        await line.restore()
        async with asyncio.timeout(_BEFORE_THE_SERVER_ENDS_IT_SEC):
            await killings.heard.wait()
        await until_it_works(dao, "cat3")
    async with MongoDBDAO(address, timeout_ms=PATIENT_MS) as other:
        stored = {record.id: record.change for record in await other.read_page("app")}
        told = {change.keys[0]: change.number for change in await other.changes("app", 0)}
        assert len(await other.changes("app", 0)) == len(told)
    assert stored == told
    assert stored.keys() - {"cat2"} == {"cat1", "cat3"}


async def test_of_writes_that_go_together_only_the_one_to_blame_fails(
    address: Address,
) -> None:
    async with MongoDBDAO(address, timeout_ms=PATIENT_MS) as dao:
        data = msgspec.json.encode({"id": "big", "type": "cat", "text": "x" * 17_000_000})
        good = [dao.create("app", a_record(f"good{n}")) for n in range(5)]
        bad = dao.create("app", Record("big", "cat", data))
        *numbers, failure = await asyncio.gather(*good, bad, return_exceptions=True)
        assert type(failure) is BackendError
        stored = {record.change for record in await dao.read_page("app")}
        assert stored == set(numbers)
        assert {change.number for change in await dao.changes("app", 0)} == stored


# ---- at the start ----------------------------------------------------------------------------


async def test_a_server_that_is_not_there_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        nowhere = address_of(MongoSettings(host="127.0.0.1", port=port), "para")
        with pytest.raises(UnavailableError, match=rf":{port}/para .*is it running.*para\.mongodb"):
            await MongoDBDAO(nowhere, timeout_ms=300).open()


@pytest.mark.parametrize(
    "uri",
    [
        "mongodb://ann:a/word@db.example.org/",
        "mongodb://ann:word@db.example.org:port/",
        "mongodb://ann:word@db.example.org:99999/",
        "mongodb://ann:word@[::1/",
        "mongodb://ann:word@a.example.org,b.example.org/?directConnection=true",
        "mongodb://ann:word@db.example.org/?tls=true&tlsCAFile=/nowhere/ca.pem",
    ],
)
async def test_an_address_that_is_none_is_told_in_one_line(uri: str) -> None:
    with pytest.raises(ConfigError, match=r"para\.mongodb\.uri") as caught:
        await MongoDBDAO(address_of(MongoSettings(uri=uri), "para")).open()
    assert "\n" not in str(caught.value)
    assert "word" not in str(caught.value).replace("password", "")


async def test_a_newer_format_is_refused(address: Address) -> None:
    async with MongoDBDAO(address, timeout_ms=PATIENT_MS):
        pass
    async with AsyncMongoClient[dict[str, object]](address.uri) as client:
        newer = {"$set": {"format": FORMAT + 1}}
        await client[address.database]["objects_format"].update_one({}, newer)
    for opening in (MongoDBDAO.open, MongoDBDAO.open_beside):
        with pytest.raises(ConfigError, match=f"has format {FORMAT + 1}"):
            await opening(MongoDBDAO(address, timeout_ms=PATIENT_MS))


async def test_beside_a_server_nothing_is_made(address: Address) -> None:
    with pytest.raises(ConfigError, match="holds nothing of Para"):
        await MongoDBDAO(address, timeout_ms=PATIENT_MS).open_beside()
    async with AsyncMongoClient[dict[str, object]](address.uri) as client:
        assert await client[address.database].list_collection_names() == []


# ---- killed, and locked ----------------------------------------------------------------------


@pytest.mark.service("secantusd")
async def test_a_server_that_is_killed_has_every_answered_write_once(tmp_path: Path) -> None:
    server = Secantusd(tmp_path)
    answered: dict[str, int] = {}
    is_over = asyncio.Event()

    async def write(dao: MongoDBDAO, writer: int) -> None:
        step = 0
        while not is_over.is_set():
            key, step = f"{writer}-{step}", step + 1
            try:
                answered[key] = await dao.create("app", a_record(key))
            except UnavailableError:
                await asyncio.sleep(0.05)

    async def reach(count: int) -> None:
        while len(answered) < count:  # noqa: ASYNC110 - writers that fail would wake nobody
            await asyncio.sleep(0.01)

    async with server:
        address = address_of(MongoSettings(uri=server.uri), "para")
        async with (
            MongoDBDAO(address, timeout_ms=SHORT_MS) as dao,
            asyncio.timeout(PATIENT_MS / 1000),
        ):
            writers = [asyncio.create_task(write(dao, number)) for number in range(4)]
            await reach(40)
            await server.kill()
            await server.start()
            await reach(len(answered) + 40)
            is_over.set()
            await asyncio.gather(*writers)
        async with MongoDBDAO(address, timeout_ms=PATIENT_MS) as dao:
            stored = {r.id: r.change for r in await dao.read_page("app", limit=100_000)}
            changes = await dao.changes("app", 0, limit=100_000)
        assert answered.items() <= stored.items()
        assert stored == {change.keys[0]: change.number for change in changes}
        assert len(changes) == len(stored)


@pytest.mark.service("secantusd")
async def test_a_login_that_is_refused_names_the_keys(tmp_path: Path) -> None:
    server, word = Secantusd(tmp_path), "the right word"
    async with server:
        async with AsyncMongoClient[dict[str, object]](server.uri) as client:
            await client["para"].command("createUser", "ann", pwd=word, roles=["readWrite"])
        await server.kill()
        server.options = ("--auth",)
        await server.start()
        for user, password in (("ann", "wrong word"), ("", "")):
            dao = MongoDBDAO(logged_in(server, user, password), timeout_ms=SHORT_MS)
            with pytest.raises(ConfigError, match=r"para\.mongodb\.password") as caught:
                await dao.open()
            assert "wrong word" not in str(caught.value)
        async with MongoDBDAO(logged_in(server, "ann", word), timeout_ms=PATIENT_MS) as dao:
            assert await dao.create("app", a_record("cat1")) > 0


def logged_in(server: Secantusd, user: str, password: str) -> Address:
    parts = urlsplit(server.uri)
    settings = MongoSettings(host="127.0.0.1", port=parts.port or 0, user=user, password=password)
    return address_of(settings, "para")
