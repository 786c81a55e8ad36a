from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence

import msgspec
import pytest

from para_core.contracts.dao import Put, Record, Write
from para_core.errors import ConfigError, ConflictError, UnavailableError
from para_core.memory.dao import MemoryDAO
from para_server.nodes import seat as seats
from para_server.nodes.ids import NodeIds
from para_server.nodes.leases import Leases
from para_server.nodes.seat import NodeSeat, Sitting, node_key
from para_server.nodes.share import NodeShare, share_number
from para_server.para import now_ms
from para_server.webhooks.share import ROOM, SHARES, LeaseLostError

from .fakes import Clock, a_record

LEASE_SEC = 6.0


class Forgetful(MemoryDAO):
    """A database whose next answer gets lost: the write is stored, and nobody hears of it."""

    loses_answer = False

    async def write(self, appid: str, write: Write) -> int:
        number = await super().write(appid, write)
        if self.loses_answer:
            self.loses_answer = False
            raise UnavailableError("the answer is lost")
        return number


@pytest.fixture
async def dao() -> AsyncIterator[Forgetful]:
    async with Forgetful() as dao:
        yield dao


@pytest.fixture
def clock() -> Clock:
    return Clock()


def a_share(dao: MemoryDAO, clock: Clock, session: str, number: int = 3) -> NodeShare:
    return NodeShare(dao, number, session, lease_sec=LEASE_SEC, clock=clock)


# ---- one share ----------------------------------------------------------------------------------


async def test_of_two_nodes_one_takes_a_share(dao: Forgetful, clock: Clock) -> None:
    one, two = a_share(dao, clock, "1"), a_share(dao, clock, "2")
    assert [await one.take(0), await two.take(0)] == [True, False]
    assert [one.is_held(), two.is_held()] == [True, False]


async def test_a_node_that_was_replaced_can_store_nothing(dao: Forgetful, clock: Clock) -> None:
    one, two = a_share(dao, clock, "1"), a_share(dao, clock, "2")
    await one.take(0)
    number = await one.write([Put(a_record("p"))], [])
    assert await two.take(number)
    with pytest.raises(LeaseLostError):
        await one.write([Put(a_record("p", "old"))], ["x"])
    with pytest.raises(LeaseLostError):
        await one.renew()
    assert not one.is_held()
    found = await dao.read(ROOM, "p")
    assert found is not None
    assert found.data == a_record("p").data
    await one.release()  # what is not its own it does not give away
    await two.renew()


async def test_a_conflict_about_something_else_leaves_the_share(
    dao: Forgetful, clock: Clock
) -> None:
    share = a_share(dao, clock, "1")
    await share.take(0)
    await dao.create(ROOM, a_record("p"))
    with pytest.raises(ConflictError) as raised:
        await share.write([Put(a_record("p"), 0)], [])
    assert not isinstance(raised.value, LeaseLostError)
    await share.renew()


async def test_a_lost_answer_costs_no_share(dao: Forgetful, clock: Clock) -> None:
    share = a_share(dao, clock, "1")
    await share.take(0)
    dao.loses_answer = True
    with pytest.raises(UnavailableError):
        await share.write([Put(a_record("p"))], [])
    await share.write([Put(a_record("q"))], [])
    assert share.is_held()


async def test_a_node_stops_before_others_may_take_over(dao: Forgetful, clock: Clock) -> None:
    share = a_share(dao, clock, "1")
    await share.take(0)
    clock.now += LEASE_SEC * 0.79
    assert share.is_held()
    clock.now += LEASE_SEC * 0.02
    assert not share.is_held()
    waiting = asyncio.create_task(share.held())
    await asyncio.sleep(0)
    assert not waiting.done()
    await share.renew()
    await waiting


# ---- all of them --------------------------------------------------------------------------------


