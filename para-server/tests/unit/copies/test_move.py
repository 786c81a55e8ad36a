"""The target becomes what the source is, whatever either was before."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator

import pytest

from para_core.contracts.dao import Put, Record, Write, is_room
from para_core.contracts.snapshot import Table
from para_core.errors import BackendError, ConfigError, StorageFullError
from para_core.memory.dao import MemoryDAO
from para_server.copies.marker import Mark, Marker
from para_server.copies.move import Moved, MoveError, move

from .samples import contents, fill, put, some_records


class Counting(MemoryDAO):
    """Counts what is written to it, and fails when it may write or remove no more."""

    def __init__(self) -> None:
        super().__init__()
        self.writes_left = self.removals_left = 10**9

    async def write(self, appid: str, write: Write) -> int:
        if not self.writes_left:
            raise StorageFullError("no space left")
        self.writes_left -= 1
        return await super().write(appid, write)

    async def delete_table(self, appid: str) -> None:
        if not is_room(appid):
            if not self.removals_left:
                raise BackendError("the process is killed")
            self.removals_left -= 1
        await super().delete_table(appid)


@pytest.fixture
async def source() -> AsyncIterator[MemoryDAO]:
    async with MemoryDAO() as dao:
        await fill(dao)
        yield dao


@pytest.fixture
async def target() -> AsyncIterator[Counting]:
    async with Counting() as dao:
        yield dao


async def run(source: MemoryDAO, target: MemoryDAO, *, replaces: bool = False) -> Moved:
    return await move(source, target, Mark("move --from a --to b", "a"), replaces=replaces)


async def test_all_apps_arrive(source: MemoryDAO, target: Counting) -> None:
    moved = await run(source, target)
    assert await contents(target) == await contents(source)
    assert moved == Moved(apps=4, objects=1350, put=1350)
    async with target.snapshot() as seen:
        tables = await seen.tables()
    assert {Table("shared", shared=True), Table("empty"), Table("big")} <= set(tables)
    mark = await Marker(target).find()
    assert mark is not None
    assert mark.is_finished


async def test_nobody_hears_of_what_arrived(source: MemoryDAO, target: Counting) -> None:
    await run(source, target)
    for appid in ("para", "shared", "big"):
        assert await target.changes(appid, 0) == []
        assert await target.last_change(appid) > 0


async def change_something(source: MemoryDAO) -> None:
    await put(source, "big", Record("id00005", "film", b'{"a":1}'), Record("new", "film", b"{}"))
    await source.delete_all("big", ["id00007", "ž/č"])
    await source.create("made", Record("x", "film", b"{}"))
    await source.delete_table("shared")


@pytest.mark.parametrize("forgets", [False, True], ids=["by the feed", "by a scan"])
async def test_a_second_run_brings_what_changed(
    source: MemoryDAO, target: Counting, *, forgets: bool
) -> None:
    await run(source, target)
    await change_something(source)
    if forgets:  # as the follower of the index does
        await source.forget_changes("big", await source.last_change("big"))
    moved = await run(source, target)
    assert await contents(target) == await contents(source)
    assert (moved.put, moved.deleted, moved.repaired) == (3, 2, [])
    again = await run(source, target)
    assert (again.put, again.deleted, again.objects) == (0, 0, moved.objects)


async def test_an_app_that_was_removed_and_made_again_is_the_new_one(
    source: MemoryDAO, target: Counting
) -> None:
    await run(source, target)
    await source.delete_table("shared")
    await put(source, "shared", Record("only", "film", b"{}"), some_records(30, seed=2)[4])
    await run(source, target)
    assert await contents(target) == await contents(source)


async def test_a_source_that_was_put_back_is_looked_at_whole(target: Counting) -> None:
    async with MemoryDAO() as source:
        await fill(source)
        await put(source, "big", *some_records(50, seed=8))
        await run(source, target)
    async with MemoryDAO() as source:
        await fill(source)
        await run(source, target)
        assert await contents(target) == await contents(source)


async def test_what_others_changed_in_the_target_is_repaired(
    source: MemoryDAO, target: Counting
) -> None:
    await run(source, target)
    await target.delete("big", "id00007")
    await put(target, "big", Record("strange", "film", b"{}"))
    moved = await run(source, target)
    assert moved.repaired == ["big"]
    assert await contents(target) == await contents(source)


async def test_what_gets_lost_again_and_again_is_an_error(source: MemoryDAO) -> None:
    class Loses(MemoryDAO):
        async def write(self, appid: str, write: Write) -> int:
            kept = [put for put in write.puts if put.record.id != "id00999"]
            return await super().write(appid, Write(write.event, kept, write.deletes))

    async with Loses() as target:
        with pytest.raises(
            MoveError, match="'big' did not arrive as it was: 1300 objects there, 1299"
        ):
            await run(source, target)
        mark = await Marker(target).find()
        assert mark is not None
        assert not mark.is_finished


async def test_a_run_that_was_interrupted_is_done_again(source: MemoryDAO) -> None:
    for writes in range(1, 15):
        async with Counting() as target:
            target.writes_left = writes
            try:
                await run(source, target)
            except StorageFullError:
                mark = await Marker(target).find()
                assert mark is not None
                assert not mark.is_finished
            target.writes_left = 10**9
            await run(source, target)
            assert await contents(target) == await contents(source)


async def test_apps_from_elsewhere_are_not_touched(source: MemoryDAO, target: Counting) -> None:
    await put(target, "mine", *some_records(3))
    before = await contents(target)
    with pytest.raises(MoveError, match=r"did not come from this source \(mine\)"):
        await run(source, target)
    assert await contents(target) == before
    assert await Marker(target).find() is None
    await run(source, target, replaces=True)
    assert await contents(target) == await contents(source)


@pytest.mark.parametrize("removals", range(3))
async def test_a_run_that_was_interrupted_while_it_removed_apps_removes_them_all(
    source: MemoryDAO, target: Counting, removals: int
) -> None:
    for appid in ("mine", "yours", "theirs"):
        await put(target, appid, *some_records(3))
    target.removals_left = removals
    with pytest.raises(BackendError, match="killed"):
        await run(source, target, replaces=True)
    target.removals_left = 10**9
    await run(source, target)
    assert await contents(target) == await contents(source)


async def test_once_a_server_uses_the_target_it_is_its_own(
    source: MemoryDAO, target: Counting
) -> None:
    await run(source, target)
    await Marker(target).remove()  # as its start does
    with pytest.raises(MoveError, match="add --replace"):
        await run(source, target)


@pytest.mark.parametrize("replaces", [False, True])
async def test_a_database_does_not_move_into_itself(source: MemoryDAO, *, replaces: bool) -> None:
    before = await contents(source)
    with pytest.raises(MoveError, match="same database" if replaces else "add --replace"):
        await run(source, source, replaces=replaces)
    assert await contents(source) == before
    assert await Marker(source).find() is None


async def test_neither_nothing_nor_a_half_copy_moves(target: Counting) -> None:
    async with MemoryDAO() as empty:
        with pytest.raises(MoveError, match="nothing to move"):
            await run(empty, target)
        await Marker(empty).put(Mark("restore x", "x"))
        with pytest.raises(ConfigError, match="restore x"):
            await run(empty, target)
    assert await target.apps() == []


async def test_writes_go_on_during_a_move(source: MemoryDAO, target: Counting) -> None:
    chance = random.Random(5)  # noqa: S311 - a seed, not a secret
    done = asyncio.Event()

    async def disturb() -> None:
        keys = [record.id for record in some_records(1300, seed=3)]
        while not done.is_set():
            record = Record(chance.choice(keys), "film", b'{"n":%d}' % chance.randrange(9))
            gone = chance.choice(keys)
            await source.write(
                "big", Write("x", [Put(record)], [gone] if gone != record.id else [])
            )
            await asyncio.sleep(0)

    disturber = asyncio.create_task(disturb())
    for _ in range(3):
        assert (await run(source, target)).repaired == []
    done.set()
    await disturber
    await run(source, target)
    assert await contents(target) == await contents(source)
