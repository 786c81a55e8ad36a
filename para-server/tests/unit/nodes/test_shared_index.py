"""The index of all nodes: who writes it, and how far a search has to wait for it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from functools import partial

import pytest

from para_core.contracts.dao import Put, Write
from para_core.query.tree import All, Term
from para_core.testing.search import deltas
from para_core.testing.search.samples import batches
from para_server.services import following

from .fakes import a_record
from .members import APP, ONE, PATIENCE_SEC, TWO, Member, Setting


async def test_a_search_waits_for_what_its_node_stored(setting: Setting, writer: Member) -> None:
    for key in ("a", "b"):
        await writer.put(key)
        assert not writer.index.is_current(APP)
        assert await writer.index.caught_up(APP, PATIENCE_SEC)
        assert writer.index.is_current(APP)
    assert await setting.found() == ["a", "b"]


async def test_a_node_that_does_not_write_the_index_asks_how_far_it_is(
    setting: Setting, writer: Member, reader: Member
) -> None:
    await reader.put("a")
    waiting = [asyncio.create_task(reader.index.caught_up(APP, PATIENCE_SEC)) for _ in range(3)]
    await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    await writer.watch.look()
    assert await asyncio.gather(*waiting) == [True] * 3
    assert await setting.found() == ["a"]
    assert reader.index.is_current(APP)


async def test_a_search_waits_for_what_was_heard_of_others(
    setting: Setting, writer: Member, reader: Member
) -> None:
    await writer.put("a")
    assert reader.index.is_current(APP)  # it has not heard of it, and need not yet
    await reader.watch.look()
    assert not reader.index.is_current(APP)
    assert await reader.index.caught_up(APP, PATIENCE_SEC)
    assert await setting.found() == ["a"]


async def test_a_search_asks_the_database_when_others_are_not_heard(
    setting: Setting, writer: Member, reader: Member
) -> None:
    await writer.put("a")
    setting.clock.now += 101
    assert not reader.index.is_current(APP)
    assert await reader.index.caught_up(APP, PATIENCE_SEC)
    assert await setting.found() == ["a"]


async def test_a_search_waits_no_longer_than_told(reader: Member) -> None:
    await reader.put("a")
    assert not await reader.index.caught_up(APP, 0.01)


async def test_what_was_written_while_nobody_looked_after_the_app_is_indexed(
    setting: Setting,
) -> None:
    async with setting.a_node(ONE) as member:
        await member.put("a")
        await member.dao.delete(APP, "a")
        await member.put("b")
        await member.take_all()
        assert await member.index.caught_up(APP, PATIENCE_SEC)
        assert await setting.found() == ["b"]
        assert setting.engine.rebuilds == 1
        await member.put("c")
        assert await member.index.caught_up(APP, PATIENCE_SEC)
        assert setting.engine.rebuilds == 1


async def test_a_node_that_gives_its_shares_back_writes_no_more(
    setting: Setting, writer: Member
) -> None:
    await writer.put("a")
    assert await writer.index.caught_up(APP, PATIENCE_SEC)
    await writer.leases.open()
    await writer.leases.close()
    await writer.put("b")
    assert not await writer.index.caught_up(APP, 0.05)
    assert await setting.found() == ["a"]
    async with setting.a_node(TWO) as other:
        await other.take_all()
        assert await writer.index.caught_up(APP, PATIENCE_SEC)
    assert await setting.found() == ["a", "b"]


async def test_a_node_whose_lease_may_have_ended_does_not_begin_with_an_index(
    setting: Setting, writer: Member
) -> None:
    setting.clock.now += 900  # of 1000 seconds
    await writer.put("a")
    assert not await writer.index.caught_up(APP, 0.05)
    assert await setting.engine.position(APP) is None


# ---- trouble -----------------------------------------------------------------------------------


async def test_an_index_that_moved_is_gone_on_with(
    setting: Setting, writer: Member, caplog: pytest.LogCaptureFixture
) -> None:
    await writer.put("a")
    assert await writer.index.caught_up(APP, PATIENCE_SEC)
    setting.engine.moves = 1
    with caplog.at_level(logging.INFO):
        await writer.put("b")
        assert await writer.index.caught_up(APP, PATIENCE_SEC)
    assert await setting.found() == ["a", "b"]
    assert [record.levelno for record in caplog.records] == [logging.INFO]


async def test_an_index_that_somebody_removed_is_made_anew(
    setting: Setting, writer: Member
) -> None:
    await writer.put("a")
    assert await writer.index.caught_up(APP, PATIENCE_SEC)
    await setting.engine.drop(APP)
    await writer.put("b")
    assert await writer.index.caught_up(APP, PATIENCE_SEC)
    assert await setting.found() == ["a", "b"]


@pytest.mark.parametrize("searcher", ["writer", "reader"])
async def test_a_search_that_finds_no_index_has_it_made_anew(
    setting: Setting, writer: Member, reader: Member, searcher: str
) -> None:
    await writer.put("a")
    assert await writer.index.caught_up(APP, PATIENCE_SEC)
    await reader.watch.look()
    assert await reader.index.caught_up(APP, PATIENCE_SEC)
    await setting.engine.drop(APP)
    index = {"writer": writer, "reader": reader}[searcher].index
    for _ in range(2):  # the second finds that somebody is at it
        index.lost(APP)
    assert await index.caught_up(APP, PATIENCE_SEC)
    assert await setting.found() == ["a"]
    await writer.put("b")
    assert await writer.index.caught_up(APP, PATIENCE_SEC)
    assert await setting.found() == ["a", "b"]


async def test_an_index_that_is_ahead_of_its_database_is_made_anew(setting: Setting) -> None:
    await setting.engine.index(APP, [a_record("x", change=9)], [], 10_000)
    async with setting.a_node(ONE) as member:
        await member.put("a")
        await member.take_all()
        await until_at(setting, await member.dao.last_change(APP))
        assert await setting.found() == ["a"]


async def test_an_index_that_fails_again_and_again_is_made_anew(
    setting: Setting, writer: Member, caplog: pytest.LogCaptureFixture
) -> None:
    await writer.put("a")
    assert await writer.index.caught_up(APP, PATIENCE_SEC)
    before = setting.engine.rebuilds
    setting.engine.refused = 2
    await writer.put("b")
    assert await writer.index.caught_up(APP, PATIENCE_SEC)
    assert setting.engine.rebuilds == before + 1
    assert await setting.found() == ["a", "b"]
    assert "a fault of the engine" in caplog.text


async def test_an_index_that_cannot_be_made_is_tried_again_after_a_pause(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "_RETRY_SEC", (3600.0,))
    setting.engine.is_full = True
    await setting.dao.write(APP, Write("create", [Put(a_record("a"))]))
    async with setting.a_node(ONE) as member:
        await member.take_all()
        async with asyncio.timeout(PATIENCE_SEC):
            while not setting.engine.rebuilds:  # noqa: ASYNC110 - an engine tells nobody
                await asyncio.sleep(0.01)
        for _ in range(200):
            await asyncio.sleep(0)
        assert setting.engine.rebuilds == 1
        setting.engine.is_full = False
        await member.put("b")
        assert await member.index.caught_up(APP, PATIENCE_SEC)
    assert await setting.found() == ["a", "b"]


async def test_an_engine_that_is_away_is_told_of_once(
    setting: Setting, writer: Member, reader: Member, caplog: pytest.LogCaptureFixture
) -> None:
    setting.engine.is_away = True
    with caplog.at_level(logging.INFO):
        await writer.put("a")
        assert not await writer.index.caught_up(APP, 0.5)
        await reader.watch.look()
        assert not await reader.index.caught_up(APP, 0.05)
        setting.engine.is_away = False
        assert await writer.index.caught_up(APP, PATIENCE_SEC)
        assert await reader.index.caught_up(APP, PATIENCE_SEC)
    told = [r.levelno for r in caplog.records if r.levelno >= logging.WARNING]
    assert told == [logging.ERROR]
    assert caplog.text.count("takes changes again") == 1


async def until_at(setting: Setting, position: int | None) -> None:
    """Wait until the index is there."""
    async with asyncio.timeout(PATIENCE_SEC):
        while True:
            if await setting.engine.position(APP) == position:
                return
            await asyncio.sleep(0.01)


# ---- apps, and what is in no database ------------------------------------------------------------


async def test_any_node_makes_an_index_anew(
    setting: Setting, writer: Member, reader: Member
) -> None:
    await writer.put("a")
    assert await writer.index.caught_up(APP, PATIENCE_SEC)
    await setting.engine.index(APP, [a_record("stray", change=1)], [], None)
    assert await reader.index.rebuild(APP) == 1
    assert await setting.found() == ["a"]


async def test_objects_of_the_index_only_make_an_index(setting: Setting, reader: Member) -> None:
    await reader.index.index_unstored(APP, [a_record("kept")])
    assert (await setting.engine.find(APP, All())).sources.keys() == {"kept"}


async def test_what_is_indexed_out_of_order_is_read_again(
    setting: Setting, writer: Member, reader: Member
) -> None:
    number = await writer.put("a", "old")
    await writer.put("a", "new")
    await setting.dao.delete(APP, await a_key(writer, "b"))
    assert await writer.index.caught_up(APP, PATIENCE_SEC)
    old = [a_record("a", "old", number), a_record("b", "old", number)]
    await reader.index.index_unstored(APP, old, ["c"])
    assert await setting.found() == ["a"]
    new = await setting.engine.find(APP, Term("properties.text", "new"))
    assert new.keys == ["a"]


async def test_what_is_deleted_while_it_is_indexed_out_of_order_is_not_found(
    setting: Setting, writer: Member, reader: Member
) -> None:
    """Even where the engine no longer knows that it was removed."""
    number = await writer.put("a")
    assert await writer.index.caught_up(APP, PATIENCE_SEC)
    setting.engine.before_write = partial(forget_removed, setting)
    await reader.index.index_unstored(APP, [a_record("a", change=number)])
    assert await setting.found() == []


async def forget_removed(setting: Setting) -> None:
    """Delete an object, and let the engine index and forget that."""
    setting.engine.before_write = None
    number = await setting.dao.delete(APP, "a")
    records = batches()
    await setting.engine.rebuild_as_of(APP, records, number, deltas())


async def a_key(member: Member, key: str) -> str:
    await member.put(key)
    return key


async def test_a_new_app_has_nothing_of_an_old_one_of_its_name(
    setting: Setting, writer: Member, reader: Member
) -> None:
    await setting.engine.index(APP, [a_record("old", change=1)], [], 7)
    await reader.index.begin_app(APP)
    assert await setting.engine.position(APP) is None
    await writer.put("new")
    assert await writer.index.caught_up(APP, PATIENCE_SEC)
    await reader.index.begin_app(APP)  # made twice at the same time
    assert await setting.found() == ["new"]


async def test_what_a_new_app_has_is_found_though_an_old_index_was_removed_late(
    setting: Setting, writer: Member, reader: Member
) -> None:
    """The node was stopped between its look at the database and the removal."""

    async def write() -> None:
        await writer.put("new")
        assert await writer.index.caught_up(APP, PATIENCE_SEC)

    await setting.engine.index(APP, [a_record("old", change=1)], [], 7)
    setting.engine.before_drop = write
    await reader.index.begin_app(APP)
    assert await setting.found() == ["new"]
    await writer.put("newer")
    assert await writer.index.caught_up(APP, PATIENCE_SEC)
    assert await setting.found() == ["new", "newer"]


async def test_an_app_that_another_node_removed_is_forgotten(
    setting: Setting, writer: Member
) -> None:
    await writer.put("a")
    assert await writer.index.caught_up(APP, PATIENCE_SEC)
    await setting.dao.delete_table(APP)
    await writer.watch.look()
    await writer.index.gone(APP)
    await until_at(setting, None)
    assert writer.index.is_current(APP)
    await writer.put("b")
    assert await writer.index.caught_up(APP, PATIENCE_SEC)
    assert await setting.found() == ["b"]
    await writer.index.drop(APP)
    assert await setting.found() == []


async def test_progress_tells_of_apps_that_lack_something(setting: Setting, writer: Member) -> None:
    assert writer.index.progress() == {}
    setting.engine.is_away = True
    await writer.put("a")
    with contextlib.suppress(TimeoutError):
        await writer.index.caught_up(APP, 0.3)
    (progress,) = writer.index.progress().values()
    assert not progress.is_current
    setting.engine.is_away = False
    assert await writer.index.caught_up(APP, PATIENCE_SEC)
