"""Followers of the change feed: nothing is missed, nothing is forgotten too early."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from para_core.contracts.dao import DAO, Change, Record
from para_core.errors import UnavailableError
from para_core.memory.dao import MemoryDAO
from para_server.services import following
from para_server.services.following import Follower, Retention, changes_after


class Taker:
    """Remembers what it took, and its position as a database would."""

    def __init__(self) -> None:
        self.positions: dict[str, int] = {}
        self.taken: list[tuple[str, int]] = []
        self.failures: list[Exception] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.began, self.more = asyncio.Event(), asyncio.Event()

    async def position(self, appid: str) -> int:
        return self.positions.get(appid, 0)

    async def take(self, appid: str, changes: Sequence[Change]) -> None:
        self.began.set()
        await self.gate.wait()
        if self.failures:
            raise self.failures.pop(0)
        self.taken += [(appid, change.number) for change in changes]
        self.positions[appid] = changes[-1].number
        self.more.set()


@pytest.fixture
async def dao() -> AsyncIterator[MemoryDAO]:
    async with MemoryDAO() as dao:
        yield dao


@pytest.fixture
def taker() -> Taker:
    return Taker()


async def written(dao: DAO, appid: str, count: int) -> list[tuple[str, int]]:
    record = Record("a", "cat", b"{}")
    return [(appid, await dao.create(appid, record)) for _ in range(count)]


async def until(taker: Taker, count: int) -> None:
    async with asyncio.timeout(5):
        while len(taker.taken) < count:
            taker.more.clear()
            await taker.more.wait()


async def test_what_was_written_before_and_after_is_taken_in_order(
    dao: MemoryDAO, taker: Taker
) -> None:
    before = await written(dao, "app", 450)
    async with Follower(dao, taker, name="test") as follower:
        await until(taker, 450)
        after = await written(dao, "app", 3)
        follower.wake("app")
        await until(taker, 453)
        assert follower.position("app") == after[-1][1]
    assert taker.taken == before + after


async def test_a_follower_goes_on_from_its_position(dao: MemoryDAO, taker: Taker) -> None:
    await written(dao, "app", 5)
    taker.positions["app"] = 3
    async with Follower(dao, taker, name="test"):
        await until(taker, 2)
    assert [number for _, number in taker.taken] == [4, 5]


async def test_what_nobody_tells_is_found(dao: MemoryDAO, taker: Taker) -> None:
    async with Follower(dao, taker, name="test", poll_sec=0.02):
        await asyncio.sleep(0.03)
        first = await written(dao, "new", 1)
        await until(taker, 1)
    assert taker.taken == first


async def test_a_failure_holds_up_its_own_app_only(
    dao: MemoryDAO, taker: Taker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "_RETRY_SEC", (0.05,))
    taker.failures = [UnavailableError("no"), ValueError("a mistake")]
    one, two, three = [await written(dao, name, 2) for name in ("one", "two", "three")]
    async with Follower(dao, taker, name="test"):
        await until(taker, 6)
    assert taker.taken[:2] == three
    assert sorted(taker.taken[2:]) == one + two


async def test_an_app_that_fails_rests_however_often_it_is_woken(
    dao: MemoryDAO, taker: Taker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "_RETRY_SEC", (3600.0,))
    monkeypatch.setattr(following, "_REST_SEC", 3600.0)
    reports: list[str] = []
    taker.failures = [UnavailableError("no")] * 50
    await written(dao, "app", 1)
    async with Follower(
        dao, taker, name="test", report=lambda appid, error: reports.append(appid)
    ) as follower:
        await taker.began.wait()
        for _ in range(50):
            follower.wake("app")
            await asyncio.sleep(0)
    assert reports == ["app"]


@pytest.mark.parametrize(
    ("rest_sec", "resumes"), [(0.02, False), (3600.0, True)], ids=["after the rest", "resumed"]
)
async def test_an_app_that_was_woken_while_it_rested_is_taken_then(
    dao: MemoryDAO,
    taker: Taker,
    monkeypatch: pytest.MonkeyPatch,
    rest_sec: float,
    resumes: bool,  # noqa: FBT001 - of a table
) -> None:
    monkeypatch.setattr(following, "_RETRY_SEC", (3600.0,))
    monkeypatch.setattr(following, "_REST_SEC", rest_sec)
    failed = asyncio.Event()
    taker.failures = [UnavailableError("no")]
    first = await written(dao, "app", 1)
    async with Follower(
        dao, taker, name="test", report=lambda appid, error: failed.set()
    ) as follower:
        await failed.wait()
        follower.wake("app")
        if resumes:
            follower.resume("app")
        await until(taker, 1)
    assert taker.taken == first


async def test_a_follower_outlives_mistakes_in_what_it_asks_and_tells(
    dao: MemoryDAO,
    taker: Taker,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    mistakes = [ValueError("a mistake of the database")]
    apps = dao.apps

    async def fail_once() -> list[str]:
        if mistakes:
            raise mistakes.pop()
        return await apps()

    def report(appid: str, error: Exception) -> None:
        raise TypeError("a mistake of who is told")

    monkeypatch.setattr(following, "_RETRY_SEC", (0.02,))
    monkeypatch.setattr(dao, "apps", fail_once)
    taker.failures = [UnavailableError("no")]
    first = await written(dao, "app", 2)
    async with Follower(dao, taker, name="test", poll_sec=0.02, report=report):
        await until(taker, 2)
    assert taker.taken == first
    assert "a mistake of the database" in caplog.text
    assert "a mistake of who is told" in caplog.text


async def test_a_batch_is_taken_whole_when_the_follower_closes(
    dao: MemoryDAO, taker: Taker
) -> None:
    await written(dao, "app", 2)
    taker.gate.clear()
    follower = Follower(dao, taker, name="test")
    await follower.open()
    await taker.began.wait()
    closing = asyncio.create_task(follower.close())
    await asyncio.sleep(0.01)
    assert not closing.done()
    taker.gate.set()
    await closing
    assert len(taker.taken) == 2
    await written(dao, "app", 1)
    async with follower:  # it can be opened again, when this process leads again
        await until(taker, 3)


async def test_one_can_wait_until_a_change_was_taken(dao: MemoryDAO, taker: Taker) -> None:
    follower = Follower(dao, taker, name="test")
    async with follower:
        ((_, number),) = await written(dao, "app", 1)  # nobody tells
        assert await follower.reach("app", number)
        assert taker.taken == [("app", number)]
        assert not await follower.reach("app", number + 1, timeout_sec=0.03)


async def test_one_batch_of_an_app_does_not_keep_the_others_waiting(
    dao: MemoryDAO, taker: Taker
) -> None:
    await written(dao, "large", 1000)
    await written(dao, "small", 1)
    async with Follower(dao, taker, name="test"):
        await until(taker, 1001)
    assert [appid for appid, _ in taker.taken].index("small") <= 200


async def test_a_feed_is_forgotten_as_far_as_everybody_passed_it(
    dao: MemoryDAO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "_FORGET_EVERY_SEC", 0.0)
    retention = Retention(dao, ["index", "webhooks"])
    await written(dao, "app", 5)
    await retention.passed("index", "app", 4)
    assert len(await dao.changes("app", 0)) == 5
    await retention.passed("webhooks", "app", 2)
    assert [change.number for change in await dao.changes("app", 0)] == [3, 4, 5]
    await retention.passed("webhooks", "app", 5)
    assert [change.number for change in await dao.changes("app", 0)] == [5]
    retention.drop("app")
    await retention.passed("index", "app", 5)
    assert len(await dao.changes("app", 0)) == 1


async def test_a_database_that_cannot_forget_keeps_its_feed_until_it_can(
    dao: MemoryDAO, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(appid: str, number: int) -> None:
        raise UnavailableError("the disk is away")

    monkeypatch.setattr(following, "_FORGET_EVERY_SEC", 0.0)
    retention = Retention(dao, ["index"])
    await written(dao, "app", 5)
    with monkeypatch.context() as patch:
        patch.setattr(dao, "forget_changes", fail)
        await retention.passed("index", "app", 4)
    assert len(await dao.changes("app", 0)) == 5
    assert "old changes stay: the disk is away" in caplog.text
    await retention.passed("index", "app", 4)
    assert [change.number for change in await dao.changes("app", 0)] == [5]


async def test_changes_come_in_batches_until_there_are_no_more(dao: MemoryDAO) -> None:
    numbers = [number for _, number in await written(dao, "app", 7)]
    found = [[c.number for c in batch] async for batch in changes_after(dao, "app", 1, limit=3)]
    assert found == [numbers[1:4], numbers[4:7]]
