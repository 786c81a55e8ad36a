"""The suite that every queue passes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from para_core.contracts.queue import Message, Queue

__all__ = ["QueueSuite"]

PassTime = Callable[[float], Awaitable[None]]


class QueueSuite:
    """What every queue promises; provide the fixture ``queue``, open and empty.

    Its visibility timeout is one second, and after three pulls a message is set aside. A queue
    whose clock is a fake overrides ``pass_time``.
    """

    @pytest.fixture
    def pass_time(self) -> PassTime:
        """Let so many seconds pass."""
        return asyncio.sleep

    async def test_an_empty_queue_gives_nothing(self, queue: Queue) -> None:
        assert await queue.pull() == []
        assert await queue.size() == 0

    async def test_a_ping_takes_nothing(self, queue: Queue) -> None:
        await queue.ping()
        await queue.push("a")
        await queue.ping()
        assert [message.body for message in await queue.pull()] == ["a"]

    @pytest.mark.parametrize("message", ["", "  \n"], ids=["empty", "blank"])
    async def test_a_blank_message_is_ignored(self, queue: Queue, message: str) -> None:
        await queue.push(message)
        assert await queue.pull() == []

    async def test_messages_come_back_as_they_were(self, queue: Queue) -> None:
        sent = ['{"id":"1"}', '{"name":"čaj \U0001f375"}', "  not JSON "]
        for message in sent:
            await queue.push(message)
        assert sorted(m.body for m in await _all(queue)) == sorted(sent)

    async def test_many_are_pushed_at_once(self, queue: Queue) -> None:
        sent = [f"message {number}" for number in range(15)]
        await queue.push_all(sent)
        pulled = await _all(queue)
        assert sorted(m.body for m in pulled) == sorted(sent)
        assert len({m.receipt for m in pulled}) == 15

    async def test_a_pull_takes_no_more_than_asked(self, queue: Queue) -> None:
        await queue.push_all(["a", "b", "c"])
        first = await queue.pull(limit=2)
        assert 1 <= len(first) <= 2
        assert len(first) + len(await _all(queue)) == 3

    async def test_a_pulled_message_is_hidden_from_others(self, queue: Queue) -> None:
        await queue.push("a")
        assert len(await queue.pull()) == 1
        assert await queue.pull() == []
        assert await queue.size() == 1

    async def test_a_message_that_was_done_never_comes_back(
        self, queue: Queue, pass_time: PassTime
    ) -> None:
        await queue.push("a")
        for message in await queue.pull():
            await queue.ack(message)
        await pass_time(1.2)
        assert await queue.pull() == []
        assert await queue.size() == 0

    async def test_a_message_that_was_not_done_comes_back(
        self, queue: Queue, pass_time: PassTime
    ) -> None:
        first, second = await _pulled_twice(queue, pass_time)
        assert second.body == "a"
        assert (first.attempts, second.attempts) == (1, 2)

    async def test_an_old_receipt_does_not_remove_what_another_pulled(
        self, queue: Queue, pass_time: PassTime
    ) -> None:
        first, second = await _pulled_twice(queue, pass_time)
        await queue.ack(first)
        assert await queue.size() == 1
        await queue.ack(second)
        await queue.ack(second)
        assert await queue.size() == 0

    async def test_a_message_stays_hidden_while_it_is_extended(
        self, queue: Queue, pass_time: PassTime
    ) -> None:
        await queue.push("a")
        (message,) = await queue.pull()
        await pass_time(0.6)
        extended = await queue.extend(message)
        assert extended is not None
        assert (extended.body, extended.attempts) == ("a", 1)
        await pass_time(0.6)
        assert await queue.pull() == []
        await pass_time(0.6)
        (again,) = await queue.pull()
        assert again.attempts == 2
        await queue.ack(again)
        assert await queue.size() == 0

    async def test_an_extended_message_is_done_with_its_last_receipt(self, queue: Queue) -> None:
        await queue.push("a")
        (message,) = await queue.pull()
        extended = await queue.extend(message)
        assert extended is not None
        await queue.ack(extended)
        assert await queue.size() == 0
        assert await queue.extend(extended) is None

    async def test_an_old_receipt_extends_nothing(self, queue: Queue, pass_time: PassTime) -> None:
        first, second = await _pulled_twice(queue, pass_time)
        assert await queue.extend(first) is None
        await queue.ack(second)
        assert await queue.size() == 0

    async def test_a_message_that_is_never_done_is_set_aside(
        self, queue: Queue, pass_time: PassTime
    ) -> None:
        await queue.push_all(["kills its worker", "is fine"])
        for _ in range(3):
            pulled = {message.body: message for message in await _all(queue)}
            if "is fine" in pulled:
                await queue.ack(pulled["is fine"])
            await pass_time(1.2)
        assert await queue.pull() == []
        assert await queue.size() == 0
        (aside,) = await queue.aside()
        assert (aside.body, aside.attempts) == ("kills its worker", 3)
        assert aside.reason

    async def test_a_message_can_be_set_aside_with_a_reason_and_come_back(
        self, queue: Queue, pass_time: PassTime
    ) -> None:
        await queue.push("a")
        (message,) = await queue.pull()
        await queue.set_aside(message, "it has no type")
        await pass_time(1.2)
        assert (await queue.pull(), await queue.size()) == ([], 0)
        (aside,) = await queue.aside()
        assert (aside.body, aside.attempts, aside.reason) == ("a", 1, "it has no type")
        assert await queue.restore(aside.id)
        assert not await queue.restore(aside.id)
        assert await queue.aside() == []
        assert [(m.body, m.attempts) for m in await queue.pull()] == [("a", 1)]

    async def test_an_old_receipt_sets_nothing_aside(
        self, queue: Queue, pass_time: PassTime
    ) -> None:
        first, second = await _pulled_twice(queue, pass_time)
        await queue.set_aside(first, "too late")
        assert (await queue.size(), await queue.aside()) == (1, [])
        await queue.ack(second)

    async def test_messages_are_set_aside_in_order_and_listed_up_to_a_limit(
        self, queue: Queue
    ) -> None:
        await queue.push_all(["a", "b", "c"])
        for message in sorted(await _all(queue), key=lambda message: message.body):
            await queue.set_aside(message, "of no use")
        assert [message.body for message in await queue.aside(2)] == ["a", "b"]

    async def test_a_pull_waits_for_a_message(self, queue: Queue) -> None:
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            pull = group.create_task(queue.pull(wait_sec=4))
            await asyncio.sleep(0.01)
            await queue.push("a")
        assert [m.body for m in pull.result()] == ["a"]

    async def test_a_pull_waits_no_longer_than_asked(self, queue: Queue) -> None:
        async with asyncio.timeout(2):
            assert await queue.pull(wait_sec=0.05) == []

    async def test_two_workers_never_get_the_same_message(self, queue: Queue) -> None:
        await queue.push_all([str(number) for number in range(40)])
        first, second = await asyncio.gather(_all(queue), _all(queue))
        bodies = [m.body for m in first + second]
        assert sorted(bodies, key=int) == [str(number) for number in range(40)]

    async def test_closing_ends_the_waiting(self, queue: Queue) -> None:
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            pull = group.create_task(queue.pull(wait_sec=4))
            await asyncio.sleep(0.01)
            await queue.close()
        assert pull.result() == []
        await queue.close()


async def _all(queue: Queue) -> list[Message]:
    pulled = []
    while some := await queue.pull():
        pulled += some
    return pulled


async def _pulled_twice(queue: Queue, pass_time: PassTime) -> tuple[Message, Message]:
    """Return a message as it was pulled, and as it was pulled again, since it was not done."""
    await queue.push("a")
    (first,) = await queue.pull()
    await pass_time(1.2)
    (second,) = await queue.pull()
    return first, second
