"""What the service is asked: long polls, batches of ten, and how long a message is hidden."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from para_queue_sqs.place import Place
from para_queue_sqs.queue import AWSQueue

from ..places import a_queue  # noqa: TID252 - tests have no absolute names
from ..standin import StandIn, stand_in  # noqa: TID252

HIDDEN_SEC = 77


@pytest.fixture
async def server() -> AsyncIterator[StandIn]:
    async with stand_in() as server:
        yield server


@pytest.fixture
async def queue(server: StandIn) -> AsyncIterator[AWSQueue]:
    place = Place("para-default", "", server.address, "local", "a", "b", 5000)
    async with a_queue(place, visibility_timeout_sec=HIDDEN_SEC) as queue:
        yield queue


def asked(server: StandIn, operation: str) -> list[dict[str, Any]]:
    return [one.body for one in server.asked if one.operation == operation]


def received(count: int) -> dict[str, object]:
    """Return the answer with so many messages."""
    return {
        "Messages": [
            {
                "MessageId": f"m{number}",
                "ReceiptHandle": f"r{number}",
                "Body": "{}",
                "Attributes": {"ApproximateReceiveCount": "1"},
            }
            for number in range(count)
        ]
    }


@pytest.mark.parametrize(("wanted", "waits"), [(0, 0), (1, 1), (20, 20), (3600, 20)])
async def test_a_pull_leaves_the_waiting_to_the_service(
    server: StandIn, queue: AWSQueue, wanted: float, waits: int
) -> None:
    server.prepare("ReceiveMessage", received(10))
    assert len(await queue.pull(100, wanted)) == 10
    (request,) = asked(server, "ReceiveMessage")
    assert request["MaxNumberOfMessages"] == 10
    assert request["WaitTimeSeconds"] == waits  # one request, and none in its last second
    assert request["VisibilityTimeout"] == HIDDEN_SEC


async def test_the_first_pull_waits_as_long_though_the_queue_was_looked_for(
    server: StandIn, queue: AWSQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    meet = queue._meet

    async def slowly() -> None:
        await meet()
        await asyncio.sleep(0.2)

    monkeypatch.setattr(queue, "_meet", slowly)
    server.prepare("ReceiveMessage", received(1))
    assert len(await queue.pull(10, 1)) == 1
    (request,) = asked(server, "ReceiveMessage")
    assert request["WaitTimeSeconds"] == 1


async def test_messages_go_ten_in_a_request_and_are_removed_so(
    server: StandIn, queue: AWSQueue
) -> None:
    answers = [{"Successful": [{"Id": str(place)} for place in range(n)]} for n in (10, 10, 5)]
    server.prepare("SendMessageBatch", *answers)
    await queue.push_all([f"m{number}" for number in range(25)])
    assert [len(each["Entries"]) for each in asked(server, "SendMessageBatch")] == [10, 10, 5]
    server.prepare("ReceiveMessage", received(10))
    messages = await queue.pull()
    server.prepare("DeleteMessageBatch", answers[0])
    await asyncio.gather(*(queue.ack(message) for message in messages))
    assert [len(each["Entries"]) for each in asked(server, "DeleteMessageBatch")] == [10]


async def test_a_message_is_hidden_for_the_whole_time_again(
    server: StandIn, queue: AWSQueue
) -> None:
    server.prepare("ReceiveMessage", received(1))
    (message,) = await queue.pull()
    server.prepare("ChangeMessageVisibility", {})
    assert await queue.extend(message) == message
    (request,) = asked(server, "ChangeMessageVisibility")
    assert (request["ReceiptHandle"], request["VisibilityTimeout"]) == ("r0", HIDDEN_SEC)
