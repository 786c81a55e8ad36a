"""What became of deliveries, and sending them again: for the app's own keys only."""

from __future__ import annotations

import pytest

from para_server.para import Para
from para_server.webhooks.deliveries import LOGGED

from ...receivers import Receiver  # noqa: TID252 - tests have no absolute names
from ..client import Client  # noqa: TID252 - tests have no absolute names
from .hooks import a_hook, log_of, nothing_more, until


async def test_the_log_tells_what_waits_and_what_was_done(app: Client, receiver: Receiver) -> None:
    receiver.answer = lambda request: 500 if request.items[0]["id"] == "bad" else 200
    hook = await a_hook(app, receiver.url, create=True)
    await app.post("/v1/boat", {"id": "bad"})
    await receiver.until(1)
    for key in ("one", "two"):
        await app.post("/v1/boat", {"id": key})

    async def two_are_done() -> bool:
        return len([e for e in await log_of(app, hook) if e["state"] == "delivered"]) == 2

    await until(two_are_done)
    waiting, last, first = await log_of(app, hook)
    assert (waiting["state"], waiting["event"]) == ("waiting", "create")
    assert waiting["attempts"] >= 1
    assert waiting["nextAttempt"] > waiting["timestamp"]
    assert [each["payload"]["items"][0]["id"] for each in (first, last)] == ["one", "two"]
    assert (first["status"], first["attempts"]) == (200, 1)
    assert first["updated"] >= first["timestamp"]
    assert first["tookMillis"] >= 0
    assert first["id"] in {request.delivery for request in receiver.requests}
    assert {"body", "answer", "headers"}.isdisjoint(first)


async def test_what_waits_tells_why_it_was_not_taken(app: Client, receiver: Receiver) -> None:
    receiver.answer = lambda request: 503
    hooks = [await a_hook(app, url, create=True) for url in (receiver.url, "http://10.0.0.1/")]
    await app.post("/v1/boat", {"id": "b1"})

    async def both_were_tried() -> bool:
        logs = [await log_of(app, hook) for hook in hooks]
        return all(log and log[0]["attempts"] for log in logs)

    await until(both_were_tried)
    answered, refused = [(await log_of(app, hook))[0] for hook in hooks]
    told = (answered["state"], answered["status"], answered["error"])
    assert told == ("waiting", 503, "it answered 503")
    assert (refused["state"], "status" in refused) == ("waiting", False)
    assert "10.0.0.1" in refused["error"]


async def test_a_delivery_is_sent_again_with_its_id(app: Client, receiver: Receiver) -> None:
    hook = await a_hook(app, receiver.url, create=True)
    await app.post("/v1/boat", {"id": "b1"})
    await nothing_more(receiver, 1)
    (entry,) = await log_of(app, hook)
    reply = await app.post(f"/v1/_webhooks/{hook['id']}/deliveries/{entry['id']}")
    assert (reply.status, reply.json["state"]) == (200, "waiting")
    first, second = await nothing_more(receiver, 2)
    assert (first.delivery, first.body) == (second.delivery, second.body)
    assert first.headers["x-webhook-signature"] == second.headers["x-webhook-signature"]
    assert len(await log_of(app, hook)) == 2


async def test_the_log_remembers_the_last_ones(app: Client, receiver: Receiver) -> None:
    hook = await a_hook(app, receiver.url, create=True)
    count = LOGGED + 20
    for number in range(count):
        await app.post("/v1/boat", {"id": f"b{number}"})
    await nothing_more(receiver, count)
    log = await log_of(app, hook)
    assert len(log) == LOGGED
    kept = {entry["payload"]["items"][0]["id"] for entry in log}
    assert f"b{count - 1}" in kept
    assert "b0" not in kept


async def test_what_is_not_there_is_not_found(app: Client, receiver: Receiver) -> None:
    hook = await a_hook(app, receiver.url, create=True)
    assert await log_of(app, hook) == []
    for reply in (
        await app.get("/v1/_webhooks/absent/deliveries"),
        await app.post(f"/v1/_webhooks/{hook['id']}/deliveries/absent"),
        await app.post("/v1/_webhooks/absent/deliveries/absent"),
    ):
        assert reply.status == 404


async def test_a_deleted_hook_has_no_log(app: Client, para: Para, receiver: Receiver) -> None:
    hook = await a_hook(app, receiver.url, create=True)
    await app.post("/v1/boat", {"id": "b1"})
    await nothing_more(receiver, 1)
    await app.delete(f"/v1/webhooks/{hook['id']}")
    assert (await app.get(f"/v1/_webhooks/{hook['id']}/deliveries")).status == 404

    async def is_clean() -> bool:
        dao = para.services.store.dao
        ids = [record.id[:2] for record in await dao.read_page("_webhooks")]
        return not {"d/", "l/", "s/"}.intersection(ids)

    await until(is_clean)


@pytest.mark.parametrize("grant", ["_webhooks", "*", "webhooks"])
async def test_users_and_guests_never_see_it(
    app: Client, para: Para, receiver: Receiver, grant: str
) -> None:
    hook = await a_hook(app, receiver.url, create=True)
    await app.put(f"/v1/_permissions/*/{grant}", ["?", "*"])
    guest = Client(para, guest_of="app:myapp")
    reply = await guest.get(f"/v1/_webhooks/{hook['id']}/deliveries")
    assert reply.status in (401, 403)
    assert "items" not in reply.json


async def test_another_app_does_not_find_it(
    app: Client, root: Client, para: Para, receiver: Receiver
) -> None:
    hook = await a_hook(app, receiver.url, create=True)
    keys = (await root.get("/v1/_setup/other")).json
    other = Client(para, "app:other", keys["secretKey"])
    path = f"/v1/_webhooks/{hook['id']}/deliveries"
    assert ((await other.get(path)).status, (await root.get(path)).status) == (404, 404)


@pytest.mark.parametrize("config_values", [{"para.webhooks_enabled": "false"}], ids=["off"])
async def test_without_webhooks_nothing_is_sent(app: Client, receiver: Receiver) -> None:
    hook = await a_hook(app, receiver.url, create=True, customEvents=["x"])
    await app.post("/v1/boat", {"id": "b1"})
    reply = await app.post("/v1/webhooks", {"triggeredEvent": "x", "customPayload": {"a": 1}})
    assert reply.status == 201
    assert await log_of(app, hook) == []
    assert (await app.post(f"/v1/_webhooks/{hook['id']}/deliveries/x")).status == 400
    await nothing_more(receiver, 0)
