"""Snapshots: nothing in them moves, and nobody waits for them."""

from __future__ import annotations

import asyncio

import pytest

from para_core.contracts.dao import DAO, Record
from para_core.contracts.snapshot import Snapshot, Table
from para_core.testing.dao.samples import a_record, value_of

__all__ = ["SnapshotTests"]


async def _walk(snapshot: Snapshot, appid: str, *, changed_after: int = 0) -> list[Record]:
    records: list[Record] = []
    after = ""
    while page := await snapshot.read_page(
        appid, after=after, limit=3, changed_after=changed_after
    ):
        records += page
        after = page[-1].id
    return records


class SnapshotTests:
    """What ``DAO.snapshot`` promises."""

    async def test_a_snapshot_holds_what_is_stored(self, dao: DAO) -> None:
        await dao.create_table("one", shared=True)
        await dao.create_table("two")
        number = await dao.create_all("one", [a_record(f"id{n}") for n in range(10)])
        async with dao.snapshot() as seen:
            tables = {table.appid: table for table in await seen.tables()}
            assert sorted(tables) == ["one", "two"]
            if seen.is_frozen:
                assert tables == {"one": Table("one", shared=True), "two": Table("two")}
            assert [r.id for r in await _walk(seen, "one")] == [f"id{n}" for n in range(10)]
            assert await _walk(seen, "two") == await _walk(seen, "unknown") == []
            assert await seen.last_change("one") == number
            assert await seen.last_change("unknown") == 0
            assert await seen.read_all("one", ["id4", "id3", "no", ""]) == await dao.read_all(
                "one", ["id4", "id3"]
            )
            assert await seen.read_all("unknown", ["id3"]) == {}
            assert await seen.changes("one", 0) == await dao.changes("one", 0)
            assert await seen.changes("one", number) == await seen.changes("unknown", 0) == []

    async def test_what_is_written_later_is_not_in_it(self, dao: DAO) -> None:
        await dao.create_all("app", [a_record(f"id{n}", text="old") for n in range(9)])
        number = await dao.create_all("gone", [a_record("cat1"), a_record("cat2")])
        async with dao.snapshot() as seen:
            if not seen.is_frozen:
                pytest.skip("shows what is there now")
            before = await dao.read_page("app")
            await dao.create_all("app", [a_record("id0", text="new"), a_record("id99")])
            await dao.delete("app", "id8")
            await dao.create("new", a_record("cat1"))
            await dao.forget_changes("gone", number)
            await dao.delete("gone", "cat1")
            assert await _walk(seen, "app") == before
            assert list(await seen.read_all("app", ["id8", "id99"])) == ["id8"]
            assert [table.appid for table in await seen.tables()] == ["app", "gone"]
            assert [r.id for r in await _walk(seen, "gone")] == ["cat1", "cat2"]
            assert [c.number for c in await seen.changes("gone", 0)] == [number]
            assert await seen.last_change("gone") == number
        found = await dao.read("app", "id0")
        assert value_of(found) == value_of(a_record("id0", text="new"))

    async def test_only_what_changed_is_read_if_that_is_wanted(self, dao: DAO) -> None:
        await dao.create_all("app", [a_record(f"id{n}") for n in range(10)])
        last = await dao.create("app", a_record("id5"))
        await dao.create_all("app", [a_record("id2"), a_record("id7"), a_record("new")])
        await dao.delete("app", "id3")
        async with dao.snapshot() as seen:
            changed = await _walk(seen, "app", changed_after=last)
            assert [record.id for record in changed] == ["id2", "id7", "new"]
            assert await _walk(seen, "app", changed_after=await seen.last_change("app")) == []

    async def test_writes_go_on_while_snapshots_are_open(self, dao: DAO) -> None:
        stay = [f"m{number:03}" for number in range(60)]
        await dao.create_all("app", [a_record(key) for key in stay])
        async with dao.snapshot() as one, dao.snapshot() as other:
            walks = asyncio.gather(_walk(one, "app"), _walk(one, "app"), _walk(other, "app"))
            for step in range(30):
                await dao.create("app", a_record(f"n{step:02}"))
            for walk in await walks:
                met = [record.id for record in walk]
                assert [key for key in met if key[0] == "m"] == stay
                assert one.is_frozen <= (met == stay)
        assert len(await dao.read_page("app")) == 90
