from __future__ import annotations

import asyncio

import pytest

from para_core.tasks import cancelled


async def test_it_has_ended_afterwards() -> None:
    done = list[str]()

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0)
            done.append("put away")

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    await cancelled(task)
    assert (task.cancelled(), done) == (True, ["put away"])


async def test_one_that_never_began_ends_too() -> None:
    task = asyncio.create_task(asyncio.sleep(60))
    await cancelled(task)
    assert task.cancelled()


async def test_without_a_task_nothing_is_done() -> None:
    before = asyncio.all_tasks()
    await cancelled(None)
    assert asyncio.all_tasks() == before


async def test_an_error_on_the_way_is_heard() -> None:
    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            raise OSError("the disk is full")

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    with pytest.raises(OSError, match="full"):
        await cancelled(task)


async def test_who_waits_can_be_cancelled() -> None:
    goes_on = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await goes_on.wait()

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    waiting = asyncio.create_task(cancelled(task))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not task.done()
    goes_on.set()
    await cancelled(task)
