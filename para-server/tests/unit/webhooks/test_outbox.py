"""Deliveries in the database: with their position, in order, through failures and restarts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from para_core.contracts.dao import Record, Write
from para_core.errors import ConflictError, UnavailableError
from para_core.memory.dao import MemoryDAO
from para_server.webhooks import outbox as outboxes
from para_server.webhooks.deliveries import MOST_LOGGED, Delivery, LaneState, Logged, lane_of
from para_server.webhooks.outbox import ROOM, Outbox

LANE = lane_of("app", "h1")


class FailingDAO(MemoryDAO):
    """Writes fail as told; ``after`` fails when the write was stored."""

    def __init__(self) -> None:
        super().__init__()
        self.before: list[Exception] = []
        self.after: list[Exception] = []

    async def write(self, appid: str, write: Write) -> int:
        if self.before:
            raise self.before.pop()
        number = await super().write(appid, write)
        if self.after:
            raise self.after.pop()
        return number


@pytest.fixture
async def dao() -> AsyncIterator[FailingDAO]:
    async with FailingDAO() as dao:
        yield dao


@pytest.fixture
def outbox(dao: FailingDAO) -> Outbox:
    return Outbox(dao)


def some(*names: str, hook: str = "h1", body: str = "{}") -> list[Delivery]:
    return [
        Delivery(id=name, appid="app", hook=hook, event="create", body=body, at=1) for name in names
    ]


def names(found: Sequence[Delivery]) -> list[str]:
    return [delivery.id for delivery in found]


async def test_deliveries_and_their_position_are_one_write(dao: FailingDAO, outbox: Outbox) -> None:
    assert await outbox.position("app") is None
    await outbox.add(some("a", "b"), {"app": 7})
    assert await outbox.position("app") == 7
    assert len(await dao.changes(ROOM, 0)) == 1
    assert await Outbox(dao).position("app") == 7
    assert names(await Outbox(dao).waiting(LANE)) == ["a", "b"]


async def test_a_write_that_failed_leaves_nothing(dao: FailingDAO, outbox: Outbox) -> None:
    await outbox.add(some("a"), {"app": 1})
    dao.before = [UnavailableError("no")]
    with pytest.raises(UnavailableError):
        await outbox.add(some("b"), {"app": 2})
    assert (await outbox.position("app"), names(await outbox.waiting(LANE))) == (1, ["a"])
    await outbox.add(some("b"), {"app": 2})
    assert names(await outbox.waiting(LANE)) == ["a", "b"]


async def test_a_write_without_an_answer_is_found(dao: FailingDAO, outbox: Outbox) -> None:
    dao.after = [UnavailableError("the answer was lost")]
    with pytest.raises(UnavailableError):
        await outbox.add(some("a"), {"app": 5})
    assert await outbox.position("app") == 5
    await outbox.add(some("b"), {"app": 6})
    assert names(await outbox.waiting(LANE)) == ["a", "b"]


async def test_of_two_processes_that_lead_one_is_refused(dao: FailingDAO, outbox: Outbox) -> None:
    other = Outbox(dao)
    await outbox.add(some("a"), {"app": 1})
    assert await other.position("app") == 1
    await other.add(some("b"), {"app": 2})
    with pytest.raises(ConflictError):
        await outbox.add(some("b"), {"app": 2})
    assert await outbox.position("app") == 2
    await outbox.add(some("c"), {"app": 3})
    assert names(await outbox.waiting(LANE)) == ["a", "b", "c"]


async def test_lanes_are_found_without_reading_them_whole(outbox: Outbox) -> None:
    for hook in ("h1", "h2", "h3"):
        await outbox.add(some(*map(str, range(40)), hook=hook), {})
    firsts = [delivery async for delivery in outbox.lanes()]
    assert sorted(delivery.hook for delivery in firsts) == ["h1", "h2", "h3"]
    assert {delivery.id for delivery in firsts} == {"0"}
    seq = firsts[0].seq
    assert names(await outbox.waiting(firsts[0].lane, after=seq, limit=2)) == ["1", "2"]


async def test_what_became_of_a_delivery_is_written_down(dao: FailingDAO, outbox: Outbox) -> None:
    deliveries = some("a", "b", "c")
    await outbox.add(deliveries, {"app": 1})
    deliveries[1].attempts = 3
    outbox.finish(Logged(delivery=deliveries[0], delivered=True, status=200, done=5))
    outbox.postpone(deliveries[1])
    outbox.keep_state(LANE, LaneState(failures=2, failed_at=9))
    await outbox.flush()
    again = Outbox(dao)
    assert [(d.id, d.attempts) for d in await again.waiting(LANE)] == [("b", 3), ("c", 0)]
    assert [(entry.delivery.id, entry.status) for entry in await again.log(LANE)] == [("a", 200)]
    assert await again.state(LANE) == LaneState(failures=2, failed_at=9)


async def test_nothing_is_forgotten_when_the_database_fails(
    dao: FailingDAO, outbox: Outbox
) -> None:
    first, second = some("a", "b")
    await outbox.add([first, second], {})
    outbox.postpone(first)
    outbox.postpone(second)
    outbox.passed("app", 3)
    dao.before = [UnavailableError("no")]
    with pytest.raises(UnavailableError):
        await outbox.flush()
    outbox.finish(Logged(delivery=first, delivered=True))
    outbox.forget_logged(LANE, [first.seq])
    await outbox.flush()
    assert (names(await outbox.waiting(LANE)), await outbox.log(LANE)) == (["b"], [])


async def test_open_it_writes_by_itself_and_closed_it_has_written(
    dao: FailingDAO, outbox: Outbox
) -> None:
    async with outbox:
        outbox.passed("app", 12)
    assert await Outbox(dao).position("app") == 12
    assert outbox.durable_position("app") == 0  # it begins anew when it is opened again


async def test_it_goes_on_writing_after_a_mistake(
    dao: FailingDAO, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(outboxes, "_RETRY_SEC", 0.01)
    outbox = Outbox(dao)
    (delivery,) = some("a")
    await outbox.add([delivery], {})
    dao.before = [ValueError("a mistake of the database")]
    async with outbox:
        outbox.finish(Logged(delivery=delivery, delivered=True))
        async with asyncio.timeout(30):
            while not await Outbox(dao).log(LANE):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.01)
    assert "a mistake of the database" in caplog.text


async def test_it_writes_down_the_rest_when_whoever_closes_it_is_cancelled(
    dao: FailingDAO, outbox: Outbox
) -> None:
    await outbox.open()
    outbox.passed("app", 12)
    closing = asyncio.create_task(outbox.close())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.wait([closing])
    assert closing.cancelled()
    assert await Outbox(dao).position("app") == 12


async def test_following_begins_now_and_with_all_of_later_apps(
    dao: FailingDAO, outbox: Outbox
) -> None:
    await dao.create("old", Record("a", "cat", b"{}"))
    number = await dao.create("old", Record("a", "cat", b"{}"))
    await outbox.begin()
    await dao.create("old", Record("a", "cat", b"{}"))
    await dao.create("new", Record("a", "cat", b"{}"))
    await outbox.begin()  # a restart
    assert (await outbox.position("old"), await outbox.position("new")) == (number, None)
    await Outbox(dao).end()
    assert await Outbox(dao).position("old") is None
    await Outbox(dao).end()


async def test_a_lane_can_be_dropped(dao: FailingDAO, outbox: Outbox) -> None:
    mine, other = some("a", "b"), some("c", hook="h2")
    await outbox.add([*mine, *other], {})
    outbox.finish(Logged(delivery=mine[0], delivered=True))
    outbox.keep_state(LANE, LaneState(failures=1))
    await outbox.drop_lane(LANE)
    left = [record.id[:2] for record in await dao.read_page(ROOM)]
    assert left == ["co", "d/"]


async def test_the_log_keeps_no_huge_bodies(outbox: Outbox) -> None:
    (large,) = some("a", body="x" * (MOST_LOGGED + 1))
    await outbox.add([large], {})
    outbox.finish(Logged(delivery=large, delivered=True))
    await outbox.flush()
    assert (await outbox.log(LANE))[0].delivery.body == ""


async def test_what_is_done_is_not_found_again_before_it_is_written(
    dao: FailingDAO, outbox: Outbox
) -> None:
    deliveries = some("a", "b")
    await outbox.add(deliveries, {})
    outbox.finish(Logged(delivery=deliveries[0], delivered=True))
    assert names(await outbox.waiting(LANE, limit=1)) == ["b"]
    dao.before = [UnavailableError("no")]
    with pytest.raises(UnavailableError):
        await outbox.flush()
    assert names(await outbox.waiting(LANE)) == ["b"]
    await outbox.flush()
    assert names(await outbox.waiting(LANE)) == ["b"]
