"""Who has the database: one that restores or moves it, or the processes of one group."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from para_core.errors import ConfigError, UnavailableError
from para_core.testing.dao import a_record
from para_dao_mongodb import hold
from para_dao_mongodb.address import Address
from para_dao_mongodb.dao import MongoDBDAO
from para_dao_mongodb.store import Store

from ..databases import PATIENT_MS, a_database  # noqa: TID252 - tests have no absolute names

pytestmark = pytest.mark.service("mongodb")


@pytest.fixture
async def address() -> AsyncIterator[Address]:
    async with a_database() as address:
        yield address


def a_dao(address: Address) -> MongoDBDAO:
    return MongoDBDAO(address, timeout_ms=PATIENT_MS)


@asynccontextmanager
async def alone(address: Address) -> AsyncIterator[MongoDBDAO]:
    dao = a_dao(address)
    await dao.open_alone()
    try:
        yield dao
    finally:
        await dao.close()


def store_of(dao: MongoDBDAO) -> Store:
    assert dao._opened is not None
    return dao._opened.store


async def refusal_alone(address: Address) -> str:
    with pytest.raises(ConfigError) as caught:
        await a_dao(address).open_alone()
    assert "\n" not in str(caught.value)
    return str(caught.value)


async def test_a_database_that_servers_use_is_nobodys_alone(address: Address) -> None:
    async with a_dao(address) as one, a_dao(address) as two:
        assert "is in use by a server; stop every server" in await refusal_alone(address)
        await one.close()
        assert "is in use by a server" in await refusal_alone(address)
        await two.create("app", a_record("cat1"))
    async with alone(address) as dao:
        assert await dao.read("app", "cat1") is not None


async def test_whoever_has_it_alone_keeps_servers_out_until_the_end(address: Address) -> None:
    async with a_dao(address) as dao:
        await dao.create("old", a_record("cat1"))
    async with alone(address) as dao:
        with pytest.raises(ConfigError, match="restore or move"):
            await a_dao(address).open()
        assert "is in use by a server" in await refusal_alone(address)
        for appid in ("old", "new"):
            await dao.create(appid, a_record("cat2"))
        await dao.delete_table("old")
        await dao.create("old", a_record("cat3"))
        beside = a_dao(address)
        await beside.open_beside()
        async with beside.snapshot() as seen:
            assert [record.id for record in await seen.read_page("old")] == ["cat3"]
        await beside.close()
    async with a_dao(address) as dao:
        await dao.create("old", a_record("cat4"))
        await dao.create("third", a_record("cat5"))
        assert [record.id for record in await dao.read_page("old")] == ["cat3", "cat4"]


async def test_a_server_that_was_cut_off_writes_nothing_while_another_is_alone(
    address: Address,
) -> None:
    async with a_dao(address) as dao:
        await dao.create("app", a_record("cat1"))
        await store_of(dao).servers.delete_many({})  # as if its time had run out
        async with alone(address) as other:
            for attempt in (
                dao.create("app", a_record("cat2")),
                dao.create("new", a_record("cat2")),
                dao.create_table("new"),
                dao.delete_table("app"),
            ):
                with pytest.raises(UnavailableError, match=r"in use by|alone"):
                    await attempt
            assert [record.id for record in await other.read_page("app")] == ["cat1"]
            assert await other.apps() == ["app"]
        assert await dao.create("app", a_record("cat2")) > 0


async def test_an_entry_is_renewed(address: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hold, "_RENEWAL_SEC", 0.01)
    async with a_dao(address) as dao:
        servers = store_of(dao).servers
        await servers.delete_many({})
        async with asyncio.timeout(PATIENT_MS / 1000):
            while await servers.count_documents({}) == 0:  # noqa: ASYNC110 - the server tells
                await asyncio.sleep(0.01)
        assert "is in use by a server" in await refusal_alone(address)


async def test_an_entry_is_renewed_on_whatever_went_wrong_in_between(
    address: Address, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(hold, "_RENEWAL_SEC", 0.01)
    async with a_dao(address) as dao, asyncio.timeout(PATIENT_MS / 1000):
        with monkeypatch.context() as broken:
            broken.setattr(hold, "this_process", lambda: None)
            while not caplog.messages:  # noqa: ASYNC110 - a log tells nobody
                await asyncio.sleep(0.01)
        assert caplog.messages[0] == "the entry of this server in the database was not renewed"
        assert caplog.records[0].exc_info is not None
        servers = store_of(dao).servers
        await servers.delete_many({})
        while await servers.count_documents({}) == 0:  # noqa: ASYNC110 - the server tells
            await asyncio.sleep(0.01)


async def left_behind(store: Store) -> tuple[int, int]:
    """Return how many have the database alone, and how many documents have a mark of one."""
    marked = {"owner": {"$ne": None}}
    counts = [await one.count_documents(marked) for one in (store.apps, store.format)]
    return await store.servers.count_documents({"alone": True}), sum(counts)


@pytest.fixture
async def unused(address: Address) -> AsyncIterator[Store]:
    """A database with an app, which nobody has."""
    async with a_dao(address) as dao:
        await dao.create("app", a_record("cat1"))
        await store_of(dao).servers.delete_many({})
        yield store_of(dao)


async def test_one_whose_end_is_cancelled_leaves_nothing_behind(unused: Store) -> None:
    held = hold.Hold(unused, "here", is_alone=True)
    await held.begin()
    assert await left_behind(unused) == (1, 2)
    ending = asyncio.create_task(held.end())
    await asyncio.sleep(0)
    ending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ending
    assert await left_behind(unused) == (0, 0)


async def test_one_that_does_not_notice_that_it_is_cancelled_ends_all_the_same(
    unused: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hold, "_RENEWAL_SEC", 0)
    renew, is_renewing = hold.Hold._renew, asyncio.Event()

    async def unaware(self: hold.Hold) -> None:
        is_renewing.set()
        with contextlib.suppress(asyncio.CancelledError):  # as PyMongo does at some places
            await asyncio.sleep(PATIENT_MS / 1000)
        await renew(self)

    held = hold.Hold(unused, "here", is_alone=True)
    await held.begin()
    monkeypatch.setattr(hold.Hold, "_renew", unaware)
    await is_renewing.wait()
    async with asyncio.timeout(PATIENT_MS / 1000):
        await held.end()
    assert await left_behind(unused) == (0, 0)


async def test_one_whose_begin_is_cancelled_leaves_nothing_behind(
    unused: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = hold.Hold._mark

    async def cancelled(self: hold.Hold, owner: str | None) -> None:
        await mark(self, owner)
        assert await left_behind(unused) == (1, 2)
        raise asyncio.CancelledError

    monkeypatch.setattr(hold.Hold, "_mark", cancelled)
    with pytest.raises(asyncio.CancelledError):
        await hold.Hold(unused, "here", is_alone=True).begin()
    assert await left_behind(unused) == (0, 0)


KILLED = """
import asyncio, os, sys
from para_core.testing.dao import a_record
from para_dao_mongodb.address import address_of
from para_dao_mongodb.dao import MongoDBDAO
from para_dao_mongodb.settings import MongoSettings

