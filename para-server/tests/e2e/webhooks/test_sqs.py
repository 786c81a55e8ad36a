"""Webhooks and messages over SQS, whose messages other programs and servers see as well."""

from __future__ import annotations

import importlib.util
import logging
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from para_core.config import Config
from para_core.contracts.queue import Queue
from para_core.testing.line import Line
from para_server.para import Backends, Para

from ...receivers import Receiver  # noqa: TID252 - tests have no absolute names
from ..backends import MEMORY, backends  # noqa: TID252 - tests have no absolute names
from ..client import Client  # noqa: TID252 - tests have no absolute names
from .hooks import a_hook, nothing_more, until

pytestmark = [
    pytest.mark.service("sqs"),
    pytest.mark.skipif(
        importlib.util.find_spec("para_queue_sqs") is None, reason="needs para-queue-sqs"
    ),
]


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    parts = urlsplit(os.environ["PARA_TEST_SQS_URL"])
    line = Line(parts.hostname or "", parts.port or 0)
    await line.restore()
    yield line
    await line.cut()


@pytest.fixture
def queue(line: Line) -> Queue:
    """Return a queue that nobody else has."""
    from para_queue_sqs.plugin import open_aws_queue

    address, name = f"http://127.0.0.1:{line.port}", f"test-{os.urandom(6).hex()}"
    keys = {"sqs.endpoint": address, "default_queue_name": name}
    return open_aws_queue(Config({f"para.{name}": value for name, value in keys.items()}))


@pytest.fixture
async def made(queue: Queue, folder: Path) -> AsyncIterator[Backends]:
    async with backends(MEMORY, folder) as made:
        yield replace(made, queue=queue)


async def test_custom_events_are_delivered(app: Client, receiver: Receiver) -> None:
    await a_hook(app, receiver.url, customEvents=["boat.sold"])
    events = [{"id": f"b{number}", "price": number} for number in range(15)]
    for event in events:
        request = {"triggeredEvent": "boat.sold", "customPayload": event}
        assert (await app.post("/v1/webhooks", request)).status == 201
    requests = await nothing_more(receiver, len(events))
    assert sorted((each.items[0] for each in requests), key=lambda item: item["price"]) == events


async def test_events_of_objects_are_delivered_as_always(app: Client, receiver: Receiver) -> None:
    await a_hook(app, receiver.url, create=True)
    await app.post("/v1/boat", {"id": "b1"})
    (request,) = await nothing_more(receiver, 1)
    assert request.items[0]["id"] == "b1"


async def test_messages_of_other_programs_make_change_and_delete(app: Client, queue: Queue) -> None:
    start = '{"appid":"myapp","type":"boat","id":"b1",'
    for end, sails in (('"_create":"true","sails":3}', 3), ('"sails":4}', 4)):
        await queue.push(start + end)

        async def has_sails(sails: int = sails) -> bool:
            reply = await app.get("/v1/boat/b1")
            return reply.status == 200 and bool(reply.json["sails"] == sails)

        await until(has_sails, 60)
    await queue.push(start + '"_delete":"true"}')

    async def is_gone() -> bool:
        return (await app.get("/v1/boat/b1")).status == 404

    await until(is_gone, 60)
    assert await is_gone()


async def test_what_cannot_be_done_is_listed_and_put_back(
    root: Client, app: Client, queue: Queue
) -> None:
    await queue.push('{"appid":"later","type":"boat","id":"b1","_create":true}')

    async def is_aside() -> bool:
        return bool((await root.get("/v1/_queue")).json["aside"])

    await until(is_aside, 60)
    (entry,) = (await root.get("/v1/_queue")).json["aside"]
    assert "no app 'later'" in entry["reason"]
    keys = (await root.get("/v1/_setup/later")).json
    later = Client(root.para, "app:later", keys["secretKey"])
    assert (await root.post(f"/v1/_queue/{entry['id']}")).status == 200

    async def is_stored() -> bool:
        return (await later.get("/v1/boat/b1")).status == 200

    await until(is_stored, 60)


async def test_a_service_that_is_away_is_told_and_the_rest_goes_on(
    para: Para, app: Client, line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    assert (await app.post("/v1/boat", {"id": "b1"})).status == 201

    async def works(expected: str) -> None:
        async def is_so() -> bool:
            report = await para.services.health.report()
            faults = {part.name: part.fault for part in report.parts if part.fault}
            return report.is_healthy and list(faults) == expected.split()

        await until(is_so, 60)

    await works("")
    await line.cut()
    with caplog.at_level(logging.INFO, "para_server.services.health"):
        await works("Queue")
        event = {"triggeredEvent": "boat.sold", "customPayload": {"id": "b1"}}
        assert (await app.post("/v1/webhooks", event)).status == 503
        assert (await app.get("/v1/boat/b1")).status == 200
        await line.restore()
        await works("")
    said = [r.getMessage() for r in caplog.records if "a part of the server" in r.getMessage()]
    assert said == ["a part of the server fails", "a part of the server works again"]
    assert (await app.post("/v1/webhooks", event)).status == 201
