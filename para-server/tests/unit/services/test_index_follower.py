from __future__ import annotations

import asyncio

import pytest

from para_core.contracts.dao import Record
from para_server.services import index_follower
from para_server.services.index_follower import IndexFollower

from .index_fakes import LateDAO, RecordingSearch, record, settle, write

SOON = 2.0  # seconds; no test waits so long
PATIENCE_SEC = 60.0


# ---- writers and searchers -----------------------------------------------------------------------


async def test_a_search_finds_what_was_stored_before(
    follower: IndexFollower, dao: LateDAO, search: RecordingSearch
) -> None:
    for number in range(20):
        await write(follower, dao, f"c{number}")
        assert await follower.caught_up("app", SOON)
        assert f"c{number}" in search.ids()


async def test_changes_gather_until_somebody_waits(dao: LateDAO, search: RecordingSearch) -> None:
    follower = IndexFollower(dao, search, linger_sec=30)
    await follower.open()
    assert await follower.caught_up("app", SOON)
    for number in range(50):
        await write(follower, dao, f"c{number}")
        await asyncio.sleep(0)
    assert search.commits == []
    assert await follower.caught_up("app", SOON)
    assert [len(commit.puts) for commit in search.commits] == [50]
    await follower.close()


async def test_many_changes_are_applied_without_anybody_waiting(
    dao: LateDAO, search: RecordingSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_follower, "_ENOUGH", 10)
    follower = IndexFollower(dao, search, linger_sec=30)
    await follower.open()
    await follower.caught_up("app", SOON)
    await write(follower, dao, *[f"c{number}" for number in range(10)])
    await settle()
    assert len(search.ids()) == 10
    await follower.close()


async def test_the_last_of_several_changes_of_an_object_counts(
    follower: IndexFollower, dao: LateDAO, search: RecordingSearch
) -> None:
    await follower.caught_up("app", SOON)
    await write(follower, dao, "a", "b", text="old")
    await write(follower, dao, "b", text="new")
    await write(follower, dao, gone=["a"])
    assert await follower.caught_up("app", SOON)
    assert search.apps["app"].records == {"b": Record("b", "cat", record("b", "new").data, 2)}
    assert search.commits[-1].position == 3


async def test_an_object_made_again_after_its_removal_is_there(
    follower: IndexFollower, dao: LateDAO, search: RecordingSearch
) -> None:
    await write(follower, dao, "a")
    await write(follower, dao, gone=["a"])
    await write(follower, dao, "a", text="again")
    assert await follower.caught_up("app", SOON)
    assert search.apps["app"].records["a"].data == record("a", "again").data


async def test_a_writer_that_ends_late_does_not_undo_a_later_change(
    follower: IndexFollower, dao: LateDAO, search: RecordingSearch
) -> None:
    await follower.caught_up("app", SOON)
    answer = dao.hold("first")
    first = asyncio.create_task(write(follower, dao, "first", "both", text="old"))
    await settle()
    await write(follower, dao, "both", text="new")
    assert await follower.caught_up("app", SOON)
    answer.set()
    await first
    assert await follower.caught_up("app", SOON)
    assert search.apps["app"].records["both"].data == record("both", "new").data
    assert "first" in search.ids()


async def test_the_position_is_never_ahead_of_a_write_under_way(
    follower: IndexFollower, dao: LateDAO, search: RecordingSearch
) -> None:
    await write(follower, dao, "before")
    await follower.caught_up("app", SOON)
    answer = dao.hold("slow")
    slow = asyncio.create_task(write(follower, dao, "slow"))
    await settle()
    last = await write(follower, dao, "quick")
    assert await follower.caught_up("app", SOON)
    assert "quick" in search.ids()
    assert search.apps["app"].position == last - 2  # the change of "before"
    answer.set()
    await slow
    assert await follower.caught_up("app", SOON)
    assert search.apps["app"].position == last


async def test_the_position_is_never_ahead_of_a_write_that_ends_during_a_commit(
    follower: IndexFollower, dao: LateDAO, search: RecordingSearch
) -> None:
    await write(follower, dao, "before")
    await follower.caught_up("app", SOON)
    late, slow = dao.hold("late"), dao.hold("slow")
    tasks = [asyncio.create_task(write(follower, dao, key)) for key in ("late", "slow")]
    await settle()
    quick = await write(follower, dao, "quick")
    await follower.caught_up("app", SOON)
    dao.read_gate.clear()
    dao.reading.clear()
    late.set()  # it was overtaken, so what is stored is read before the commit
    waiter = asyncio.create_task(follower.caught_up("app", SOON))
    await dao.reading.wait()
    slow.set()
    await asyncio.gather(*tasks)
    dao.read_gate.set()
    assert await waiter
    [commit] = [commit for commit in search.commits if "late" in commit.puts]
    assert "slow" not in commit.puts
    assert commit.position == quick - 2  # the change of "late"
    assert await follower.caught_up("app", SOON)
    assert search.apps["app"].position == quick


