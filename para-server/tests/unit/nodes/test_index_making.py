"""A node makes an index once at a time, whoever finds that it is missing; no mistake is hidden."""

from __future__ import annotations

import asyncio
import logging

import pytest

from para_core.contracts.dao import Put, Write
from para_core.errors import StorageFullError
from para_core.testing.cancelling import until
from para_server.nodes import index_share, shared_index
from para_server.nodes.index_share import IndexMaker
from para_server.nodes.share import share_number
from para_server.services.following import Retention

from .fakes import a_record
from .members import APP, PATIENCE_SEC, Member, Setting


class Gate:
    """Holds makings back while it is shut, and counts how many are at it at once."""

    def __init__(self) -> None:
        self.is_open, self.begun = asyncio.Event(), asyncio.Event()
        self.at_once = self.most = 0
        self.failures: list[Exception] = []

    async def __call__(self) -> None:
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        self.begun.set()
        try:
            await self.is_open.wait()
            if self.failures:
                raise self.failures.pop()
        finally:
            self.at_once -= 1


@pytest.fixture
def gate(setting: Setting) -> Gate:
    gate = setting.engine.before_rebuild = Gate()
    return gate


@pytest.fixture
async def maker(setting: Setting) -> IndexMaker:
    """Makes the index of an app that has one object; nobody follows its feed."""
    await setting.dao.write(APP, Write("create", [Put(a_record("a"))]))
    retention = Retention(setting.dao, ["index"])
    return IndexMaker(setting.dao, setting.engine, retention, rebuild_page=10)


async def settle() -> None:
    """Let everything run that can run without time passing."""
    for _ in range(100):
        await asyncio.sleep(0)


async def test_an_index_that_was_removed_is_made_once_whoever_misses_it(
    setting: Setting, writer: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A search finds it gone, and so does what follows the feed."""
    monkeypatch.setattr(index_share, "_AGAIN_SEC", (0.0,))
    await writer.put("a")
    assert await writer.index.caught_up(APP, PATIENCE_SEC)
    await setting.engine.drop(APP)
    before, gate = setting.engine.rebuilds, Gate()
    setting.engine.before_rebuild = gate
    writer.index.lost(APP)
    await gate.begun.wait()
    await writer.put("b")
    share = writer.index._shares[share_number(APP)]
    await until(lambda: APP in share._making)
    await settle()
    gate.is_open.set()
    assert await writer.index.caught_up(APP, PATIENCE_SEC)
    assert await setting.found() == ["a", "b"]
    assert gate.most == 1
    assert setting.engine.rebuilds == before + 1


async def test_who_asks_for_a_new_index_gets_one_that_was_begun_later(
    setting: Setting, gate: Gate, maker: IndexMaker
) -> None:
    made = [asyncio.create_task(maker.make(APP)) for _ in range(2)]
    await gate.begun.wait()
    await settle()
    gate.is_open.set()
    assert await asyncio.gather(*made) == [1, 1]
    assert gate.most == 1
    assert setting.engine.rebuilds == 2


@pytest.mark.parametrize("end", ["full", "cancelled"])
async def test_what_the_first_does_not_make_the_next_does(
    setting: Setting, gate: Gate, maker: IndexMaker, end: str
) -> None:
    first = asyncio.create_task(maker.make(APP))
    await gate.begun.wait()
    others = [asyncio.create_task(maker.make_once(APP)) for _ in range(3)]
    await settle()
    others.pop().cancel()  # it only stops waiting
    if end == "cancelled":
        first.cancel()
    else:
        gate.failures = [StorageFullError("the disk of the cluster is full")]
    gate.is_open.set()
    with pytest.raises((StorageFullError, asyncio.CancelledError)):
        await first
    await asyncio.gather(*others)
    assert gate.most == 1
    assert setting.engine.rebuilds == 2
    assert await setting.found() == ["a"]


async def test_a_mistake_while_an_index_is_looked_for_is_told(
    setting: Setting,
    writer: Member,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def refresh(appid: str) -> int | None:
        raise ValueError("a mistake")

    await writer.put("a")
    assert await writer.index.caught_up(APP, PATIENCE_SEC)
    with monkeypatch.context() as patch, caplog.at_level(logging.ERROR):
        patch.setattr(setting.engine, "refresh", refresh)
        writer.index.lost(APP)
        await until(lambda: not writer.index._tasks)
    (told,) = [line for line in caplog.records if line.name == shared_index.__name__]
    assert told.exc_info is not None
    assert "a mistake" in caplog.text
    writer.index.lost(APP)
    assert await writer.index.caught_up(APP, PATIENCE_SEC)
