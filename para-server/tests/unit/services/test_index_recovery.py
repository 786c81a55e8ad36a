from __future__ import annotations

import asyncio
import logging

import pytest

from para_core.contracts.dao import Put, Record, Write
from para_core.errors import BackendError, UnavailableError
from para_server.services import index_follower
from para_server.services.index_follower import IndexFollower

from . import index_fakes
from .index_fakes import LateDAO, RecordingSearch, record, settle, write

SOON = 2.0  # seconds; no test waits so long


# ---- failures ------------------------------------------------------------------------------------


async def test_a_write_whose_answer_was_lost_is_indexed(
    follower: IndexFollower, dao: LateDAO, search: RecordingSearch
) -> None:
    await write(follower, dao, "a")
    await follower.caught_up("app", SOON)
    dao.lost.add("b")
    with pytest.raises(BackendError, match="lost"):
        await write(follower, dao, "b")
    assert await follower.caught_up("app", SOON)
    assert search.ids() == {"a", "b"}


async def test_a_write_that_is_stored_after_it_failed_is_indexed_later(
    follower: IndexFollower,
    dao: LateDAO,
    search: RecordingSearch,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(index_follower, "DOUBT_SEC", 0.05)
    await write(follower, dao, "a")
    await follower.caught_up("app", SOON)
    token = await follower.begin("app")
    follower.doubt("app", token)
    assert await follower.caught_up("app", SOON)
    await dao.write("app", Write("create", [Put(record("ghost"))]))  # nobody hands it over
    await write(follower, dao, "b")
    assert await follower.caught_up("app", SOON)
    assert search.apps["app"].position == 1  # held back: a crash now would not lose the ghost
    await asyncio.sleep(0.06)
    assert await follower.caught_up("app", SOON)
    assert search.ids() == {"a", "b", "ghost"}
    assert search.apps["app"].position == 3


@pytest.mark.usefixtures("quick_retry")
async def test_changes_that_the_index_refused_are_applied_later(
    follower: IndexFollower,
    dao: LateDAO,
    search: RecordingSearch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await follower.caught_up("app", SOON)
    search.failures = [UnavailableError("gone"), ValueError("a mistake"), UnavailableError("gone")]
    await write(follower, dao, "a")
    await write(follower, dao, "b")
    assert await follower.caught_up("app", SOON)
    assert search.ids() == {"a", "b"}
    assert "the index refused changes" in caplog.text


@pytest.mark.usefixtures("quick_retry")
async def test_an_engine_that_is_away_is_told_of_once(
    follower: IndexFollower,
    dao: LateDAO,
    search: RecordingSearch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    await follower.caught_up("app", SOON)
    for key in ("a", "b"):
        search.failures = [UnavailableError("gone"), UnavailableError("gone, still")]
        await write(follower, dao, key)
        assert await follower.caught_up("app", SOON)
        told = [line for line in caplog.records if line.name == index_follower.__name__]
        assert [(line.levelname, line.getMessage()) for line in told] == [
            ("ERROR", "the index refused changes: gone"),
            ("INFO", "the search engine takes changes again"),
        ]
        assert told[0].exc_info is None
        caplog.clear()


async def test_writers_go_on_while_the_index_refuses_changes(
    follower: IndexFollower,
    dao: LateDAO,
    search: RecordingSearch,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(index_follower, "_MOST_WAITING", 10)
    monkeypatch.setattr(index_follower, "_RETRY_SEC", 0.05)
    await follower.caught_up("app", SOON)
    search.failures = [UnavailableError("gone")] * 3
    async with asyncio.timeout(SOON):
        for number in range(100):
            await write(follower, dao, f"c{number}")
            await asyncio.sleep(0)
    assert await follower.caught_up("app", SOON)
    assert len(search.ids()) == 100


@pytest.mark.usefixtures("quick_retry")
async def test_an_app_whose_database_fails_at_first_is_followed_later(
    dao: LateDAO, search: RecordingSearch
) -> None:
    await dao.write("app", Write("create", [Put(record("a"))]))
    search.apps["app"] = search.apps.get("app") or _empty(0)
    dao.broken = True
    follower = IndexFollower(dao, search, linger_sec=0)
    await follower.open()
    assert not await follower.caught_up("app", 0.03)
    dao.broken = False
    assert await follower.caught_up("app", SOON)
    assert search.ids() == {"a"}
    await follower.close()


def _empty(position: int) -> index_fakes.Documents:
    return index_fakes.Documents({}, position)


@pytest.mark.usefixtures("quick_retry")
async def test_an_index_that_fails_again_and_again_is_made_anew(
    follower: IndexFollower, dao: LateDAO, search: RecordingSearch
) -> None:
    await write(follower, dao, "a")
    await follower.caught_up("app", SOON)
    search.rebuilding.clear()
    search.apps["app"].records["zombie"] = record("zombie")
    search.failures = [BackendError("bad sector")] * 2
    await write(follower, dao, "b")
    assert await follower.caught_up("app", SOON)
    assert search.rebuilding.is_set()
    assert search.ids() == {"a", "b"}


@pytest.mark.usefixtures("quick_retry")
async def test_an_index_out_of_reach_is_not_made_anew(
    follower: IndexFollower, dao: LateDAO, search: RecordingSearch
) -> None:
    await write(follower, dao, "a")
    await follower.caught_up("app", SOON)
    search.rebuilding.clear()
    search.failures = [UnavailableError("gone")] * 4
    await write(follower, dao, "b")
    assert await follower.caught_up("app", SOON)
    assert not search.rebuilding.is_set()
    assert search.ids() == {"a", "b"}


# ---- rebuilds, removal, restarts -----------------------------------------------------------------


async def test_a_rebuild_under_writes_ends_with_everything(
    follower: IndexFollower, dao: LateDAO, search: RecordingSearch
) -> None:
    for number in range(30):
        await write(follower, dao, f"c{number}")
    await follower.caught_up("app", SOON)
    search.rebuilding.clear()
    search.rebuild_gate.clear()
    rebuild = asyncio.create_task(follower.rebuild("app"))
    await search.rebuilding.wait()
    await write(follower, dao, "new")
    await write(follower, dao, gone=["c0", "c1"])
    await write(follower, dao, "c2", text="changed")
    search.rebuild_gate.set()
    assert await rebuild == 30
    assert await follower.caught_up("app", SOON)
    assert search.ids() == {"new", *(f"c{number}" for number in range(2, 30))}
    assert search.apps["app"].records["c2"].data == record("c2", "changed").data


async def test_objects_that_do_not_want_to_be_found_are_left_out_of_a_rebuild(
    follower: IndexFollower, dao: LateDAO, search: RecordingSearch
) -> None:
    hidden = Record("h", "cat", b'{"id":"h","type":"cat","indexed":false}')
    await dao.write("app", Write("create", [Put(record("a")), Put(hidden)]))
    assert await follower.rebuild("app") == 1
    assert search.ids() == {"a"}


async def test_a_dropped_app_leaves_nothing_and_nobody_waiting(
    follower: IndexFollower, dao: LateDAO, search: RecordingSearch
) -> None:
    await write(follower, dao, "a")
    await follower.caught_up("app", SOON)
    search.gate.clear()
    await write(follower, dao, "b")
    waiter = asyncio.create_task(follower.caught_up("app", SOON))
    await search.busy.wait()
    await dao.delete_table("app")
    drop = asyncio.create_task(follower.drop("app"))
    await settle()
    search.gate.set()
    await drop
    assert await waiter
    assert search.ids() == set()
    await write(follower, dao, "again")
    assert await follower.caught_up("app", SOON)
    assert search.ids() == {"again"}


@pytest.mark.usefixtures("quick_retry")
async def test_an_app_dropped_while_its_index_failed_stays_away(
    follower: IndexFollower, dao: LateDAO, search: RecordingSearch
) -> None:
    await follower.caught_up("app", SOON)
    search.failures = [UnavailableError("gone")]
    search.busy.clear()
    await write(follower, dao, "a")
    await asyncio.wait_for(search.busy.wait(), SOON)
    assert search.failures == []  # the change was refused, and waits for another try
    await dao.delete_table("app")
    await follower.drop("app")
    await asyncio.sleep(0.03)
    assert search.apps == {}


async def test_closing_applies_what_was_handed_over(dao: LateDAO, search: RecordingSearch) -> None:
    follower = IndexFollower(dao, search, linger_sec=30)
    await follower.open()
    await follower.caught_up("app", SOON)
    await write(follower, dao, "a")
    await follower.close()
    assert search.ids() == {"a"}
    assert search.apps["app"].position == 1


async def test_closing_waits_for_the_commit_under_way(
    dao: LateDAO, search: RecordingSearch
) -> None:
    follower = IndexFollower(dao, search, linger_sec=0)
    await follower.open()
    await follower.caught_up("app", SOON)
    search.gate.clear()
    await write(follower, dao, "a")
    await search.busy.wait()
    await write(follower, dao, "b")
    closing = asyncio.create_task(follower.close())
    await settle()
    assert not closing.done()
    search.gate.set()
    await closing
    assert search.ids() == {"a", "b"}
    assert search.apps["app"].position == 2


@pytest.mark.parametrize("slow", [False, True], ids=["all answered", "one under way"])
async def test_a_follower_after_a_crash_ends_with_what_is_stored(
    dao: LateDAO, search: RecordingSearch, *, slow: bool
) -> None:
    follower = IndexFollower(dao, search, linger_sec=0)
    await follower.open()
    await write(follower, dao, "a", "b")
    await follower.caught_up("app", SOON)
    under_way = None
    if slow:
        dao.hold("slow")
        under_way = asyncio.create_task(write(follower, dao, "slow"))
        await settle()
    await write(follower, dao, "c")
    await follower.caught_up("app", SOON)
    search.gate.clear()
    await write(follower, dao, "d", gone=["b"])
    await settle()

    again = RecordingSearch()  # what the first one had committed, and nothing of what it was at
    again.apps = search.apps
    second = IndexFollower(dao, again, linger_sec=0)
    await second.open()
    assert await second.caught_up("app", SOON)
    assert again.ids() == {"a", "c", "d"} | ({"slow"} if slow else set())
    await second.close()

    if under_way is not None:
        under_way.cancel()
    search.gate.set()
    await follower.close()


async def test_an_index_that_is_ahead_of_the_database_is_rebuilt(
    dao: LateDAO, search: RecordingSearch
) -> None:
    await dao.write("app", Write("create", [Put(record("a"))]))
    search.apps["app"] = index_fakes.Documents({"zombie": record("zombie")}, 99)
    follower = IndexFollower(dao, search, linger_sec=0)
    await follower.open()
    assert await follower.caught_up("app", SOON)
    assert search.ids() == {"a"}
    await follower.close()


async def test_the_indexes_of_all_apps_are_made_at_start(
    dao: LateDAO, search: RecordingSearch
) -> None:
    for appid in ("one", "two"):
        await dao.write(appid, Write("create", [Put(record("a"))]))
    follower = IndexFollower(dao, search, linger_sec=0)
    await follower.open()
    await settle()
    assert search.ids("one") == search.ids("two") == {"a"}
    await follower.close()


async def test_the_feed_forgets_what_is_in_the_index(follower: IndexFollower, dao: LateDAO) -> None:
    await follower.caught_up("app", SOON)
    await write(follower, dao, "a")
    await follower.caught_up("app", SOON)
    assert await dao.changes("app", 0) == []
    assert await dao.last_change("app") == 1
