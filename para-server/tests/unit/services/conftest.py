"""An index that follows a database, both under the control of the test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from para_server.services import index_follower
from para_server.services.index_follower import IndexFollower

from .index_fakes import LateDAO, RecordingSearch


@pytest.fixture
async def dao() -> AsyncIterator[LateDAO]:
    async with LateDAO() as dao:
        yield dao


@pytest.fixture
def search() -> RecordingSearch:
    return RecordingSearch()


@pytest.fixture
async def follower(dao: LateDAO, search: RecordingSearch) -> AsyncIterator[IndexFollower]:
    follower = IndexFollower(dao, search, linger_sec=0.005)
    await follower.open()
    yield follower
    search.gate.set()
    search.rebuild_gate.set()
    await follower.close()


@pytest.fixture
def quick_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_follower, "_RETRY_SEC", 0.01)
