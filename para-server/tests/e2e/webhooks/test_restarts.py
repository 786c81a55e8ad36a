"""Webhooks across stops, leaders and other processes on one database."""

from __future__ import annotations

import asyncio

import pytest

from para_core.config import Config
from para_core.contracts.dao import DAO
from para_core.errors import UnavailableError
from para_core.memory.dao import MemoryDAO
from para_core.memory.search import MemorySearch
from para_server import events
from para_server.config import ApiSettings
from para_server.events import Followers, retention_of
from para_server.para import Backends, Para
from para_server.webhooks import outbox as outboxes

from ...receivers import Receiver, a_receiver  # noqa: TID252 - tests have no absolute names
from ..backends import a_cache  # noqa: TID252 - tests have no absolute names
from ..client import ROOT_SECRET, Client  # noqa: TID252 - tests have no absolute names
from .hooks import a_hook, log_of, nothing_more, until


class LastingDAO(MemoryDAO):
    """Keeps what it has when it is closed, as a database does."""

    async def close(self) -> None:
        self._open = False


@pytest.fixture
def lasting() -> LastingDAO:
    return LastingDAO()


def a_server(settings: ApiSettings, config: Config, dao: DAO) -> Para:
    return Para(settings, Backends(dao, MemorySearch(), a_cache()), config=config)


def root_of(para: Para) -> Client:
    return Client(para, "app:para", ROOT_SECRET)


async def test_what_was_not_delivered_is_delivered_after_a_restart(
    settings: ApiSettings, config: Config, lasting: LastingDAO
) -> None:
    async with a_receiver() as first:
        port = first.port
    async with a_server(settings, config, lasting) as para:
        root = root_of(para)
        hook = await a_hook(root, f"http://127.0.0.1:{port}", create=True)
        await root.post("/v1/boat", {"id": "b1"})

        async def was_tried() -> bool:
            return any(entry["attempts"] for entry in await log_of(root, hook))

        await until(was_tried)
    async with a_receiver(port=port) as receiver, a_server(settings, config, lasting) as para:
        (request,) = await nothing_more(receiver, 1)
        assert request.items[0]["id"] == "b1"
        (entry,) = await log_of(root_of(para), hook)
        assert entry["state"] == "delivered"
        assert entry["attempts"] >= 2


async def test_a_stop_waits_for_requests_under_way(
    settings: ApiSettings, config: Config, lasting: LastingDAO, receiver: Receiver
) -> None:
    receiver.answer = lambda request: 0.3
    async with a_server(settings, config, lasting) as para:
        root = root_of(para)
        hook = await a_hook(root, receiver.url, create=True)
        await root.post("/v1/boat", {"id": "b1"})
        await receiver.until(1)
    async with a_server(settings, config, lasting) as para:
        await nothing_more(receiver, 1)
        (entry,) = await log_of(root_of(para), hook)
        assert (entry["state"], entry["attempts"]) == ("delivered", 1)


async def test_what_happens_while_webhooks_are_off_is_never_told(
    settings: ApiSettings, config: Config, lasting: LastingDAO, receiver: Receiver
) -> None:
    async with a_server(settings, config, lasting) as para:
        await a_hook(root_of(para), receiver.url, create=True)
        await root_of(para).post("/v1/boat", {"id": "before"})
        await nothing_more(receiver, 1)
    async with a_server(settings, Config(), lasting) as para:
        await root_of(para).post("/v1/boat", {"id": "while they are off"})
        outbox = outboxes.Outbox(lasting)
        assert await outbox.position("para") is None
    async with a_server(settings, config, lasting) as para:
        await root_of(para).post("/v1/boat", {"id": "after"})
        requests = await nothing_more(receiver, 2)
    assert [request.items[0]["id"] for request in requests] == ["before", "after"]


async def test_followers_can_be_closed_here_and_opened_there(
    settings: ApiSettings, config: Config, lasting: LastingDAO, receiver: Receiver
) -> None:
    async with a_server(settings, config, lasting) as para:
        root = root_of(para)
        await a_hook(root, receiver.url, create=True)
        await para.followers.close()
        await root.post("/v1/boat", {"id": "nobody leads"})
        await asyncio.sleep(0.1)
        assert receiver.requests == []
        await para.followers.open()
        await nothing_more(receiver, 1)


async def test_who_leads_begins_whatever_fails_at_first(
    settings: ApiSettings,
    config: Config,
    lasting: LastingDAO,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    failures: list[Exception] = [ValueError("a mistake"), UnavailableError("it is away")]

    async def begin() -> None:
        if failures:
            raise failures.pop()

    monkeypatch.setattr(events, "_RETRY_SEC", 0.01)
    async with a_server(settings, config, lasting) as para:
        with monkeypatch.context() as patch:
            patch.setattr(para.followers, "open", begin)
            await asyncio.wait_for(para.followers._open_late(), 30)
    assert "webhooks and queue wait: it is away" in caplog.text
    assert "a mistake" in caplog.text


async def test_a_leader_hears_of_hooks_that_another_process_stores(
    settings: ApiSettings, config: Config, lasting: LastingDAO, receiver: Receiver
) -> None:
    async with (
        a_server(settings, config, lasting) as leads,
        a_server(settings, Config(), lasting) as writes,
    ):
        await leads.followers.end()
        found = [
            Followers(
                config,
                lasting,
                para._backends.queue,
                para.services,
                retention_of(config, lasting, search_enabled=False),
                has_others=True,
            )
            for para in (leads, writes)
        ]
        await found[0].open()
        root = root_of(writes)
        assert await found[0].webhooks.book.of("para") == []
        hook = await a_hook(root, receiver.url, create=True)
        await root.post("/v1/boat", {"id": "b1"})
        await nothing_more(receiver, 1)
        await root.delete(f"/v1/webhooks/{hook['id']}")
        await root.post("/v1/boat", {"id": "b2"})
        await asyncio.sleep(1.2)
        await nothing_more(receiver, 1)
        for each in found:
            await each.end()
