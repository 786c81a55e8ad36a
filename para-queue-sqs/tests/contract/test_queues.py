"""What is particular to SQS: queues that are made, limits, several workers, other programs."""

from __future__ import annotations

import asyncio
import string
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import msgspec
import pytest
from aiobotocore.session import get_session

from para_core.contracts.queue import Message
from para_core.errors import UnusableBodyError
from para_queue_sqs.place import Place
from para_queue_sqs.queue import AWSQueue
from para_queue_sqs.state import look

from ..places import a_place, a_queue, address  # noqa: TID252 - tests have no absolute names

pytestmark = pytest.mark.service("sqs")


@pytest.fixture
def place() -> Place:
    return a_place()


@pytest.fixture
async def queue(place: Place) -> AsyncIterator[AWSQueue]:
    async with a_queue(place, visibility_timeout_sec=600) as queue:
        yield queue


class Sqs:
    """The service as other programs see it."""

    def __init__(self, driver: object) -> None:
        self._driver = driver

    async def ask(self, operation: str, **parameters: object) -> dict[str, Any]:
        answer: dict[str, Any] = await getattr(self._driver, operation)(**parameters)
        return answer


@pytest.fixture
async def sqs() -> AsyncIterator[Sqs]:
    keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    made = get_session().create_client("sqs", region_name="local", endpoint_url=address(), **keys)
    async with made as driver:
        yield Sqs(driver)


async def test_opening_makes_nothing_and_the_first_message_makes_both_queues(
    place: Place, queue: AWSQueue
) -> None:
    assert await look(place) is None
    await queue.push("a")
    state = await look(place)
    assert state is not None
    assert (state.shape.messages, state.dead_queue, state.dead) == (1, f"{place.queue}-dead", 0)
    assert state.shape.dead_letters == state.dead_queue


async def test_servers_that_start_at_once_make_one_queue(place: Place) -> None:
    servers = [a_queue(place, max_attempts=attempts) for attempts in (3, 4, 5)]
    for server in servers:
        await server.open()
    await asyncio.gather(*(server.push("a") for server in servers))
    assert [await server.size() for server in servers] == [3, 3, 3]
    for server in servers:
        await server.close()


async def test_a_queue_that_was_deleted_is_made_again(
    place: Place, queue: AWSQueue, sqs: Sqs
) -> None:
    await queue.push("lost with its queue")
    url = (await sqs.ask("get_queue_url", QueueName=place.queue))["QueueUrl"]
    await sqs.ask("delete_queue", QueueUrl=url)
    assert await queue.pull() == []
    await sqs.ask("delete_queue", QueueUrl=url)
    await queue.push("a")
    assert [message.body for message in await queue.pull()] == ["a"]


async def test_a_queue_of_somebody_else_is_used_as_it_is(place: Place, sqs: Sqs) -> None:
    dead = (await sqs.ask("create_queue", QueueName=f"{place.queue}-graveyard"))["QueueUrl"]
    arn = f"arn:aws:sqs:elasticmq:000000000000:{place.queue}-graveyard"
    policy = msgspec.json.encode({"deadLetterTargetArn": arn, "maxReceiveCount": 1}).decode()
    url = (
        await sqs.ask("create_queue", QueueName=place.queue, Attributes={"RedrivePolicy": policy})
    )["QueueUrl"]
    async with a_queue(place, visibility_timeout_sec=1, max_attempts=9) as queue:
        await sqs.ask("send_message", QueueUrl=url, MessageBody="of another program")
        (first,) = await queue.pull()
        assert first.body == "of another program"
        await queue.push("ours")
        (ours,) = await queue.pull()
        await queue.set_aside(ours, "of no\x00 use")
        async with asyncio.timeout(60):
            while len(letters := await queue.aside()) < 2:
                assert await queue.pull(wait_sec=1.5) == []
        assert sorted((each.body, each.reason) for each in letters) == [
            ("of another program", "it was pulled too often and never done"),
            ("ours", "of no use"),
        ]
        for letter in letters:
            assert await queue.restore(letter.id)
        assert await queue.size() == 2
    assert (await look(place)).dead_queue == f"{place.queue}-graveyard"  # type: ignore[union-attr]
    assert dead


async def test_other_programs_read_what_is_pushed(place: Place, queue: AWSQueue, sqs: Sqs) -> None:
    await queue.push('{"appid":"x","type":"boat"}')
    url = (await sqs.ask("get_queue_url", QueueName=place.queue))["QueueUrl"]
    received = await sqs.ask("receive_message", QueueUrl=url)
    assert [each["Body"] for each in received["Messages"]] == ['{"appid":"x","type":"boat"}']


@pytest.mark.parametrize(
    "message",
    ['{"name":"\uffff"}', "\x00\x01", "x" * 300_000, "\ud83c alone", "é" * 131_000],
    ids=["no character", "control characters", "large", "half a character", "large in UTF-8"],
)
async def test_what_sqs_refuses_comes_back_as_it_was(queue: AWSQueue, message: str) -> None:
    await queue.push_all(["before", message, "after"])
    pulled = [one for _ in range(3) for one in await queue.pull()]
    assert sorted(one.body for one in pulled) == sorted(["before", message, "after"])


async def test_what_is_too_large_is_refused_and_nothing_is_sent(queue: AWSQueue) -> None:
    noise = "".join(Random(7).choices(string.printable, k=600_000))  # noqa: S311 - just noise
    with pytest.raises(UnusableBodyError, match="600000 bytes is too large"):
        await queue.push_all(["small", noise])
    assert await queue.size() == 0


async def test_batches_are_parted_by_size_too(queue: AWSQueue) -> None:
    bodies = [f"{number}{'x' * 60_000}" for number in range(12)]
    await queue.push_all(bodies)
    pulled: list[Message] = []
    while some := await queue.pull():
        pulled += some
    assert sorted(one.body for one in pulled) == sorted(bodies)


async def test_several_servers_do_each_message_once(place: Place) -> None:
    done: list[str] = []

    async def work(queue: AWSQueue) -> None:
        while some := await queue.pull(wait_sec=1.2):
            await asyncio.gather(*(queue.ack(message) for message in some))
            done.extend(message.body for message in some)

    servers = [a_queue(place, visibility_timeout_sec=600) for _ in range(3)]
    for server in servers:
        await server.open()
    bodies = [f"{number}" for number in range(120)]
    async with asyncio.TaskGroup() as group:
        for server in servers:
            group.create_task(work(server))
        for start in range(0, len(bodies), 30):
            group.create_task(servers[0].push_all(bodies[start : start + 30]))
    assert sorted(done, key=int) == bodies
    assert await servers[0].size() == 0
    for server in servers:
        await server.close()
