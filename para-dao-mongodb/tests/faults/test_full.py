"""No space left: nothing that was answered is lost, and nothing is stored by halves."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from para_core.contracts.dao import Put, Write
from para_core.errors import BackendError, StorageFullError
from para_core.testing.dao import a_record
from para_core.testing.small_disks import a_small_disk
from para_dao_mongodb import hold
from para_dao_mongodb.address import Address, address_of
from para_dao_mongodb.dao import MongoDBDAO
from para_dao_mongodb.settings import MongoSettings

from ..databases import AWAY, PATIENT_MS, a_database  # noqa: TID252 - tests have no absolute names
from ..failing import FULL, fail  # noqa: TID252
from ..secantusd import Secantusd  # noqa: TID252

pytestmark = [pytest.mark.service("secantusd"), *AWAY]

BATCH = 4


def a_dao(address: Address, folder: Path) -> MongoDBDAO:
    return MongoDBDAO(address, timeout_ms=PATIENT_MS, journal_dir=folder)


async def stored_and_told(dao: MongoDBDAO) -> tuple[dict[str, int], dict[str, int]]:
    stored = {record.id: record.change for record in await dao.read_page("app", limit=10**5)}
    feed = await dao.changes("app", 0, limit=10**5)
    return stored, {key: change.number for change in feed for key in change.keys}


@pytest.fixture(params=[(), ("--standalone",)], ids=["transactions", "journal"])
async def server(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Secantusd]:
    """Start a server that fails on command; nothing but the writes of a test may meet that."""
    monkeypatch.setattr(hold, "_RENEWAL_SEC", 10**6)
    folder = tmp_path / "server"
    folder.mkdir()
    async with Secantusd(folder, "--enable-test-commands", *request.param) as server:
        yield server


async def test_a_server_that_says_so_stores_nothing_and_goes_on_with_room(
    server: Secantusd, tmp_path: Path
) -> None:
    """With transactions it can say so at each step, before the commit that makes them one."""
    async with a_database(server.uri) as address, a_dao(address, tmp_path) as dao:
        first = await dao.create_all("app", [a_record("a"), a_record("b")])
        steps = ["update"] if "--standalone" in server.options else ["update", "insert"]
        for step in steps:
            await fail(address, step, FULL)
            with pytest.raises(StorageFullError, match="no space left"):
                await dao.write("app", Write("updateAll", [Put(a_record("a"), first)], ["b"]))
            assert await stored_and_told(dao) == (dict.fromkeys("ab", first),) * 2
        second = await dao.write("app", Write("updateAll", [Put(a_record("a"), first)], ["b"]))
        stored, told = await stored_and_told(dao)
        assert stored == {"a": second}
        assert told == {"a": second, "b": second}


@pytest.mark.long
@pytest.mark.parametrize("options", [(), ("--standalone",)], ids=["transactions", "journal"])
async def test_a_disk_without_room_costs_nothing_that_was_answered(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    """SecantusDB refuses everything until it is started again; a mongod would have ended."""
    answered: dict[str, int] = {}
    with a_small_disk(tmp_path / "disk", 40) as disk:
        server = Secantusd(disk.folder, "--cache-size", "64M", *options)
        async with server:
            address = address_of(MongoSettings(uri=server.uri), "para")
            dao = a_dao(address, tmp_path)
            await dao.open()
            with pytest.raises(BackendError):
                await fill(dao, answered)
            await server.kill()
            disk.grow(400)
            await server.start()
            stored, told = await stored_and_told(dao)
            assert stored == told
            assert stored.items() >= answered.items()
            assert len(stored) in (len(answered), len(answered) + BATCH)
            assert await dao.create("app", a_record("after")) > max(stored.values())
            await dao.close()
    assert len(answered) > BATCH


async def fill(dao: MongoDBDAO, answered: dict[str, int]) -> None:
    chance = random.Random(7)  # noqa: S311 - what no server makes smaller
    for step in range(10**4):
        keys = [f"{step}-{part}" for part in range(BATCH)]
        text = chance.randbytes(20_000).hex()
        number = await dao.create_all("app", [a_record(key, text=text) for key in keys])
        answered |= dict.fromkeys(keys, number)
