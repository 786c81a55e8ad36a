"""A DAO that hands every call on keeps the promises of the one behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest

from para_core.contracts.dao import DAO, Late, Record, Write
from para_core.memory.dao import MemoryDAO
from para_core.passing import PassingDAO
from para_core.testing.dao import DAOSuite, a_record


class TestPassingDAO(DAOSuite):
    keeps_after_close = False

    @pytest.fixture
    async def dao(self) -> AsyncIterator[DAO]:
        async with PassingDAO(MemoryDAO()) as dao:
            yield dao


class Watched(PassingDAO):
    """Writes down what comes by."""

    def __init__(self, dao: DAO) -> None:
        super().__init__(dao)
        self.seen: list[str] = []

    async def read_all(self, appid: str, keys: Sequence[str]) -> dict[str, Record]:
        self.seen.append(f"read {' '.join(keys)}")
        return await super().read_all(appid, keys)

    async def write(self, appid: str, write: Write) -> int:
        self.seen.append(f"{write.event} {' '.join(write.keys())}")
        return await super().write(appid, write)


async def test_whoever_overrides_two_methods_meets_the_everyday_verbs_too() -> None:
    async with Watched(MemoryDAO()) as dao:
        number = await dao.create("app", a_record("a"))
        await dao.update("app", a_record("a"), expect=number)
        assert await dao.read("app", "a") == (await dao.read_page("app"))[0]
        await dao.delete_all("app", ["a", "b"])
    assert dao.seen == ["create a", "update a", "read a", "deleteAll a b"]


async def test_several_processes_may_share_it_when_they_may_share_the_one_behind_it() -> None:
    class Shared(MemoryDAO):
        group = ""

        def share(self, group: str) -> None:
            self.group = group

    behind = Shared()
    PassingDAO(behind).share("servers")
    assert behind.group == "servers"


def test_its_place_is_that_of_the_one_behind_it() -> None:
    class Placed(MemoryDAO):
        place = "over there"

    assert PassingDAO(Placed()).place == "over there"
    assert PassingDAO(MemoryDAO()).place == ""


def test_what_is_unfit_for_nodes_says_so_from_behind_too() -> None:
    class Unfit(MemoryDAO):
        unfit_for_nodes = "too slow"

    assert PassingDAO(Unfit()).unfit_for_nodes == "too slow"
    assert PassingDAO(MemoryDAO()).unfit_for_nodes == ""


def test_whoever_wants_to_hear_of_late_writes_hears_from_the_one_behind_it() -> None:
    class LateDAO(MemoryDAO):
        def on_late(self, heard: Late) -> None:
            heard("app", 7, ["cat1"])

    told: list[tuple[str, int, Sequence[str]]] = []

    def hear(appid: str, number: int, keys: Sequence[str]) -> None:
        told.append((appid, number, keys))

    PassingDAO(LateDAO()).on_late(hear)
    assert told == [("app", 7, ["cat1"])]
    MemoryDAO().on_late(hear)
    assert len(told) == 1, "nothing is ever late in memory"
