"""Portions, how many are on their way, and what becomes of a failure."""

from __future__ import annotations

import asyncio
import gc
from typing import Any, cast

import pytest

from para_core.errors import UnavailableError
from para_search_elasticsearch.bulk import Action, Bulk
from para_search_elasticsearch.connection import Connection, Json
from para_search_elasticsearch.settings import BulkSettings


class Cluster:
    """Takes bulks one by one, as the test lets it."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.on_their_way = self.most = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.fails_at, self.is_away = 0, False

    async def request(self, what: str, body: bytes, **more: Any) -> Json:  # noqa: ANN401
        assert what == "POST /zoo/_bulk"
        assert more["params"] == {"refresh": "true"}
        self.sizes.append(body.count(b'"_id"'))
        number = len(self.sizes)
        self.on_their_way += 1
        self.most = max(self.most, self.on_their_way)
        try:
            await self.gate.wait()
            await asyncio.sleep(0)
        finally:
            self.on_their_way -= 1
        if number == self.fails_at or self.is_away:
            raise UnavailableError("gone")
        return {"errors": False, "items": [{"index": {"status": 201}}] * self.sizes[number - 1]}


def a_bulk(cluster: Cluster, **settings: int) -> Bulk:
    return Bulk(cast("Connection", cluster), BulkSettings(**settings), 1000)  # type: ignore[arg-type]


def actions(count: int, size: int = 10) -> list[Action]:
    return [Action.put(f"k{n}", f"zoo:k{n}", {"text": "x" * size}) for n in range(count)]


async def send(bulk: Bulk, changes: list[Action]) -> None:
    assert await bulk.send("zoo", changes, params={"refresh": "true"}) == []


async def test_portions_have_so_many_changes() -> None:
    cluster = Cluster()
    await send(a_bulk(cluster, action_limit=4), actions(10))
    assert cluster.sizes == [4, 4, 2]
    assert cluster.most == 1


async def test_portions_are_no_larger_than_told_unless_one_change_is() -> None:
    cluster = Cluster()
    await send(a_bulk(cluster, size_limit_mb=1), actions(5, size=400_000))
    await send(a_bulk(cluster, size_limit_mb=1), actions(2, size=1_400_000))
    assert cluster.sizes == [2, 2, 1, 1, 1]


async def test_nothing_is_not_sent() -> None:
    cluster = Cluster()
    await send(a_bulk(cluster), [])
    assert cluster.sizes == []


async def test_some_portions_are_on_their_way_at_once() -> None:
    cluster = Cluster()
    cluster.gate.clear()
    sending = asyncio.create_task(
        send(a_bulk(cluster, action_limit=1, concurrent_requests=3), actions(9))
    )
    while cluster.on_their_way < 3:  # noqa: ASYNC110 - the test's own loop, no time passes
        await asyncio.sleep(0)
    assert len(cluster.sizes) == 3
    cluster.gate.set()
    await sending
    assert (cluster.most, len(cluster.sizes)) == (3, 9)


async def test_a_failure_ends_all_portions() -> None:
    cluster = Cluster()
    cluster.fails_at = 2
    with pytest.raises(UnavailableError, match="gone"):
        await send(a_bulk(cluster, action_limit=1, concurrent_requests=2), actions(20))
    assert cluster.on_their_way == 0
    assert len(cluster.sizes) < 20


async def test_portions_that_fail_together_are_told_of_once() -> None:
    """What nobody asks a task for, asyncio logs with its traceback."""
    loop, told = asyncio.get_running_loop(), list[dict[str, Any]]()
    loop.set_exception_handler(lambda _, context: told.append(context))
    cluster = Cluster()
    cluster.is_away = True
    for count in (2, 20):
        with pytest.raises(UnavailableError, match="gone"):
            await send(a_bulk(cluster, action_limit=1, concurrent_requests=2), actions(count))
    await asyncio.sleep(0)
    gc.collect()
    loop.set_exception_handler(None)
    assert told == []
