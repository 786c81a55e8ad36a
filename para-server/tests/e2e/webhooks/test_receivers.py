"""Receivers that fail, hang, send elsewhere or may not be reached."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from para_core.config import Config
from para_server.config import ApiSettings
from para_server.para import Backends, Para
from para_server.webhooks import dispatcher, lane, rooms

from ...receivers import Receiver, Request, a_receiver  # noqa: TID252 - tests have no absolute names
from ..client import ROOT_SECRET, Client  # noqa: TID252 - tests have no absolute names
from .hooks import a_hook, log_of, nothing_more, until

HANGING = {
    "para.webhooks_enabled": "true",
    "para.outbound.hosts": "127.0.0.1",
    "para.outbound.timeout_ms": "600000",  # far more than is waited
}


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a day of retries take some seconds."""
    monkeypatch.setattr(lane, "PAUSES_SEC", (0.05, 0.1))
    monkeypatch.setattr(lane, "FIRST_RETRY_SEC", 0.05)
    monkeypatch.setattr(lane, "LAST_RETRY_SEC", 0.1)


def first_fail(count: int, status: int = 500) -> Any:  # noqa: ANN401 - what a receiver calls
    """Return an answer that fails the first times of each object."""
    seen: dict[str, int] = {}

    def answer(request: Request) -> int:
        key = str(request.items[0]["id"])
        seen[key] = seen.get(key, 0) + 1
        return status if seen[key] <= count else 200

    return answer


@pytest.mark.parametrize("status", [500, 404, 301, 211])
async def test_a_delivery_is_repeated_until_it_is_taken(
    app: Client, receiver: Receiver, status: int
) -> None:
    receiver.answer = first_fail(2, status)
    hook = await a_hook(app, receiver.url, create=True)
    await app.post("/v1/boat", {"id": "b1"})
    requests = await nothing_more(receiver, 3)
    assert len({(request.delivery, request.body) for request in requests}) == 1
    (entry,) = await log_of(app, hook)
    assert (entry["state"], entry["attempts"], entry["status"]) == ("delivered", 3, 200)
    assert "ok" not in entry.values()  # what the receiver said


@pytest.mark.parametrize("status", [200, 201, 204, 210])
async def test_a_status_near_200_means_success(
    app: Client, receiver: Receiver, status: int
) -> None:
    receiver.answer = lambda request: status
    hook = await a_hook(app, receiver.url, create=True)
    await app.post("/v1/boat", {"id": "b1"})
    await nothing_more(receiver, 1)
    (entry,) = await log_of(app, hook)
    assert (entry["state"], entry["status"]) == ("delivered", status)


async def test_redirects_are_not_followed(app: Client, receiver: Receiver) -> None:
    async with a_receiver() as elsewhere:
        receiver.location = elsewhere.url
        receiver.answer = lambda request: 307 if len(receiver.requests) < 1 else 200
        await a_hook(app, receiver.url, create=True)
        await app.post("/v1/boat", {"id": "b1"})
        await nothing_more(receiver, 2)
        assert elsewhere.requests == []


async def test_events_of_an_object_keep_their_order_and_others_go_on(
    app: Client, receiver: Receiver
) -> None:
    receiver.answer = lambda request: (
        500 if request.items[0]["id"] == "slow" and len(receiver.requests) < 12 else 200
    )
    await a_hook(app, receiver.url, create=True, update=True)
    await app.post("/v1/boat", {"id": "slow", "step": 0})
    for step in range(1, 4):
        await app.patch("/v1/boat/slow", {"step": step})
        await app.post("/v1/boat", {"id": f"other{step}"})
    await receiver.until(13)
    await asyncio.sleep(0.3)
    taken = [
        (request.items[0]["id"], request.items[0].get("step"))
        for request in list({request.delivery: request for request in receiver.requests}.values())
    ]
    assert [pair for pair in taken if pair[0] == "slow"] == [("slow", step) for step in range(4)]
    assert sum(pair[0] != "slow" for pair in taken) == 3
    places = [request.items[0]["id"] for request in receiver.requests]
    assert max(places.index(f"other{step}") for step in (1, 2, 3)) < 12


async def is_off(app: Client, path: str) -> bool:
    return not (await app.get(path)).json["active"]


