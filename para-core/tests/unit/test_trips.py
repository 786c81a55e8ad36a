"""Reads and writes that wait go together, and each gets its own answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from para_core.contracts.dao import Record, Write
from para_core.errors import BackendError, ConflictError, InvalidObjectError, UnavailableError
from para_core.trips import Limits, OneToBlameError, Trips


class Server:
    """Has the records ``a`` to ``e``; tells what it was asked together."""

    def __init__(self) -> None:
        self.read_together: list[list[str]] = []
        self.stored_together: list[list[str]] = []
        self.bad: set[str] = set()
        self.is_away = False
        self.gate = asyncio.Event()
        self.gate.set()

    async def read(self, appid: str, keys: list[str]) -> dict[str, Record]:
        self.read_together.append(keys)
        await self.gate.wait()
        return {key: Record(key, appid, b"") for key in reversed(keys) if key in "abcde"}

    async def store(self, appid: str, writes: Sequence[Write]) -> list[int | Exception]:
        del appid
        self.stored_together.append([write.event for write in writes])
        await self.gate.wait()
        if self.is_away:
            raise UnavailableError("away")
        if any(write.event in self.bad for write in writes):
            raise OneToBlameError(BackendError("bad"))
        return [
            ConflictError(["a"]) if write.event == "stale" else number
            for number, write in enumerate(writes, 1)
        ]


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
async def trips(server: Server) -> AsyncIterator[Trips]:
    trips = Trips(server.read, server.store, Limits("here", 3, 60_000, "a.key"))
    yield trips
    server.gate.set()
    await trips.close()


def a_write(event: str) -> Write:
    return Write(event, deletes=["a"])


async def test_reads_of_one_moment_ask_for_each_record_once(trips: Trips, server: Server) -> None:
    found = await asyncio.gather(
        trips.read_all("app", ["b", "a", "b"]), trips.read_all("app", ["x", "b", "\ud800", ""])
    )
    assert [list(one) for one in found] == [["b", "a"], ["b"]], "in the order of the question"
    assert server.read_together == [["b", "a", "x"]]


async def test_what_can_be_no_id_is_not_asked_for(trips: Trips, server: Server) -> None:
    assert await trips.read_all("app", ["", "\ud800"]) == {}
    assert server.read_together == []


async def test_writes_of_one_moment_go_together_and_one_in_conflict_fails_alone(
    trips: Trips, server: Server
) -> None:
    events = ["create", "stale", "update"]
    asked = [trips.write("app", a_write(event)) for event in events]
    first, second, third = await asyncio.gather(*asked, return_exceptions=True)
    assert (first, third) == (1, 3)
    assert isinstance(second, ConflictError)
    assert server.stored_together == [events]


async def test_an_empty_write_goes_nowhere(trips: Trips, server: Server) -> None:
    assert await trips.write("app", Write("create")) == 0
    with pytest.raises(InvalidObjectError):
        await trips.write("app", Write("delete", deletes=[""]))
    assert server.stored_together == []


async def test_where_one_may_be_to_blame_each_goes_alone(trips: Trips, server: Server) -> None:
    server.bad = {"bad"}
    events = ["one", "bad", "two"]
    asked = [trips.write("app", a_write(event)) for event in events]
    first, second, third = await asyncio.gather(*asked, return_exceptions=True)
    assert (first, third) == (1, 1)
    assert type(second) is BackendError
    assert server.stored_together == [events, ["one"], ["bad"], ["two"]]


async def test_those_that_go_alone_share_the_time_that_each_has(server: Server) -> None:
    async def store(appid: str, writes: Sequence[Write]) -> list[int | Exception]:
        stored = await server.store(appid, writes)  # it refuses the bad one at once
        await asyncio.sleep(0.05)
        return stored

    trips = Trips(server.read, store, Limits("here", 3, 20, "a.key"))
    server.bad = {"bad"}
    events = ["one", "bad", "two", "three"]
    asked = [trips.write("app", a_write(event)) for event in events]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(answer) for answer in answers] == [UnavailableError] * 4
    await trips.close()
    assert server.stored_together == [events, ["one"]], "nobody waits for the others any more"


async def test_an_error_of_one_that_goes_alone_is_not_that_of_the_others(server: Server) -> None:
    async def store(appid: str, writes: Sequence[Write]) -> list[int | Exception]:
        if [write.event for write in writes] == ["odd"]:
            raise ValueError("a mistake")
        return await server.store(appid, writes)

    trips = Trips(server.read, store, Limits("here", 3, 60_000, "a.key"))
    server.bad = {"bad"}
    asked = [trips.write("app", a_write(event)) for event in ("one", "odd", "bad")]
    first, second, third = await asyncio.gather(*asked, return_exceptions=True)
    assert first == 1
    assert isinstance(second, ValueError)
    assert type(third) is BackendError
    await trips.close()


async def test_where_nobody_is_to_blame_all_fail_at_once(trips: Trips, server: Server) -> None:
    server.is_away = True
    asked = [trips.write("app", a_write(event)) for event in ("one", "two")]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(answer) for answer in answers] == [UnavailableError] * 2
    assert server.stored_together == [["one", "two"]]


async def test_a_write_that_is_stored_when_its_caller_was_told_otherwise_is_told(
    server: Server,
) -> None:
    told: list[tuple[str, int, Sequence[str]]] = []

    def hear(appid: str, number: int, keys: Sequence[str]) -> None:
        told.append((appid, number, keys))

    trips = Trips(server.read, server.store, Limits("here", 3, 1, "a.key"), hear)
    server.gate.clear()
    asked = [trips.write("app", a_write(event)) for event in ("update", "stale")]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(answer) for answer in answers] == [UnavailableError] * 2
    assert told == []
    server.gate.set()
    await trips.close()
    assert told == [("app", 1, ["a"])]


async def test_who_waits_too_long_hears_of_the_setting(server: Server) -> None:
    trips = Trips(server.read, server.store, Limits("here", 3, 1, "a.key"))
    server.gate.clear()
    for asked in (trips.read_all("app", ["a"]), trips.write("app", a_write("create"))):
        with pytest.raises(UnavailableError, match=r"here did not answer within 1 ms \(a\.key\)"):
            await asked
    server.gate.set()
    await trips.close()
    with pytest.raises(UnavailableError):
        await trips.read_all("app", ["a"])