async def test_a_search_that_waits_too_long_goes_on(
    follower: IndexFollower, dao: LateDAO, search: RecordingSearch
) -> None:
    await follower.caught_up("app", SOON)
    search.gate.clear()
    await write(follower, dao, "a")
    assert not await follower.caught_up("app", 0.01)
    search.gate.set()
    assert await follower.caught_up("app", SOON)


async def test_who_waits_hears_only_of_what_was_stored_before(
    follower: IndexFollower, dao: LateDAO, search: RecordingSearch
) -> None:
    await follower.caught_up("app", SOON)
    search.gate.clear()
    await write(follower, dao, "a")
    early = asyncio.create_task(follower.caught_up("app", SOON))
    await search.busy.wait()
    await write(follower, dao, "b")
    late = asyncio.create_task(follower.caught_up("app", SOON))
    await settle()
    search.busy.clear()
    search.gate.set()
    await early
    assert "a" in search.ids()
    assert await late
    assert "b" in search.ids()


async def test_a_conflict_leaves_nothing_behind(
    follower: IndexFollower, dao: LateDAO, search: RecordingSearch
) -> None:
    await follower.caught_up("app", SOON)
    token = await follower.begin("app")
    follower.end("app", token, 0, [], [])
    assert follower.is_current("app")
    await write(follower, dao, "a")
    await follower.caught_up("app", SOON)
    assert search.apps["app"].position == 1


async def test_writers_wait_while_too_much_waits_for_the_index(
    follower: IndexFollower,
    dao: LateDAO,
    search: RecordingSearch,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(index_follower, "_MOST_WAITING", 10)
    await follower.caught_up("app", SOON)
    search.gate.clear()
    await write(follower, dao, *[f"a{number}" for number in range(12)])
    await one_more_waits(follower, dao, search)
    assert len(search.ids()) == 13


async def test_a_large_object_counts_for_several_in_what_waits(
    follower: IndexFollower,
    dao: LateDAO,
    search: RecordingSearch,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(index_follower, "_MOST_WAITING", 10)
    await follower.caught_up("app", SOON)
    search.gate.clear()
    await write(follower, dao, "a", text="x" * 10 * index_follower._USUAL_BYTES)
    await one_more_waits(follower, dao, search)
    assert search.ids() == {"a", "b"}


async def one_more_waits(follower: IndexFollower, dao: LateDAO, search: RecordingSearch) -> None:
    """Write one more, which waits until the index gets on."""
    blocked = asyncio.create_task(write(follower, dao, "b"))
    await asyncio.sleep(0.02)
    assert not blocked.done()
    search.gate.set()
    await asyncio.wait_for(blocked, SOON)
    assert await follower.caught_up("app", SOON)


async def test_objects_that_no_database_holds_are_found_at_once(
    follower: IndexFollower, search: RecordingSearch
) -> None:
    await follower.index_unstored("app", [record("ghost")])
    assert search.ids() == {"ghost"}
    assert search.commits[-1].position is None


async def test_one_app_does_not_wait_for_the_rebuild_of_another(
    follower: IndexFollower, dao: LateDAO, search: RecordingSearch
) -> None:
    await write(follower, dao, "a", appid="busy")
    await follower.caught_up("busy", SOON)
    await follower.caught_up("other", SOON)
    search.rebuilding.clear()
    search.rebuild_gate.clear()
    rebuild = asyncio.create_task(follower.rebuild("busy"))
    await search.rebuilding.wait()
    await write(follower, dao, "b", appid="busy")
    await asyncio.sleep(0.02)
    await write(follower, dao, "c", appid="other")
    assert await follower.caught_up("other", SOON)
    search.rebuild_gate.set()
    assert await rebuild == 1
    assert await follower.caught_up("busy", SOON)
    assert search.ids("busy") == {"a", "b"}


async def test_nobody_waits_to_write_until_an_index_is_rebuilt(
    follower: IndexFollower,
    dao: LateDAO,
    search: RecordingSearch,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A rebuild may take minutes, and all that is written meanwhile waits for it."""
    monkeypatch.setattr(index_follower, "_MOST_WAITING", 10)
    await follower.caught_up("busy", SOON)
    await follower.caught_up("other", SOON)
    search.rebuilding.clear()
    search.rebuild_gate.clear()
    rebuild = asyncio.create_task(follower.rebuild("busy"))
    await search.rebuilding.wait()
    async with asyncio.timeout(PATIENCE_SEC):
        for number in range(40):
            await write(follower, dao, f"b{number}", appid="busy")
            await write(follower, dao, f"o{number}", appid="other")
    assert await follower.caught_up("other", PATIENCE_SEC)
    assert not rebuild.done()
    search.rebuild_gate.set()
    await rebuild
    assert await follower.caught_up("busy", PATIENCE_SEC)
    assert search.ids("busy") == {f"b{number}" for number in range(40)}
    assert search.ids("other") == {f"o{number}" for number in range(40)}
