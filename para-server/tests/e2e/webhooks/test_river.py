"""The river: what messages in the queue do, and what becomes of those that cannot be done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from para_core.config import Config
from para_core.contracts.queue import Message, Queue
from para_core.objects import App
from para_server.config import ApiSettings
from para_server.para import Backends, Para

from ...receivers import Receiver  # noqa: TID252 - tests have no absolute names
from ..client import ROOT_SECRET, Client  # noqa: TID252 - tests have no absolute names
from .hooks import a_hook, nothing_more, until


@pytest.fixture
def queue(made: Backends) -> Queue:
    return made.queue


async def push(queue: Queue, *messages: object) -> None:
    """Push messages and wait until the queue is empty."""
    texts = [m if isinstance(m, str) else msgspec.json.encode(m).decode() for m in messages]
    await queue.push_all(texts)

    async def is_empty() -> bool:
        return await queue.size() == 0

    await until(is_empty)


def a_message(**fields: object) -> dict[str, object]:
    return {"appid": "myapp", "type": "boat", **fields}


async def test_a_message_without_an_id_makes_an_object(app: Client, queue: Queue) -> None:
    await push(queue, a_message(name="Tern", properties={"sails": 3}))
    (boat,) = (await app.get("/v1/boat")).json["items"]
    assert (boat["name"], boat["sails"], boat["appid"]) == ("Tern", 3, "myapp")


@pytest.mark.parametrize("yes", [True, "true"], ids=["boolean", "text"])
async def test_messages_create_update_and_delete(app: Client, queue: Queue, yes: object) -> None:
    await push(queue, a_message(id="b1", _create=yes, sails=3), a_message(id="b1", sails=4, a=1))
    boat = (await app.get("/v1/boat/b1")).json
    assert (boat["sails"], boat["a"]) == (4, 1)
    assert "_create" not in boat
    await push(queue, a_message(id="b1", sails=5), a_message(id="b1", _delete=yes))
    assert (await app.get("/v1/boat/b1")).status == 404


async def test_objects_go_to_the_app_that_is_named(app: Client, root: Client, queue: Queue) -> None:
    await push(queue, a_message(id="b1", _create="true"))
    assert (await app.get("/v1/boat/b1")).status == 200
    assert (await root.get("/v1/boat/b1")).status == 404


async def test_an_update_of_what_is_not_there_makes_nothing(app: Client, queue: Queue) -> None:
    await push(queue, a_message(id="absent", sails=1))
    assert (await app.get("/v1/boat/absent")).status == 404
    assert await queue.aside() == []


@pytest.mark.parametrize("kind", ["user", "app", "tag", "vote", "linker", "webhook"])
async def test_objects_of_core_types_are_let_go(app: Client, queue: Queue, kind: str) -> None:
    await push(queue, a_message(type=kind, id="x1", _create="true", name="x", tag="x"))
    assert (await app.get("/v1/_id/x1")).status == 404
    assert await queue.aside() == []


async def test_messages_of_no_kind_are_let_go(app: Client, queue: Queue) -> None:
    await push(queue, "hello", '{"id":"1"}')
    assert await queue.aside() == []


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ('{"appid":"myapp","type"', "no JSON object"),
        ('["appid","type"]', "no JSON object"),
        ({"appid": "", "type": "boat"}, "names no app"),
        ({"appid": "absent", "type": "boat"}, "no app 'absent'"),
        ({"appid": "myapp", "type": "boat", "id": 1}, "no text"),
        ({"appid": "myapp", "type": "indexpayload", "id": "what"}, "no job 'what'"),
        ({"appid": "myapp", "type": "webhookpayload", "id": "1"}, "event and payload"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_can_never_be_done_is_set_aside(
    app: Client, queue: Queue, message: object, reason: str
) -> None:
    await push(queue, a_message(id="before"), message, a_message(id="b1", _create="true"))
    assert (await app.get("/v1/boat/b1")).status == 200
    (aside,) = await queue.aside()
    assert reason in aside.reason
    assert aside.attempts == 1


async def test_objects_that_break_rules_are_set_aside(app: Client, queue: Queue) -> None:
    await app.post("/v1/boat", {"id": "b1", "sails": 1})
    reply = await app.put("/v1/_constraints/boat/sails/max", {"value": 5})
    assert reply.status == 200
    await push(queue, a_message(sails=6), a_message(id="b1", sails=7))
    reasons = [aside.reason for aside in await queue.aside()]
    assert sorted(reasons) == ["the object is not valid", "the object would not be valid"]
    (boat,) = (await app.get("/v1/boat")).json["items"]
    assert boat["sails"] == 1


async def set_state(para: Para, *, active: bool = True, read_only: bool = False) -> None:
    def alter(fresh: App) -> None:
        fresh.active, fresh.read_only = active, read_only

    assert await para.services.apps.change("myapp", alter) is not None


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ({"read_only": True}, "App is in read-only mode. [app:myapp]"),
        ({"active": False}, "App not active. [app:myapp]"),
    ],
    ids=["read-only", "not active"],
)
async def test_apps_that_take_no_writes_take_none_from_the_queue(
    app: Client, para: Para, queue: Queue, state: Mapping[str, bool], reason: str
) -> None:
    await app.post("/v1/boat", {"id": "b1", "sails": 1})
    await set_state(para, **state)
    writes = [a_message(id="b2", _create=True), a_message(id="b1", sails=2)]
    await push(queue, *writes, a_message(id="b1", _delete=True))
    assert [aside.reason for aside in await queue.aside()] == [reason] * 3
    await set_state(para)
    assert (await app.get("/v1/boat/b1")).json["sails"] == 1
    assert (await app.get("/v1/boat/b2")).status == 404


async def test_the_index_of_a_read_only_app_can_be_told_what_to_hold(
    app: Client, para: Para, queue: Queue
) -> None:
    await app.post("/v1/boat", {"id": "b1"})
    await set_state(para, read_only=True)
    job = {"appid": "myapp", "type": "indexpayload", "id": "unindex_all_op", "payload": ["b1"]}
    await push(queue, job)
    assert (await app.get("/v1/boat")).json["totalHits"] == 0


async def test_the_index_can_be_told_what_to_hold(app: Client, para: Para, queue: Queue) -> None:
    for key in ("b1", "b2"):
        await app.post("/v1/boat", {"id": key})

    async def found() -> set[str]:
        items: list[Mapping[str, Any]] = (await app.get("/v1/boat")).json["items"]
        return {item["id"] for item in items}

    job = {"appid": "myapp", "type": "indexpayload"}
    assert await found() == {"b1", "b2"}
    await push(queue, {**job, "id": "unindex_all_op", "payload": ["b1"]})
    assert await found() == {"b2"}
    await push(queue, {**job, "id": "index_all_op", "payload": ["b1"]})
    assert await found() == {"b1", "b2"}
    await push(queue, {**job, "id": "delete_index_op", "payload": {}})
    await push(queue, {**job, "id": "create_index_op", "payload": {}})
    await push(queue, {**job, "id": "rebuild_index_op", "payload": {}})
    assert await found() == {"b1", "b2"}


@pytest.mark.parametrize(
    "config_values", [{"para.queue.polling_interval_seconds": "3"}], ids=["three seconds"]
)
async def test_the_configuration_says_how_long_an_answer_of_the_queue_may_take(
    made: Backends, config: Config, settings: ApiSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = []
    pull = made.queue.pull

    async def noted(limit: int = 10, wait_sec: float = 0) -> list[Message]:
        waits.append(wait_sec)
        return await pull(limit, wait_sec)

    async def is_asked() -> bool:
        return bool(waits)

    monkeypatch.setattr(made.queue, "pull", noted)
    async with Para(settings, made, config=config):
        await until(is_asked)
    assert set(waits) == {3}


@pytest.mark.parametrize(
    "config_values", [{"para.river.max_indexing_retries": "1"}], ids=["one try"]
)
async def test_what_is_to_be_indexed_and_never_comes_is_given_up(app: Client, queue: Queue) -> None:
    job = {"appid": "myapp", "type": "indexpayload", "id": "index_all_op", "payload": ["none"]}
    await push(queue, job)
    assert (await app.get("/v1/boat")).json["totalHits"] == 0


async def test_a_delivery_in_the_form_of_the_original_is_sent(
    app: Client, queue: Queue, receiver: Receiver
) -> None:
    message = {
        "payload": '{"appid":"myapp","event":"x","items":[{"id":"1"}],"timestamp":1}',
        "signature": "c2ln",
        "appid": "myapp",
        "id": "a hook of elsewhere",
        "type": "webhookpayload",
        "urlEncoded": True,
        "event": "x",
        "targetUrl": receiver.url,
        "repeatedDeliveryAttempts": 1,
    }
    await push(queue, message)
    (request,) = await nothing_more(receiver, 1)
    assert request.headers["x-webhook-signature"] == "c2ln"
    assert request.text == message["payload"]


async def test_batches_tell_their_hooks(app: Client, queue: Queue, receiver: Receiver) -> None:
    await a_hook(app, receiver.url, createAll=True)
    await push(queue, a_message(id="b1", _create="true"))
    (request,) = await nothing_more(receiver, 1)
    assert (request.event, request.items[0]["id"]) == ("createAll", "b1")


@pytest.mark.parametrize(
    ("values", "is_taken"),
    [
        ({}, False),
        ({"para.queue_link_enabled": "true"}, True),
        ({"para.webhooks_enabled": "true"}, True),
    ],
    ids=["neither", "queue link", "webhooks"],
)
async def test_messages_are_taken_when_something_needs_them(
    settings: ApiSettings, made: Backends, values: Mapping[str, str], *, is_taken: bool
) -> None:
    async with Para(settings, made, config=Config(dict(values))) as para:
        message = {"appid": "para", "type": "boat", "id": "b1", "_create": True}
        await made.queue.push(msgspec.json.encode(message).decode())

        async def is_there() -> bool:
            root = Client(para, "app:para", ROOT_SECRET)
            return (await root.get("/v1/boat/b1")).status == 200

        if is_taken:
            await until(is_there)
        else:
            assert not await is_there()
            assert await made.queue.size() == 1