class Seated:
    """A node with its seat and its leases, which look when a test says so."""

    def __init__(self, dao: MemoryDAO, clock: Clock, number: int) -> None:
        self.seat = NodeSeat(dao, number, lease_sec=LEASE_SEC, clock=clock)
        self.leases = Leases(dao, self.seat.session, lease_sec=LEASE_SEC, clock=clock)
        self.took: list[int] = []
        self.left: list[int] = []
        self.leases.on_take, self.leases.on_leave = [self._take], [self._leave]

    async def _take(self, share: NodeShare) -> None:
        self.took.append(share.number)

    async def _leave(self, share: NodeShare) -> None:
        self.left.append(share.number)

    async def look(self) -> None:
        await self.seat.renew()
        await self.leases.look()
        await self.leases.settle()


async def look_all(nodes: Sequence[Seated], clock: Clock, seconds: float) -> None:
    """Let time pass, in which these nodes look as often as they do."""
    for _ in range(int(seconds)):
        for node in nodes:
            await node.look()
        clock.now += 1


@pytest.fixture
async def three(dao: Forgetful, clock: Clock) -> list[Seated]:
    nodes = [Seated(dao, clock, number) for number in (1, 2, 3)]
    await nodes[0].seat.take()
    return nodes


def shares_of(nodes: Sequence[Seated]) -> list[list[int]]:
    return [node.leases.taken() for node in nodes]


