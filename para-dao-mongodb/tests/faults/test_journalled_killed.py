"""Without transactions, whoever is killed leaves no batch by halves and loses nothing."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from para_core.contracts.dao import Change
from para_core.errors import ConflictError, UnavailableError
from para_core.testing.dao import a_record
from para_core.testing.killing import lines_before_kill
from para_dao_mongodb.address import Address, address_of
from para_dao_mongodb.dao import MongoDBDAO
from para_dao_mongodb.settings import MongoSettings

from ..databases import AWAY, PATIENT_MS, a_database  # noqa: TID252 - tests have no absolute names
from ..secantusd import Secantusd  # noqa: TID252
from .journalled_writer import BATCH

pytestmark = [pytest.mark.service("secantusd"), *AWAY]

HERE = Path(__file__).parent
ROUNDS = int(os.environ.get("PARA_TEST_KILL_ROUNDS", "4"))
SHORT_MS = 2000


@pytest.fixture
async def address(standalone: Secantusd) -> AsyncIterator[Address]:
    async with a_database(standalone.uri) as address:
        yield address


def a_dao(address: Address, folder: Path) -> MongoDBDAO:
    return MongoDBDAO(address, timeout_ms=PATIENT_MS, journal_dir=folder)


async def stored_and_told(dao: MongoDBDAO, appid: str) -> tuple[dict[str, int], dict[str, int]]:
    """Return the changes of all records, and those that the feed tells of, each once."""
    stored = {record.id: record.change for record in await dao.read_page(appid, limit=10**5)}
    feed = await dao.changes(appid, 0, limit=10**5)
    keys = [key for change in feed for key in change.keys]
    assert len(keys) == len(set(keys)), "nothing is told twice"
    if feed:
        assert await dao.last_change(appid) == feed[-1].number
    return stored, {key: change.number for change in feed for key in change.keys}


@pytest.mark.parametrize(
    "where",
    [
        "before the journal",
        "after the journal",
        "after some records",
        "before deletes",
        "after all records",
        "after the feed",
        "before the mark",
    ],
)
async def test_a_batch_is_whole_wherever_its_writer_is_killed(
    address: Address, tmp_path: Path, where: str
) -> None:
    script = str(HERE / "dying_process.py")
    command = [sys.executable, script, address.uri, address.database, str(tmp_path), where]
    done = await asyncio.to_thread(
        subprocess.run, command, check=False, capture_output=True, text=True
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    first = int(done.stdout)
    async with a_dao(address, tmp_path) as dao:
        found = {record.id: record.change for record in await dao.read_page("app")}
        last, feed = await dao.last_change("app"), await dao.changes("app", 0)
        if where == "before the journal":
            assert found == dict.fromkeys(["a", "b", "gone"], first)
            assert [change.number for change in feed] == [first]
        else:
            assert found == dict.fromkeys("abcd", last)
            assert feed[1:] == [Change(last, "updateAll", [*"abcd", "gone"])]
        with pytest.raises(ConflictError):
            await dao.update("app", a_record("a"), expect=last + 1)
        assert await dao.update("app", a_record("a"), expect=last) > last
    async with a_dao(address, tmp_path / "elsewhere") as dao:
        assert len(await dao.read_page("app")) == len(found), "an orderly end frees the database"


@pytest.mark.long
async def test_no_answered_write_is_lost_however_often_its_writer_is_killed(
    address: Address, tmp_path: Path
) -> None:
    answered: dict[str, int] = {}
    chance = random.Random(7)  # noqa: S311 - the same every time
    script = HERE / "journalled_writer.py"
    for attempt in range(ROUNDS):
        told = [address.uri, address.database, str(tmp_path), str(attempt)]
        seconds = chance.uniform(0, 0.3)
        lines = await asyncio.to_thread(lines_before_kill, script, *told, seconds=seconds)
        for line in lines:
            number, *keys = line.split()
            answered |= dict.fromkeys(keys, int(number))
        async with a_dao(address, tmp_path) as dao:
            everything: dict[str, int] = {}
            for appid in await dao.apps():
                stored, told_of = await stored_and_told(dao, appid)
                assert stored == told_of
                everything |= stored
        assert everything.items() >= answered.items()
        parts = Counter(key.rpartition("-")[0] for key in everything)
        assert set(parts.values()) == {BATCH}
    assert len(answered) >= ROUNDS


async def test_a_server_that_is_killed_has_every_batch_whole_and_once(tmp_path: Path) -> None:
    server = Secantusd(tmp_path, "--standalone")
    answered: dict[str, int] = {}
    is_over = asyncio.Event()

    async def write(dao: MongoDBDAO, writer: int) -> None:
        step = 0
        while not is_over.is_set():
            keys, step = [f"{writer}-{step}-{part}" for part in range(BATCH)], step + 1
            try:
                number = await dao.create_all("app", [a_record(key) for key in keys])
            except UnavailableError:
                await asyncio.sleep(0.05)
            else:
                answered.update(dict.fromkeys(keys, number))

    async def reach(count: int) -> None:
        while len(answered) < count:  # noqa: ASYNC110 - writers that fail would wake nobody
            await asyncio.sleep(0.01)

    async with server:
        address = address_of(MongoSettings(uri=server.uri), "para")
        dao = MongoDBDAO(address, timeout_ms=SHORT_MS, journal_dir=tmp_path)
        async with dao, asyncio.timeout(PATIENT_MS / 1000):
            writers = [asyncio.create_task(write(dao, number)) for number in range(4)]
            await reach(40)
            await server.kill()
            await server.start()
            await reach(len(answered) + 40)
            is_over.set()
            await asyncio.gather(*writers)
        async with a_dao(address, tmp_path) as dao:
            stored, told = await stored_and_told(dao, "app")
        assert answered.items() <= stored.items()
        assert stored == told
        assert set(Counter(key.rpartition("-")[0] for key in stored).values()) == {BATCH}
