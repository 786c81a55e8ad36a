"""What is known of the hooks of an app while others write."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from para_core.contracts.dao import Record
from para_core.errors import UnavailableError
from para_core.memory.dao import MemoryDAO
from para_core.objects import Webhook
from para_core.objects.codec import record_of
from para_server.webhooks import hookbook
from para_server.webhooks.hookbook import HookBook


class GatedDAO(MemoryDAO):
    """Pages wait for the gate, or fail."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.gate.set()
        self.failures: list[Exception] = []

    async def read_page(
        self, appid: str, *, after: str = "", limit: int = 100, kind: str | None = None
    ) -> list[Record]:
        found = await super().read_page(appid, after=after, limit=limit, kind=kind)
        await self.gate.wait()
        if self.failures:
            raise self.failures.pop()
        return found


@pytest.fixture
async def dao() -> AsyncIterator[GatedDAO]:
    async with GatedDAO() as dao:
        yield dao


@pytest.fixture
async def book(dao: GatedDAO) -> AsyncIterator[HookBook]:
    book = HookBook(dao)
    yield book
    await book.close()


def a_hook(key: str, url: str = "", *, is_active: bool = True) -> Record:
    return record_of(Webhook(id=key, target_url=url, active=is_active, create=True))


async def stored(dao: GatedDAO, record: Record) -> Record:
    number = await dao.create("app", record)
    return Record(record.id, record.type, record.data, number)


async def ids(book: HookBook) -> list[str]:
    return sorted(hook.id for hook in await book.of("app"))


async def test_hooks_are_found_in_the_database_and_heard_of(dao: GatedDAO, book: HookBook) -> None:
    for number in range(250):
        await dao.create("app", a_hook(f"h{number:03d}"))
    await dao.create("app", Record("cat", "cat", b'{"id":"cat","type":"cat"}'))
    assert len(await ids(book)) == 250
    record = await stored(dao, a_hook("later"))
    book.hear("app", record.change, [record], [])
    assert "later" in await ids(book)
    book.hear("app", record.change + 1, [], ["later", "h000"])
    assert len(await ids(book)) == 249
    assert await book.find("app", "later") is None
    assert await book.find("app", "h001") is not None


async def test_nobody_is_sure_before_the_app_was_looked_through(
    dao: GatedDAO, book: HookBook
) -> None:
    dao.gate.clear()
    assert book.asks_for("app", "create")
    assert not book.asks_for("app", "no event")
    dao.gate.set()
    assert await ids(book) == []
    assert not book.asks_for("app", "create")
    book.hear("app", 1, [a_hook("off", is_active=False)], [])
    assert not book.asks_for("app", "create")
    book.hear("app", 2, [a_hook("on")], [])
    assert book.asks_for("app", "create")
    assert not book.asks_for("app", "deleteAll")


async def test_what_is_heard_while_looking_is_newer_than_what_is_found(
    dao: GatedDAO, book: HookBook
) -> None:
    changed = await stored(dao, a_hook("changed", "http://old"))
    gone = await stored(dao, a_hook("gone"))
    dao.gate.clear()
    looking = asyncio.create_task(book.of("app"))
    await asyncio.sleep(0.01)
    book.hear("app", gone.change + 1, [a_hook("changed", "http://new")], [])
    book.hear("app", gone.change + 2, [], ["gone"])
    dao.gate.set()
    assert [(hook.id, hook.target_url) for hook in await looking] == [("changed", "http://new")]
    book.hear("app", changed.change, [changed], [])  # of another process, and late
    assert (await book.of("app"))[0].target_url == "http://new"


async def test_an_object_that_took_the_place_of_a_hook_is_none(
    dao: GatedDAO, book: HookBook
) -> None:
    record = await stored(dao, a_hook("h1"))
    assert await ids(book) == ["h1"]
    book.hear("app", record.change + 1, [Record("h1", "cat", b"{}")], [])
    assert await ids(book) == []


@pytest.mark.parametrize("failure", [UnavailableError("no"), ValueError("a mistake")], ids=repr)
async def test_a_failed_look_is_tried_again(
    dao: GatedDAO,
    book: HookBook,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    failure: Exception,
) -> None:
    monkeypatch.setattr(hookbook, "_RETRY_SEC", 0.01)
    await dao.create("app", a_hook("h1"))
    dao.failures = [failure]
    assert await ids(book) == ["h1"]
    assert "webhooks are not known yet" in caplog.text


async def test_a_removed_app_is_forgotten(dao: GatedDAO, book: HookBook) -> None:
    await dao.create("app", a_hook("h1"))
    assert await ids(book) == ["h1"]
    assert book.drop("app") == ["h1"]
    assert book.drop("app") == []
    await dao.delete_table("app")
    assert await ids(book) == []


async def test_changes_of_hooks_are_told(dao: GatedDAO, book: HookBook) -> None:
    told: list[tuple[str, str]] = []
    book.on_change = lambda appid, hook: told.append((appid, hook))
    await ids(book)
    book.hear("app", 1, [a_hook("h1"), Record("cat", "cat", b"{}")], [])
    book.hear("app", 2, [], ["h1", "cat"])
    assert told == [("app", "h1"), ("app", "h1")]