async def main():
    dao = MongoDBDAO(address_of(MongoSettings(uri=sys.argv[1]), sys.argv[2]), timeout_ms=60000)
    await dao.open_alone()
    await dao.create("app", a_record("cat1"))
    os._exit(9)

asyncio.run(main())
"""


async def test_a_process_that_was_killed_here_holds_up_nobody(address: Address) -> None:
    command = [sys.executable, "-c", KILLED, address.uri, address.database]
    done = await asyncio.to_thread(subprocess.run, command, check=False)
    assert done.returncode == 9
    async with a_dao(address) as dao:
        assert await dao.create("app", a_record("cat2")) > 0
        assert [record.id for record in await dao.read_page("app")] == ["cat1", "cat2"]


async def test_one_that_was_killed_elsewhere_is_forgotten_after_its_time(
    address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_dao(address) as dao:
        servers = store_of(dao).servers
        entry = await servers.find_one({})
        assert entry is not None
        await servers.insert_one({**entry, "_id": "other", "machine": "another", "alone": True})
        with pytest.raises(ConfigError, match="restore or move"):
            await a_dao(address).open()
        monkeypatch.setattr(hold, "_LEASE_SEC", -1.0)
        async with a_dao(address) as two:
            assert await two.create("app", a_record("cat1")) > 0


# ---- of one group ------------------------------------------------------------------------------


def a_dao_of(address: Address, group: str) -> MongoDBDAO:
    dao = a_dao(address)
    dao.share(group)
    return dao


async def refusal_of(address: Address, group: str) -> str:
    with pytest.raises(ConfigError) as caught:
        await a_dao_of(address, group).open()
    assert "\n" not in str(caught.value)
    return str(caught.value)


async def test_processes_of_one_group_keep_those_of_others_out_until_all_have_ended(
    address: Address,
) -> None:
    async with a_dao_of(address, "one") as first, a_dao_of(address, "one") as second:
        await first.close()
        said = await refusal_of(address, "two")
        assert "is in use by another server; stop that one first" in said
        assert "para.nodes" not in said, "there are no nodes on MongoDB"
        assert await second.create("app", a_record("cat1")) > 0
    async with a_dao_of(address, "two") as dao:
        assert await dao.read("app", "cat1") is not None


async def test_who_is_of_no_group_is_kept_out_by_nobody_and_keeps_out_nobody(
    address: Address,
) -> None:
    async with a_dao(address) as before, a_dao_of(address, "one") as dao, a_dao(address) as after:
        await dao.create("app", a_record("cat1"))
        assert await before.read("app", "cat1") == await after.read("app", "cat1")


async def test_one_of_another_group_that_was_killed_elsewhere_is_forgotten_after_its_time(
    address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_dao_of(address, "one") as dao:
        entry = await store_of(dao).servers.find_one({})
        assert entry is not None
    other = {**entry, "_id": "other", "machine": "another"}
    async with a_dao(address) as dao:
        await store_of(dao).servers.insert_one(other)
    assert "is forgotten after 15 seconds" in await refusal_of(address, "two")
    monkeypatch.setattr(hold, "_LEASE_SEC", -1.0)
    async with a_dao_of(address, "two") as dao:
        assert await dao.create("app", a_record("cat1")) > 0
