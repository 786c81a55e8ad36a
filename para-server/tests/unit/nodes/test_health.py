"""What a node tells its operator of itself and of the others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from para_core.errors import UnavailableError
from para_core.memory.dao import MemoryDAO
from para_server.nodes.health import NodeHealth
from para_server.nodes.leases import Leases
from para_server.nodes.roster import Roster
from para_server.nodes.seat import NodeSeat
from para_server.nodes.watch import Watch
from para_server.services.health import Health, PartReport

from .fakes import Clock, a_database

LEASE_SEC, BOUNDS = 6.0, (1000, 6, 600)


@dataclass
class Node:
    """The parts of a node that its health asks; nothing of it goes on by itself."""

    dao: MemoryDAO
    clock: Clock
    number: int
    bounds: tuple[int, ...] = BOUNDS

    def __post_init__(self) -> None:
        dao, clock = self.dao, self.clock
        self.seat = NodeSeat(dao, self.number, lease_sec=LEASE_SEC, bounds=self.bounds, clock=clock)
        self.watch = Watch(dao, stale_sec=1.0, feed_sec=600.0, clock=clock)
        self.leases = Leases(dao, self.seat.session, lease_sec=LEASE_SEC, clock=clock)
        self.health = NodeHealth(self.leases.roster, self.watch, self.seat, self.leases)

    async def report(self) -> PartReport:
        report = await Health([self.health.part()], fresh_sec=0).report()
        return report.parts[0]


@pytest.fixture
async def dao() -> AsyncIterator[MemoryDAO]:
    async with a_database() as dao:
        yield dao


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def node(dao: MemoryDAO, clock: Clock) -> Node:
    """One that has its number and hears."""
    node = Node(dao, clock, 1)
    await node.seat.take()
    await node.watch.look()
    await node.watch.look()
    return node


async def another(node: Node, number: int, bounds: tuple[int, ...] = BOUNDS) -> Node:
    made = Node(node.dao, node.clock, number, bounds)
    await made.seat.take()
    return made


def nodes_of(report: PartReport) -> list[int]:
    nodes = report.about["nodes"]
    assert isinstance(nodes, list)
    return [one["number"] for one in nodes]


async def test_a_node_that_hears_and_is_heard_works(node: Node) -> None:
    report = await node.report()
    assert (report.name, report.is_vital, report.fault) == ("Nodes", False, "")
    assert report.about == {"number": 1, "heardMillis": 0, "shares": [], "nodes": []}


async def test_it_tells_its_shares_and_who_else_is_there(node: Node) -> None:
    two, _ = await another(node, 2), await another(node, 3)
    await node.leases.look()
    await node.leases.settle()
    report = await node.report()
    assert nodes_of(report) == [2, 3]
    assert report.about["shares"] == node.leases.taken() != []
    node.clock.now += LEASE_SEC / 2
    for seat in (node.seat, two.seat):
        await seat.renew()
    await node.watch.look()
    node.clock.now += LEASE_SEC / 2
    await two.seat.renew()
    await node.seat.renew()
    await node.watch.look()
    assert nodes_of(await node.report()) == [2], "the other one stands still"


async def test_what_it_does_not_hear_it_says(node: Node) -> None:
    node.clock.now += 3.2
    report = await node.report()
    assert report.fault.startswith("what other nodes write was heard 3 seconds ago")
    assert report.about["heardMillis"] == 3200
    await node.watch.look()
    assert (await node.report()).fault == ""


async def test_a_number_that_is_not_renewed_is_told(node: Node) -> None:
    node.clock.now += LEASE_SEC
    await node.watch.look()
    assert "makes no ids" in (await node.report()).fault


async def test_a_database_that_does_not_answer_is_told(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise UnavailableError("it is away")

    monkeypatch.setattr(node.dao, "read_page", away)
    assert (await node.report()).fault == "UnavailableError: it is away"


async def test_nodes_with_other_bounds_are_told(node: Node) -> None:
    await another(node, 7, (1000, 60, 600))
    fault = (await node.report()).fault
    assert fault.startswith("node 7 on ")
    assert "(1000, 60, 600) than this one (1000, 6, 600)" in fault


@pytest.mark.parametrize(
    ("offset_sec", "words"),
    [(90.0, "90 seconds ahead of"), (-100.0, "94 seconds behind"), (-30.0, ""), (30.0, "")],
)
async def test_clocks_that_differ_are_told(node: Node, offset_sec: float, words: str) -> None:
    two = await another(node, 2)
    [seen] = [one for one in await node.leases.roster.look() if one.number == 2]
    here = seen.sitting.at - offset_sec
    roster = Roster(two.dao, lease_sec=LEASE_SEC, clock=node.clock, now=lambda: here)
    node.health = NodeHealth(roster, node.watch, node.seat, node.leases)
    fault = (await node.report()).fault
    assert words in fault
    assert bool(fault) == bool(words)
