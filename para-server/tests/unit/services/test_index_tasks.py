"""What follows the database in the background: no mistake ends it, and all of it ends at last."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterable, Sequence

import pytest

from para_core.contracts.dao import Put, Record, Write
from para_server.services import index_follower
from para_server.services.index_follower import IndexFollower

from .index_fakes import LateDAO, RecordingSearch, record, write

PATIENCE_SEC = 60.0


async def test_a_mistake_in_the_look_at_all_apps_stops_nothing_else(
    dao: LateDAO,
    search: RecordingSearch,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    asked = asyncio.Event()

    async def apps() -> list[str]:
        asked.set()
        raise ValueError("a mistake")

    monkeypatch.setattr(dao, "apps", apps)
    follower = IndexFollower(dao, search, linger_sec=PATIENCE_SEC)
    with caplog.at_level(logging.ERROR):
        await follower.open()
        await asked.wait()
        await write(follower, dao, "a")
        assert await follower.caught_up("app", PATIENCE_SEC)
        await write(follower, dao, "b")
        await follower.close()
    assert search.ids() == {"a", "b"}
    (told,) = [line for line in caplog.records if line.name == index_follower.__name__]
    assert told.getMessage() == "the indexes are looked at when they are used"
    assert told.exc_info is not None


class StubbornSearch(RecordingSearch):
    """Takes its time to break a rebuild off."""

    def __init__(self) -> None:
        super().__init__()
        self.is_asked_to_end, self.may_end = asyncio.Event(), asyncio.Event()

    async def rebuild(
        self, appid: str, records: AsyncIterable[Sequence[Record]], position: int
    ) -> int:
        try:
            return await super().rebuild(appid, records, position)
        except asyncio.CancelledError:
            self.is_asked_to_end.set()
            await self.may_end.wait()
            raise


async def test_who_stops_waiting_for_the_end_leaves_nothing_at_work(dao: LateDAO) -> None:
    search, before = StubbornSearch(), asyncio.all_tasks()
    for appid in ("one", "two"):
        await dao.write(appid, Write("create", [Put(record("a"))]))
    search.rebuild_gate.clear()
    follower = IndexFollower(dao, search, linger_sec=0)
    await follower.open()
    await search.rebuilding.wait()
    closing = asyncio.create_task(follower.close())
    await search.is_asked_to_end.wait()
    closing.cancel()
    search.may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert asyncio.all_tasks() == before
