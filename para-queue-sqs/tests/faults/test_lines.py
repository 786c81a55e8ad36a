"""What a server does that is away, slow, or lost between request and answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from para_core.errors import UnavailableError
from para_core.testing.line import Line
from para_queue_sqs.place import Place
from para_queue_sqs.queue import AWSQueue

from ..elasticmq import OwnElasticMQ  # noqa: TID252 - tests have no absolute names
from ..places import a_place, a_queue, address, until  # noqa: TID252

pytestmark = pytest.mark.service("sqs")


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    parts = urlsplit(address())
    line = Line(parts.hostname or "", parts.port or 0)
    await line.restore()
    yield line
    await line.cut()


@pytest.fixture
def place(line: Line) -> Place:
    return a_place(endpoint=f"http://127.0.0.1:{line.port}", timeout_ms=60_000)


@pytest.fixture
async def queue(place: Place) -> AsyncIterator[AWSQueue]:
    async with a_queue(place, visibility_timeout_sec=600) as queue:
        yield queue


@pytest.fixture
async def beside(place: Place) -> AsyncIterator[AWSQueue]:
    """The same queue, over another line."""
    async with a_queue(a_place(queue=place.queue)) as beside:
        yield beside


async def until_size(queue: AWSQueue, size: int) -> None:
    async def has_size() -> bool:
        return await queue.size() == size

    await until(has_size)


async def until_asked(line: Line, passed: int) -> None:
    async def has_passed() -> bool:
        return line.passed > passed

    await until(has_passed)


async def test_a_lost_answer_to_a_push_stores_nothing_twice(
    queue: AWSQueue, beside: AWSQueue, line: Line
) -> None:
    await queue.push("first")
    line.hold_answers()
    pushing = asyncio.create_task(queue.push("second"))
    await until_size(beside, 2)
    await line.cut()
    with pytest.raises(UnavailableError, match=r"para\.sqs\.endpoint|para\.sqs\.timeout_ms"):
        await pushing
    await line.restore()
    await queue.push("third")
    bodies = [message.body for message in await queue.pull()]
    assert sorted(bodies) == ["first", "second", "third"]


async def test_a_lost_answer_to_an_acknowledgement_is_asked_for_again(
    queue: AWSQueue, beside: AWSQueue, line: Line
) -> None:
    await queue.push_all(["a", "b"])
    a, b = await queue.pull()
    line.hold_answers()
    acking = asyncio.create_task(queue.ack(a))
    await until_size(beside, 1)
    await line.cut()
    await line.restore()
    await acking
    await queue.ack(b)
    assert await queue.size() == 0


async def test_messages_of_a_lost_answer_come_back(
    place: Place, beside: AWSQueue, line: Line
) -> None:
    await beside.push("a")
    async with a_queue(place, visibility_timeout_sec=1) as queue:
        line.hold_answers()
        passed = line.passed
        pulling = asyncio.create_task(queue.pull())
        await until_asked(line, passed)
        await line.cut()
        with pytest.raises(UnavailableError):
            await pulling
        await line.restore()
        async with asyncio.timeout(60):
            while not (again := await queue.pull(wait_sec=1)):
                pass
        assert [message.body for message in again] == ["a"]


async def test_a_server_that_hangs_is_left_in_time(
    place: Place, beside: AWSQueue, line: Line
) -> None:
    await beside.push("a")
    async with a_queue(replace(place, timeout_ms=1000)) as queue:
        message = (await beside.pull())[0]
        line.block()
        outcomes = await asyncio.gather(
            queue.push("b"),
            queue.pull(),
            queue.ack(message),
            queue.extend(message),
            queue.size(),
            return_exceptions=True,
        )
    assert [type(outcome) for outcome in outcomes] == [UnavailableError] * 5
    assert all("para.sqs.timeout_ms (1000)" in str(outcome) for outcome in outcomes)


async def test_a_queue_opens_though_the_service_is_away(
    place: Place, line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    await line.cut()
    with caplog.at_level(logging.WARNING, "para_queue_sqs"):
        async with a_queue(place) as queue:
            assert [record.message[:27] for record in caplog.records] == [
                "the queue is away for now: "
            ]
            with pytest.raises(UnavailableError, match=r"cannot be reached.*para\.sqs\.endpoint"):
                await queue.push("a")
            await line.restore()
            await queue.push("b")
            assert [message.body for message in await queue.pull()] == ["b"]


async def test_closing_ends_what_waits_for_a_server_that_hangs(queue: AWSQueue, line: Line) -> None:
    pull = asyncio.create_task(queue.pull(wait_sec=20))
    passed = line.passed
    await until_asked(line, passed)
    line.block()
    async with asyncio.timeout(60):
        await queue.close()
        assert await pull == []


async def test_messages_survive_the_death_of_the_server(tmp_path: Path) -> None:
    async with (
        OwnElasticMQ(tmp_path) as server,
        a_queue(a_place(endpoint=server.address)) as queue,
    ):
        acknowledged = [f"message {number}" for number in range(25)]
        await queue.push_all(acknowledged)
        pulled = await queue.pull(4)
        for message in pulled:
            await queue.ack(message)
        await server.kill()
        with pytest.raises(UnavailableError):
            await queue.push("while it is away")
        await server.start()
        await queue.push("afterwards")
        left = {*acknowledged, "afterwards"} - {message.body for message in pulled}
        async with asyncio.timeout(120):
            while left:
                for message in await queue.pull(wait_sec=1):
                    left.remove(message.body)
                    await queue.ack(message)
        assert await queue.size() == 0
