from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from para_core.contracts.dao import Change, Record
from para_core.contracts.search import Hits
from para_core.errors import IndexMovedError, UnavailableError
from para_core.memory.cache import CaffeineSettings, MemoryCache
from para_core.memory.dao import MemoryDAO
from para_core.memory.queue import MemoryQueue, QueueSettings
from para_core.memory.search import MemorySearch
from para_server.services import following
from para_server.services.following import Follower
from para_server.services.health import Health, Part, is_healthy
from para_server.services.health_parts import (
    cache_part,
    dao_part,
    follower_part,
    index_part,
    queue_part,
    search_part,
)
from para_server.services.index_follower import Progress


class Store:
    """Answers late, and counts how often it was asked."""

    def __init__(self, *, fails: bool = False) -> None:
        self.asked, self.fails = 0, fails

    async def read(self, appid: str, key: str) -> object:
        self.asked += 1
        await asyncio.sleep(0.01)
        if self.fails:
            raise UnavailableError(f"no answer about {key} of {appid}")
        return object()


def services_on(store: Store) -> Any:  # noqa: ANN401 - the few services that a probe needs
    return SimpleNamespace(health=Health([dao_part(store, "para")]))  # type: ignore[arg-type]


async def test_all_who_ask_at_once_hear_what_one_probe_found() -> None:
    store = Store()
    services = services_on(store)
    assert await asyncio.gather(*(is_healthy(services) for _ in range(10))) == [True] * 10
    assert store.asked == 1


async def test_a_failed_probe_is_no_good_health() -> None:
    services = services_on(Store(fails=True))
    assert not await is_healthy(services)


async def test_a_probe_serves_for_a_second() -> None:
    store = Store()
    services = services_on(store)
    assert await is_healthy(services)
    store.fails = True
    assert await is_healthy(services)
    services.health._looked_at -= 1.1
    assert not await is_healthy(services)


class Switch:
    """A part that works, fails, or does not answer, as the test says."""

    def __init__(self, name: str, *, is_vital: bool = True) -> None:
        self.fault: str | Exception = ""
        self.hangs = False
        self.part = Part(name, self.check, is_vital)

    async def check(self) -> str:
        if self.hangs:
            await asyncio.sleep(60)
        if isinstance(self.fault, Exception):
            raise self.fault
        return self.fault


def health_of(*switches: Switch) -> Health:
    return Health([switch.part for switch in switches], timeout_sec=0.05, fresh_sec=0)


