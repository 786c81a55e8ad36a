from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from para_core.contracts.dao import Put, Record, Write
from para_core.listeners import IOListener, ListenedDAO
from para_core.memory.dao import MemoryDAO

CAT = Record("cat1", "cat", b'{"id":"cat1"}')


class Recorder(IOListener):
    """Remembers calls; may refuse before, or fail after."""

    def __init__(self, name: str, calls: list[str], *, fails_at: str = "") -> None:
        self.name, self.calls, self.fails_at = name, calls, fails_at

    def heard(self, what: str, value: object) -> None:
        self.calls.append(f"{self.name} {what} {value}")
        if what == self.fails_at:
            raise RuntimeError(what)

    async def before_read(self, appid: str, keys: Sequence[str]) -> None:
        self.heard("before read", list(keys))

    async def after_read(
        self, appid: str, keys: Sequence[str], found: Mapping[str, Record]
    ) -> None:
        self.heard("after read", list(found))

    async def before_write(self, appid: str, write: Write) -> None:
        self.heard("before write", write.event)

    async def after_write(self, appid: str, write: Write, change: int) -> None:
        self.heard("after write", write.keys())


async def test_listeners_stand_around_writes_and_reads() -> None:
    calls: list[str] = []
    listeners = [Recorder("a", calls), Recorder("b", calls)]
    async with ListenedDAO(MemoryDAO(), listeners) as dao:
        change = await dao.create("app", CAT)
        assert (await dao.read("app", "cat1")) == Record("cat1", "cat", CAT.data, change)
    assert calls == [
        "a before write create",
        "b before write create",
        "a after write ['cat1']",
        "b after write ['cat1']",
        "a before read ['cat1']",
        "b before read ['cat1']",
        "a after read ['cat1']",
        "b after read ['cat1']",
    ]


async def test_a_listener_may_refuse_a_write() -> None:
    calls: list[str] = []
    async with ListenedDAO(MemoryDAO(), [Recorder("a", calls, fails_at="before write")]) as dao:
        with pytest.raises(RuntimeError, match="before write"):
            await dao.write("app", Write("create", [Put(CAT)]))
        assert await dao.read("app", "cat1") is None
        assert await dao.last_change("app") == 0


@pytest.mark.parametrize("moment", ["after write", "after read"])
async def test_a_listener_that_fails_afterwards_changes_nothing(
    moment: str, caplog: pytest.LogCaptureFixture
) -> None:
    calls: list[str] = []
    listeners = [Recorder("a", calls, fails_at=moment), Recorder("b", calls)]
    async with ListenedDAO(MemoryDAO(), listeners) as dao:
        await dao.create("app", CAT)
        assert await dao.read("app", "cat1") is not None
    assert caplog.messages == ["a listener failed"]
    assert [call for call in calls if call.startswith(f"b {moment}")]


async def test_everything_else_passes_through() -> None:
    async with ListenedDAO(MemoryDAO(), []) as dao:
        await dao.create_table("app")
        change = await dao.create("app", CAT)
        assert [record.id for record in await dao.read_page("app")] == ["cat1"]
        assert [found.number for found in await dao.changes("app", 0)] == [change]
        assert "app" in await dao.apps()
        await dao.forget_changes("app", change)
        assert await dao.last_change("app") == change
        await dao.delete_table("app")
        assert await dao.read("app", "cat1") is None