async def test_nodes_take_their_parts_and_give_when_others_come(
    three: list[Seated], clock: Clock
) -> None:
    one, two, _ = three
    await look_all([one], clock, 2)
    assert one.leases.taken() == list(range(SHARES))
    await two.seat.take()
    await look_all([one, two], clock, 4)
    shares = shares_of([one, two])
    assert [len(part) for part in shares] == [SHARES // 2] * 2
    assert sorted([*shares[0], *shares[1]]) == list(range(SHARES))
    assert sorted(one.left) == sorted(two.took)


async def test_the_log_tells_in_one_line_which_shares_a_node_has(
    three: list[Seated], clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    one, two, _ = three
    with caplog.at_level(logging.INFO):
        await look_all([one], clock, 3)
    (told,) = caplog.records
    assert told.getMessage() == "this node looks after 16 of 16 shares of the apps"
    assert vars(told)["shares"] == list(range(SHARES))
    await two.seat.take()
    caplog.clear()
    with caplog.at_level(logging.INFO):
        await look_all([one, two], clock, 5)
    assert [vars(line)["shares"] for line in caplog.records] == shares_of([one, two])


async def test_the_shares_of_a_node_that_is_silent_are_taken_over_in_time(
    three: list[Seated], clock: Clock
) -> None:
    one, two, _ = three
    await two.seat.take()
    await look_all([one, two], clock, 4)
    await look_all([one], clock, LEASE_SEC * 1.5)
    assert one.leases.taken() == list(range(SHARES))
    before = len(two.left)
    await two.leases.look()  # it wakes up
    await two.leases.settle()
    assert two.leases.taken() == []
    assert len(two.left) > before


async def test_a_share_that_fails_to_begin_is_given_back(three: list[Seated], clock: Clock) -> None:
    one = three[0]

    async def fail(share: NodeShare) -> None:
        raise UnavailableError("not now")

    works, one.leases.on_take = one.leases.on_take, [fail]
    await look_all([one], clock, 2)
    assert one.leases.taken() == []
    one.leases.on_take = works
    await look_all([one], clock, 2)
    assert one.leases.taken() == list(range(SHARES))


async def test_all_shares_are_left_when_the_database_is_away_at_the_close(
    dao: Forgetful, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(appid: str, write: Write) -> int:
        raise UnavailableError("the database is away")

    one = Seated(dao, clock, 1)
    await one.seat.take()
    async with one.leases:
        await one.look()
        assert one.leases.taken() == list(range(SHARES))
        monkeypatch.setattr(dao, "write", fail)
    assert sorted(one.left) == list(range(SHARES))
    assert one.leases.taken() == []
    assert caplog.text.count("a share of the apps: the database is away") == SHARES


def test_apps_are_spread_over_the_shares() -> None:
    assert len({share_number(f"app{number}") for number in range(200)}) == SHARES


# ---- the number of a node -----------------------------------------------------------------------


async def test_a_number_is_free_when_its_node_stops(dao: Forgetful, clock: Clock) -> None:
    async with NodeSeat(dao, 7, lease_sec=LEASE_SEC, clock=clock) as seat:
        assert seat.is_held()
    assert not seat.is_held()
    async with NodeSeat(dao, 7, lease_sec=LEASE_SEC, clock=clock) as seat:
        assert seat.is_held()


async def test_a_number_that_another_node_renews_is_refused(dao: Forgetful) -> None:
    async with NodeSeat(dao, 7, lease_sec=2) as seat:
        with pytest.raises(ConfigError, match=r"para\.worker_id 7 is that of another node"):
            await NodeSeat(dao, 7, lease_sec=2).open()
        assert seat.is_held()


async def test_a_number_is_renewed_on_after_a_mistake(
    dao: Forgetful, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with NodeSeat(dao, 7, lease_sec=0.2):
        write, mistakes = dao.write, [ValueError("a mistake of the database")]
        renewed = asyncio.Event()

        async def fail_once(appid: str, wanted: Write) -> int:
            if mistakes:
                raise mistakes.pop()
            renewed.set()
            return await write(appid, wanted)

        monkeypatch.setattr(dao, "write", fail_once)
        await asyncio.wait_for(renewed.wait(), 30)
    assert "a mistake of the database" in caplog.text


async def test_a_node_that_lost_its_number_does_not_speak_of_giving_it_back(
    dao: Forgetful, caplog: pytest.LogCaptureFixture
) -> None:
    lost = asyncio.Event()
    seat = NodeSeat(dao, 7, lease_sec=0.2)
    seat.on_lost = lost.set
    async with seat:
        other = Record(node_key(7), "node", msgspec.json.encode(Sitting("of another node")))
        number = await dao.create(seats.ROOM, other)
        await asyncio.wait_for(lost.wait(), 30)
    assert "others wait" not in caplog.text
    assert await dao.last_change(seats.ROOM) == number, "the other one keeps it"


async def test_a_number_is_free_when_whoever_closes_its_node_is_cancelled(
    dao: Forgetful, clock: Clock
) -> None:
    seat = NodeSeat(dao, 7, lease_sec=LEASE_SEC, clock=clock)
    await seat.open()
    closing = asyncio.create_task(seat.close())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.wait([closing])
    assert closing.cancelled()
    again = NodeSeat(dao, 7, lease_sec=LEASE_SEC, clock=clock)
    await asyncio.wait_for(again.take(), 30)
    assert again.is_held()


async def test_no_ids_are_made_when_the_number_is_not_sure(dao: Forgetful, clock: Clock) -> None:
    async with NodeSeat(dao, 7, lease_sec=LEASE_SEC, clock=clock) as seat:
        ids = NodeIds(7, now_ms, seat)
        made = [ids.next(), ids.next()]
        assert made[0] < made[1]
        clock.now += LEASE_SEC
        with pytest.raises(UnavailableError, match="makes no ids"):
            ids.next()


async def test_a_node_whose_number_was_taken_hears_of_it(dao: Forgetful, clock: Clock) -> None:
    lost = asyncio.Event()
    one = NodeSeat(dao, 7, lease_sec=LEASE_SEC, clock=clock)
    one.on_lost = lost.set
    await one.take()
    two = NodeSeat(dao, 7, lease_sec=LEASE_SEC, clock=clock)
    taking = asyncio.create_task(two.take())
    while not taking.done():
        clock.now += 1
        await asyncio.sleep(0.01)
    await taking
    renewing = asyncio.create_task(one.renew())
    await asyncio.wait_for(lost.wait(), 10)
    assert not one.is_held()
    assert two.is_held()
    renewing.cancel()
    await asyncio.wait([renewing])
