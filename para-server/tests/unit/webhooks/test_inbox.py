"""What other nodes put into the inbox of a share: told in order, once it can be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from para_core.contracts.dao import Put, Record, Write
from para_core.errors import BackendError, ParaError, StorageFullError, UnavailableError
from para_core.memory.dao import MemoryDAO
from para_core.testing.cancelling import until
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
        self.broken: set[str] = set()  # those that fail until they are mended
        self.told: list[str] = []
        self.tries = 0
        self.more = asyncio.Event()

    async def __call__(self, told: Told, gone: Sequence[str]) -> None:
        name, self.tries = told.delivery.id, self.tries + 1
        if name in self.broken:
            raise ValueError("a mistake")
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
    [
        (UnavailableError("it is away"), ["a", "b", "c"]),
        (StorageFullError("it is full"), ["a", "b", "c"]),
        (BackendError("it is refused"), ["a", "c", "b"]),
        (ValueError("a mistake"), ["a", "c", "b"]),
    ],
    ids=[
        "database away: all wait",
        "database full: all wait",
        "refused: the others do not wait",
        "mistake: the others do not wait",
    ],
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


async def test_however_many_fail_the_others_do_not_wait(
    dao: MemoryDAO, inbox: Inbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Those that fail fill more than a page, and are told of once."""
    monkeypatch.setattr(inboxes, "_PAGE", 2)
    teller = Teller(dao)
    teller.broken = {"a", "b", "c"}
    for at, name in enumerate("defg", 3):
        await inbox.put(Told(Delivery(id=name, appid="app", event="ping", body="{}", at=at)))
    task = asyncio.create_task(inbox.empty(teller))
    await teller.until(4)
    assert teller.told == ["d", "e", "f", "g"]
    tries = teller.tries
    await until(lambda: teller.tries > tries + 6)
    told = [line for line in caplog.records if line.name == inboxes.__name__]
    assert [line.exc_info is not None for line in told] == [True] * 3
    teller.broken.clear()
    await teller.until(7)
    task.cancel()
    await asyncio.wait([task])
    assert await inbox.waiting() == []


async def test_what_cannot_be_read_keeps_nothing_waiting(
    dao: MemoryDAO, inbox: Inbox, caplog: pytest.LogCaptureFixture
) -> None:
    """A server of another version may have put it."""
    (first, *_) = await inbox.waiting()
    strange = Record(first.id, first.type, b'{"id":"i","delivery":7}')
    await dao.write(ROOM, Write("webhooks", [Put(strange)]))
    teller = Teller(dao)
    task = asyncio.create_task(inbox.empty(teller))
    await teller.until(2)
    task.cancel()
    await asyncio.wait([task])
    assert teller.told == ["b", "c"]
    assert [record.id for record in await inbox.waiting()] == [first.id]
    assert "a custom event waits" in caplog.text


async def test_an_inbox_that_cannot_be_read_is_read_again(
    dao: MemoryDAO, inbox: Inbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failures: list[Exception] = [ValueError("a mistake"), UnavailableError("it is away")]
    read = inbox.waiting

    async def waiting(after: str = "") -> list[Record]:
        if failures:
            raise failures.pop()
        return await read(after)

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
