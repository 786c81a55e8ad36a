from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from para_core.contracts.dao import Put, Record, Write
from para_core.errors import ConflictError, UnusableBodyError
from para_core.memory.dao import MemoryDAO
from para_core.objects import App, ParaObject, Sysprop, Vote
from para_core.objects.codec import decode, record_of
from para_server.services.store import Store
from para_server.services.votes import Ballot, Votes, is_vote, parse_vote

APP = App(id="app:jokes")
START = 1_700_000_000_000


class SlowDAO(MemoryDAO):
    """Lets others run between a read and a write."""

    async def read_all(self, appid: str, keys: Any) -> dict[str, Record]:  # noqa: ANN401
        found = await super().read_all(appid, keys)
        await asyncio.sleep(0)
        return found


class OvertakenDAO(MemoryDAO):
    """Finds every object changed whenever it is to be written."""

    async def write(self, appid: str, write: Write) -> int:
        if any(put.expect for put in write.puts):
            raise ConflictError([put.record.id for put in write.puts])
        return await super().write(appid, write)


@dataclass
class Booth:
    """Votes on one app, with a clock that stands still."""

    dao: MemoryDAO
    now: int = START
    votes: Votes = field(init=False)

    def __post_init__(self) -> None:
        store = Store(self.dao, cache=None, index=None)
        clock = lambda: self.now  # noqa: E731
        self.votes = Votes(store, clock=clock, expires_after=1000, locked_after=30)

    async def put(self, obj: ParaObject) -> None:
        await self.dao.write("jokes", Write("create", [Put(record_of(obj))]))

    async def read(self, key: str) -> ParaObject | None:
        record = await self.dao.read("jokes", key)
        return None if record is None else decode(record)

    async def cast(self, voter: str, direction: int, key: str = "j1", **times: int) -> bool | None:
        return await self.votes.vote(APP, key, Ballot(voter, direction, **times))

    async def standing(self, key: str = "j1") -> int:
        obj = await self.read(key)
        assert obj is not None
        return obj.votes


@pytest.fixture
async def booth() -> AsyncIterator[Booth]:
    async with MemoryDAO() as dao:
        booth = Booth(dao)
        await booth.put(Sysprop(id="j1", type="joke", creatorid="author"))
        yield booth


async def test_a_vote_stores_the_vote_and_the_number_in_one_change(booth: Booth) -> None:
    before = await booth.dao.last_change("jokes")
    assert await booth.cast("ann", 1) is True
    vote = await booth.read("vote:ann:j1")
    assert isinstance(vote, Vote)
    assert (vote.value, vote.creatorid, vote.parentid) == ("up", "ann", "j1")
    assert (vote.expires_after, vote.locked_after, vote.timestamp) == (1000, 30, START)
    assert (vote.appid, vote.tags) == ("jokes", [])
    assert await booth.standing() == 1
    (change,) = await booth.dao.changes("jokes", before)
    assert sorted(change.keys) == ["j1", "vote:ann:j1"]


async def test_voting_back_and_forth_within_the_lock_window(booth: Booth) -> None:
    steps = [(1, 1), (1, 1), (-1, 0), (-1, -1), (-1, -1), (1, 0), (1, 1)]
    answers = []
    for direction, standing in steps:
        answers.append(await booth.cast("ann", direction))
        assert await booth.standing() == standing
    assert answers == [True, False, True, True, False, True, True]


async def test_taking_a_vote_back_deletes_it(booth: Booth) -> None:
    await booth.cast("ann", 1)
    await booth.cast("ann", -1)
    assert await booth.read("vote:ann:j1") is None


@pytest.mark.parametrize("direction", [1, -1], ids=["same", "other"])
async def test_a_locked_vote_stays(booth: Booth, direction: int) -> None:
    await booth.cast("ann", 1)
    booth.now += 30_000
    assert await booth.cast("ann", direction) is False
    assert await booth.standing() == 1


async def test_an_expired_vote_is_replaced_and_its_effect_stays(booth: Booth) -> None:
    await booth.cast("ann", 1)
    booth.now += 1_000_000
    assert await booth.cast("ann", 1) is True
    assert await booth.standing() == 2
    vote = await booth.read("vote:ann:j1")
    assert vote is not None
    assert vote.timestamp == booth.now


async def test_a_vote_that_never_expires_holds(booth: Booth) -> None:
    await booth.cast("ann", 1, expires_after=0, locked_after=0)
    booth.now += 10**12
    assert await booth.cast("ann", 1) is False


