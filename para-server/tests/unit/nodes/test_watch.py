from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest

from para_core.contracts.dao import Change, Write
from para_core.errors import UnavailableError
from para_core.memory.dao import MemoryDAO
from para_server.nodes.watch import Watch

from .fakes import Clock, a_database, a_record

STALE_SEC, FEED_SEC = 1.0, 100.0


class Away(MemoryDAO):
    """A database that can be out of reach."""

    is_away = False

    async def heads(self) -> dict[str, int]:
        if self.is_away:
            raise UnavailableError("it is away")
        return await super().heads()


class Heard:
    """What a watch told."""

    def __init__(self, watch: Watch) -> None:
        self.changes: list[tuple[str, int]] = []
        self.gone: list[str] = []
        self.missed: list[str] = []
        watch.on_changes.append(self._hear)
        watch.on_gone.append(self._lose)
        watch.on_missed.append(self._miss)

    async def _hear(self, appid: str, changes: Sequence[Change]) -> None:
        self.changes += [(appid, change.number) for change in changes]

    async def _lose(self, appid: str) -> None:
        self.gone.append(appid)

    async def _miss(self, appid: str) -> None:
        self.missed.append(appid)


@pytest.fixture
async def dao() -> AsyncIterator[Away]:
    async with Away() as dao:
        yield dao


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def watch(dao: Away, clock: Clock) -> AsyncIterator[Watch]:
    await dao.create("app", a_record("before"))
    async with Watch(dao, stale_sec=STALE_SEC, feed_sec=FEED_SEC, clock=clock) as watch:
        yield watch


async def test_it_hears_of_all_that_was_written_since_it_was_opened(
    dao: Away, watch: Watch
) -> None:
    heard = Heard(watch)
    one = await dao.create("app", a_record("a"))
    two = await dao.create("new", a_record("b"))
    three = await dao.delete("app", "a")
    await watch.look()
    assert sorted(heard.changes) == sorted([("app", one), ("app", three), ("new", two)])
    await watch.look()
    assert len(heard.changes) == 3


async def test_what_is_remembered_is_fresh_from_the_moment_of_the_question_only(
    dao: Away, watch: Watch, clock: Clock
) -> None:
    assert watch.is_fresh()

    async def slow(appid: str, changes: Sequence[Change]) -> None:
        clock.now += 0.6  # so long the look takes

    watch.on_changes.append(slow)
    await dao.create("app", a_record("a"))
    await watch.look()
    clock.now += 0.39
    assert watch.is_fresh()
    clock.now += 0.02
    assert not watch.is_fresh()


async def test_nothing_is_fresh_while_the_database_does_not_answer(
    dao: Away, watch: Watch, clock: Clock
) -> None:
    dao.is_away = True
    clock.now += STALE_SEC
    with pytest.raises(UnavailableError):
        await watch.look()
    assert not watch.is_fresh()
    dao.is_away = False
    await watch.look()
    assert watch.is_fresh()


async def test_it_tells_of_apps_that_were_removed(dao: Away, watch: Watch) -> None:
    heard = Heard(watch)
    await dao.delete_table("app")
    await watch.look()
    assert heard.gone == ["app"]


async def test_after_a_long_time_away_everything_is_forgotten_before_anything_is_fresh(
    dao: Away, watch: Watch, clock: Clock
) -> None:
    heard = Heard(watch)
    number = await dao.write("app", Write("create", deletes=["x"]))
    await dao.forget_changes("app", number)
    clock.now += FEED_SEC / 2 + 1
    await watch.look()
    assert heard.missed == ["app"]
    assert not watch.is_fresh()
    await watch.look()
    assert watch.is_fresh()
    assert heard.missed == ["app"]


async def test_nothing_is_fresh_after_the_close(clock: Clock) -> None:
    async with a_database() as dao:
        async with Watch(dao, stale_sec=STALE_SEC, feed_sec=FEED_SEC, clock=clock) as watch:
            assert watch.is_fresh()
        assert not watch.is_fresh()
