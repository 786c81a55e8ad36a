"""What other nodes put into the inbox of a share: told in order, once it can be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from para_core.contracts.dao import Write
from para_core.errors import ParaError, UnavailableError
from para_core.memory.dao import MemoryDAO
from para_server.webhooks import inbox as inboxes
from para_server.webhooks.deliveries import Delivery
from para_server.webhooks.inbox import Inbox
from para_server.webhooks.messages import Told
from para_server.webhooks.share import ROOM, LeaseLostError, Share


class Teller:
    """Tells what it can, and removes it as a sender does."""

    def __init__(self, dao: MemoryDAO) -> None:
        self._dao = dao
        self.failures: dict[str, Exception] = {}  # the next one of each
        self.told: list[str] = []
        self.more = asyncio.Event()

    async def __call__(self, told: Told, gone: Sequence[str]) -> None:
        name = told.delivery.id
        if name in self.failures:
            raise self.failures.pop(name)
        await self._dao.write(ROOM, Write("webhooks", deletes=gone))
        self.told.append(name)
        self.more.set()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(30):
            while len(self.told) < count:
                self.more.clear()
                await self.more.wait()


@pytest.fixture
async def dao() -> AsyncIterator[MemoryDAO]:
    async with MemoryDAO() as dao:
        yield dao


@pytest.fixture
async def inbox(dao: MemoryDAO, monkeypatch: pytest.MonkeyPatch) -> Inbox:
    monkeypatch.setattr(inboxes, "_LOOK_SEC", 0.01)
    monkeypatch.setattr(inboxes, "_TROUBLE_SEC", 0.02)
    inbox = Inbox(dao, Share(dao))
    for at, name in enumerate("abc"):
        delivery = Delivery(id=name, appid="app", event="ping", body="{}", at=at)
        await inbox.put(Told(delivery))
    return inbox


@pytest.mark.parametrize(
    ("failure", "order"),
    [(UnavailableError("it is away"), ["a", "b", "c"]), (ValueError("a mistake"), ["a", "c", "b"])],
    ids=["database away: all wait", "mistake: the others do not wait"],
)
async def test_what_fails_is_told_later(
    dao: MemoryDAO,
    inbox: Inbox,
    caplog: pytest.LogCaptureFixture,
    failure: Exception,
    order: list[str],
) -> None:
    teller = Teller(dao)
    teller.failures = {"b": failure}
    task = asyncio.create_task(inbox.empty(teller))
    await teller.until(3)
    task.cancel()
    await asyncio.wait([task])
    assert teller.told == order
    assert await inbox.waiting() == []
    assert str(failure) in caplog.text


async def test_an_inbox_that_cannot_be_read_is_read_again(
    dao: MemoryDAO, inbox: Inbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failures: list[Exception] = [ValueError("a mistake"), UnavailableError("it is away")]
    read = inbox.waiting

    async def waiting() -> list[tuple[str, Told]]:
        if failures:
            raise failures.pop()
        return await read()

    teller = Teller(dao)
    monkeypatch.setattr(inbox, "waiting", waiting)
    task = asyncio.create_task(inbox.empty(teller))
    await teller.until(3)
    task.cancel()
    await asyncio.wait([task])
    assert "custom events wait: it is away" in caplog.text
    assert "a mistake" in caplog.text


async def test_it_is_left_to_the_node_that_has_the_share_now(dao: MemoryDAO, inbox: Inbox) -> None:
    async def tell(told: Told, gone: Sequence[str]) -> None:
        failure: ParaError = LeaseLostError(3)
        raise failure

    await asyncio.wait_for(inbox.empty(tell), 30)
    assert len(await inbox.waiting()) == 3