@pytest.mark.parametrize(
    "voter", ["author", "j1", "", "  "], ids=["creator", "itself", "empty", "blank"]
)
async def test_who_may_not_vote(booth: Booth, voter: str) -> None:
    assert await booth.cast(voter, 1) is False
    assert await booth.standing() == 0


async def test_nobody_votes_on_a_vote(booth: Booth) -> None:
    await booth.cast("ann", 1)
    assert await booth.cast("bob", 1, "vote:ann:j1") is False


async def test_a_vote_on_nothing_is_none(booth: Booth) -> None:
    assert await booth.cast("ann", 1, "nosuch") is None
    assert await booth.read("vote:ann:nosuch") is None


async def test_another_object_with_the_id_of_a_vote_is_left_alone(booth: Booth) -> None:
    await booth.put(Sysprop(id="vote:ann:j1", type="note", name="mine"))
    assert await booth.cast("ann", 1) is False
    kept = await booth.read("vote:ann:j1")
    assert kept is not None
    assert (kept.name, await booth.standing()) == ("mine", 0)


@pytest.mark.parametrize(("held", "then"), [(0, 0), (4, 5)], ids=["off", "on"])
async def test_a_vote_counts_the_version_on_where_locking_is_on(
    booth: Booth, held: int, then: int
) -> None:
    await booth.put(Sysprop(id="j2", type="joke", version=held))
    await booth.cast("ann", 1, "j2")
    obj = await booth.read("j2")
    assert obj is not None
    assert (obj.version, obj.votes, obj.updated) == (then, 1, START)


async def test_no_vote_is_lost_or_counted_twice_when_many_come_at_once() -> None:
    async with SlowDAO() as dao:
        booth = Booth(dao)
        await booth.put(Sysprop(id="j1", type="joke"))
        voters = [f"v{n % 100}" for n in range(200)]  # each of them twice
        answers = await asyncio.gather(*(booth.cast(voter, 1) for voter in voters))
        assert answers.count(True) == 100
        assert await booth.standing() == 100


async def test_no_vote_is_lost_when_two_servers_count() -> None:
    async with SlowDAO() as dao:
        booth, other = Booth(dao), Booth(dao)
        await booth.put(Sysprop(id="j1", type="joke"))
        votes = [b.cast(f"v{n}", 1) for n in range(20) for b in (booth, other)]
        answers = await asyncio.gather(*votes)
        assert answers.count(True) == 20
        assert await booth.standing() == 20


async def test_a_vote_that_is_always_overtaken_is_an_error() -> None:
    async with OvertakenDAO() as dao:
        booth = Booth(dao)
        await booth.put(Sysprop(id="j1", type="joke"))
        with pytest.raises(ConflictError, match="read them again"):
            await booth.cast("ann", 1)
        assert await booth.standing() == 0


@pytest.mark.parametrize(
    ("body", "ballot"),
    [
        pytest.param({"_voteup": "a", "_votedown": "b"}, Ballot("a", 1), id="up-wins"),
        pytest.param({"_voteup": " ", "_votedown": "b"}, Ballot("b", -1), id="blank-up"),
        pytest.param({"_voteup": None}, Ballot("", -1), id="null"),
        pytest.param(
            {"_voteup": "a", "_vote_expires_after": None, "_vote_locked_after": 0},
            Ballot("a", 1, None, 0),
            id="times",
        ),
    ],
)
def test_what_a_body_votes(body: dict[str, Any], ballot: Ballot) -> None:
    assert is_vote(body)
    assert parse_vote(body) == ballot


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"_voteup": 5}, id="number-for-voter"),
        pytest.param({"_votedown": ["a"]}, id="list-for-voter"),
        pytest.param({"_voteup": "a", "_votedown": {}}, id="map-beside-voter"),
        pytest.param({"_voteup": "a", "_vote_expires_after": "soon"}, id="text-for-time"),
        pytest.param({"_voteup": "a", "_vote_locked_after": 1.5}, id="fraction"),
        pytest.param({"_voteup": "a", "_vote_locked_after": True}, id="flag"),
    ],
)
def test_a_vote_of_wrong_types_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(UnusableBodyError, match="_vote"):
        parse_vote(body)


def test_other_bodies_are_no_votes() -> None:
    assert not is_vote({"votes": 5, "_vote_locked_after": 3})
