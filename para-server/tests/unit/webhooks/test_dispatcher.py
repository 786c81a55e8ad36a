"""What empties the outbox goes on, whatever happens."""

from __future__ import annotations

import asyncio

import pytest

from para_core.config import Config
from para_core.errors import UnavailableError
from para_core.memory.dao import MemoryDAO
from para_server.outbound import open_outbound
from para_server.webhooks import dispatcher as dispatchers
from para_server.webhooks.dispatcher import Dispatcher, Target
from para_server.webhooks.outbox import Outbox
from para_server.webhooks.rooms import Rooms
from para_server.webhooks.share import Share


@pytest.mark.parametrize("failure", [UnavailableError("no"), ValueError("a mistake")], ids=repr)
async def test_what_waits_is_looked_for_again_after_a_failure(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, failure: Exception
) -> None:
    async def find(appid: str, hook: str) -> Target | bool:
        return False

    async def turn_off(appid: str, hook: str) -> None:
        return None

    monkeypatch.setattr(dispatchers, "_TROUBLE_SEC", 0.01)
    async with MemoryDAO() as dao:
        outbox, failures, looked = Outbox(dao), [failure], asyncio.Event()

        async def flush() -> None:
            if failures:
                raise failures.pop()
            looked.set()

        monkeypatch.setattr(outbox, "flush", flush)
        async with Dispatcher(
            outbox,
            open_outbound(Config(), most_connections=1),
            find,
            turn_off,
            clock=lambda: 1,
            most_failures=1,
            share=Share(dao),
            rooms=Rooms(),
        ):
            await asyncio.wait_for(looked.wait(), 30)
    assert str(failure) in caplog.text