def lines(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    found = [(record.levelname, record.getMessage()) for record in caplog.records]
    caplog.clear()
    return found


async def test_what_changes_is_logged_in_the_words_of_the_original(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    dao, search, queue = Switch("DAO"), Switch("Search"), Switch("Queue", is_vital=False)
    health = health_of(dao, search, queue)
    assert (await health.report()).is_healthy
    assert lines(caplog) == [("INFO", "Server is healthy.")]
    await health.report()
    assert lines(caplog) == []
    dao.fault, search.fault = "the root app is not there", UnavailableError("no engine")
    assert not (await health.report()).is_healthy
    gone = "Server is no longer healthy! Health check failed for services: DAO, Search"
    fails = ("WARNING", "a part of the server fails")
    assert lines(caplog) == [fails, fails, ("ERROR", gone)]
    await health.report()
    assert lines(caplog) == []
    dao.fault = search.fault = ""
    assert (await health.report()).is_healthy
    assert lines(caplog)[-1] == ("INFO", "Server is healthy.")


async def test_a_server_without_its_queue_is_healthy_and_says_what_fails(
    caplog: pytest.LogCaptureFixture,
) -> None:
    queue = Switch("Queue", is_vital=False)
    queue.fault = OSError("gone")
    report = await health_of(Switch("DAO"), queue).report()
    assert report.is_healthy
    assert [part.fault for part in report.parts] == ["", "OSError: gone"]
    assert [record.__dict__["part"] for record in caplog.records] == ["Queue"]


async def test_a_part_that_does_not_answer_is_away() -> None:
    dao = Switch("DAO")
    dao.hangs = True
    report = await health_of(dao, Switch("Search")).report()
    assert not report.is_healthy
    assert [part.fault for part in report.parts] == ["no answer within 0.05 seconds", ""]


def test_nothing_is_healthy_before_somebody_looked() -> None:
    assert not health_of(Switch("DAO")).last.is_healthy


async def test_looks_go_on_after_errors() -> None:
    dao = Switch("DAO")
    health = Health([dao.part], interval_sec=0.01, fresh_sec=0)
    async with health:
        dao.fault = RuntimeError("what nobody expects")
        await reaches(lambda: not health.last.is_healthy)
        dao.fault = ""
        await reaches(lambda: health.last.is_healthy)


async def reaches(holds: Any) -> None:  # noqa: ANN401 - a function without arguments
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.005)


async def test_a_cache_that_keeps_nothing_is_away() -> None:
    cache = MemoryCache(CaffeineSettings(), clock=time.monotonic)
    assert await cache_part(cache, "para").check() == ""

    class Away(MemoryCache):
        async def value(self, appid: str, name: str) -> None:
            del appid, name

    away = Away(CaffeineSettings(), clock=time.monotonic)
    part = cache_part(away, "para")
    assert "not there" in await part.check()
    assert not part.is_vital


async def test_back_ends_that_are_closed_are_noticed() -> None:
    search = MemorySearch()
    queue = MemoryQueue(QueueSettings(), clock=time.monotonic)
    index: Any = Index()
    parts = [search_part(search, "para", index), queue_part(queue)]
    async with search, queue:
        report = await Health(parts).report()
        assert [part.fault for part in report.parts] == ["", ""]
    report = await Health(parts).report()
    assert "not open" in report.parts[0].fault
    assert not report.is_healthy


async def test_an_index_that_is_gone_is_made_again() -> None:
    class Gone(MemorySearch):
        async def find(self, appid: str, *_: object, **more: object) -> Hits:
            raise IndexMovedError(appid)

    index: Any = Index()
    async with Gone() as search:
        report = await Health([search_part(search, "para", index)]).report()
    assert "was removed" in report.parts[0].fault
    assert index.gone == ["para"]


class Index:
    """Says that it is as far as the test wants."""

    def __init__(self) -> None:
        self.gone: list[str] = []
        self.now: dict[str, Progress] = {}

    def lost(self, appid: str) -> None:
        self.gone.append(appid)

    def progress(self) -> dict[str, Progress]:
        return self.now


async def test_an_index_that_falls_behind_is_told_of() -> None:
    index, clock = Index(), Clock()
    part = index_part(index, behind_sec=60, clock=clock)  # type: ignore[arg-type]
    index.now = {"cats": Progress(5, 5, is_ready=True), "dogs": Progress(9, 3, is_ready=True)}
    assert await part.check() == ""
    clock.now = 59.0
    assert await part.check() == ""
    clock.now = 61.0
    assert await part.check() == "the index of dogs is 61 seconds and 6 changes behind"
    index.now["cats"] = Progress(6, 5, is_ready=False)
    await part.check()
    clock.now = 130.0
    assert "dogs is 130 seconds and 6 changes behind, and of 1 more apps" in await part.check()
    index.now = {"dogs": Progress(20, 9, is_ready=True)}  # what was waited for is there
    assert await part.check() == ""
    clock.now = 180.0
    assert await part.check() == ""
    index.now = {}
    assert await part.check() == ""


class Stuck:
    """Takes no changes as long as the test wants."""

    def __init__(self) -> None:
        self.is_stuck, self.at = True, 0

    async def position(self, appid: str) -> int:
        del appid
        return self.at

    async def take(self, appid: str, changes: Sequence[Change]) -> None:
        if self.is_stuck:
            raise UnavailableError(f"no room for the changes of {appid}")
        self.at = changes[-1].number


async def test_a_follower_that_falls_behind_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "_RETRY_SEC", (0.01,))
    clock, stuck = Clock(), Stuck()
    async with MemoryDAO() as dao, Follower(dao, stuck, name="tides", poll_sec=0.01) as follower:
        part = follower_part("Tides", follower, dao, behind_sec=60, clock=clock)
        assert await part.check() == ""
        await dao.create("cats", Record("c1", "cat", b"{}"))
        await reaches(lambda: bool(follower._failures))
        assert await part.check() == ""
        clock.now = 61.0
        assert await part.check() == "what follows the writes of cats is 61 seconds behind"
        assert not part.is_vital
        stuck.is_stuck = False
        await reaches(lambda: not follower.waiting())
        assert await part.check() == ""


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now