async def test_a_hook_that_always_fails_is_turned_off(app: Client, receiver: Receiver) -> None:
    receiver.answer = lambda request: 500
    hook = await a_hook(app, receiver.url, create=True)
    path = f"/v1/webhooks/{hook['id']}"
    await app.post("/v1/boat", {"id": "b1"})
    await until(lambda: is_off(app, path))
    assert (await app.get(path)).json["tooManyFailures"] is True
    count = len(receiver.requests)
    assert count >= 10
    await app.post("/v1/boat", {"id": "while it is off"})
    await nothing_more(receiver, count)
    receiver.answer = lambda request: 200
    await app.patch(path, {"active": True})
    assert (await app.get(path)).json["tooManyFailures"] is False
    await app.post("/v1/boat", {"id": "b2"})
    requests = await receiver.until(count + 1)
    assert requests[-1].items[0]["id"] in ("b1", "b2")


@pytest.mark.parametrize(
    "config_values", [{"para.max_failed_webhook_attempts": "2"}], ids=["two failures"]
)
async def test_the_configuration_says_how_many_failures_turn_a_hook_off(
    app: Client, receiver: Receiver
) -> None:
    receiver.answer = lambda request: 500
    hook = await a_hook(app, receiver.url, create=True)
    await app.post("/v1/boat", {"id": "b1"})
    await until(lambda: is_off(app, f"/v1/webhooks/{hook['id']}"))
    assert len(await nothing_more(receiver, 2)) == 2


async def test_a_success_forgets_the_failures_before(app: Client, receiver: Receiver) -> None:
    receiver.answer = first_fail(6)
    hook = await a_hook(app, receiver.url, create=True)
    for key in ("b1", "b2", "b3"):
        await app.post("/v1/boat", {"id": key})
        count = len({request.delivery for request in receiver.requests})
        await receiver.until(7 * max(count, 1))
    await receiver.until(21)
    assert (await app.get(f"/v1/webhooks/{hook['id']}")).json["active"] is True


@pytest.mark.parametrize(("hooks", "copies"), [(8, 1), (100, 1), (4, 100)])
async def test_a_hanging_receiver_delays_nobody_else(
    settings: ApiSettings, made: Backends, receiver: Receiver, hooks: int, copies: int
) -> None:
    async with (
        Para(settings, made, config=Config(HANGING)) as para,
        a_receiver(lambda request: 600.0) as hanging,
    ):
        root = Client(para, "app:para", ROOT_SECRET)
        for place in range(hooks):
            url = f"{hanging.url}/{place}"
            await a_hook(root, url, create=True, repeatedDeliveryAttempts=copies)
        await a_hook(root, receiver.url, create=True)
        for number in range(100):
            await root.post("/v1/boat", {"id": f"b{number}"})
        await receiver.until(100, seconds=60)
        assert len(hanging.requests) >= 8


async def test_a_hook_that_works_keeps_its_room_when_nothing_happens(
    settings: ApiSettings, made: Backends, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hooks that hang fill the room of those that have yet to show that they work."""
    monkeypatch.setattr(dispatcher, "_IDLE_MS", 1)
    monkeypatch.setattr(rooms, "_OTHERS", 2)
    async with (
        Para(settings, made, config=Config(HANGING)) as para,
        a_receiver(lambda request: 600.0) as hanging,
    ):
        root = Client(para, "app:para", ROOT_SECRET)
        await a_hook(root, receiver.url, create=True)
        await root.post("/v1/boat", {"id": "b0"})
        await receiver.until(1)

        async def is_idle() -> bool:
            return all(
                not each.dispatcher._lanes for each in para.services.webhooks._senders.values()
            )

        await until(is_idle)
        for place in range(8):
            await a_hook(root, f"{hanging.url}/{place}", create=True)
        await root.post("/v1/boat", {"id": "b1"})
        await hanging.until(2, seconds=60)
        await root.post("/v1/boat", {"id": "b2"})
        await receiver.until(3, seconds=60)
        assert len(hanging.requests) == 2, "the others wait for those that hang"


@pytest.mark.parametrize("config_values", [{"para.outbound.hosts": ""}], ids=["usual"])
async def test_private_addresses_are_refused_unless_allowed(
    app: Client, receiver: Receiver, config_values: Mapping[str, object]
) -> None:
    hook = await a_hook(app, receiver.url, create=True)
    await app.post("/v1/boat", {"id": "b1"})

    async def was_tried() -> bool:
        return any(entry["attempts"] for entry in await log_of(app, hook))

    await until(was_tried)
    assert receiver.requests == []


async def test_a_receiver_that_is_not_there_yet_gets_it_later(app: Client) -> None:
    async with a_receiver() as first:
        port = first.port
    await a_hook(app, f"http://127.0.0.1:{port}/", create=True)
    await app.post("/v1/boat", {"id": "b1"})
    await asyncio.sleep(0.1)
    async with a_receiver(port=port) as receiver:
        (request,) = await nothing_more(receiver, 1)
        assert request.items[0]["id"] == "b1"
