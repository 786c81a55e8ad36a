"""Rebuilds of one app's index by several servers at the same time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Any

import pytest

from para_core.contracts.dao import Record
from para_core.contracts.search import Delta
from para_core.errors import IndexMovedError
from para_core.testing.search import a_record, deltas, found
from para_core.testing.search.samples import APP, batches
from para_search_elasticsearch.connection import Json
from para_search_elasticsearch.search import ElasticSearch

from ..cluster import an_engine, another  # noqa: TID252 - no package

pytestmark = pytest.mark.service("opensearch")


@pytest.mark.parametrize("is_ordered", [False, True], ids=["one server", "nodes"])
async def test_who_was_stopped_while_it_tidied_up_removes_no_index_in_use(
    monkeypatch: pytest.MonkeyPatch, *, is_ordered: bool
) -> None:
    """When it looked for old indexes, the other one's was not in use yet."""
    looked, goes_on = asyncio.Event(), asyncio.Event()

    async def stop(what: str) -> None:
        if what.startswith("GET") and what.endswith("_*/_alias"):
            looked.set()
            await goes_on.wait()

    async with an_engine(is_ordered=is_ordered) as first, another(first) as second:
        stop_after(first, monkeypatch, stop)

        async def read() -> AsyncIterator[Sequence[Record]]:
            tidying.append(asyncio.create_task(made(first, batches([a_record("first")]))))
            await looked.wait()
            yield [a_record("second")]

        tidying: list[asyncio.Task[int]] = []
        assert await made(second, read()) == 1
        goes_on.set()
        assert await tidying[0] == 1
        assert await found(second, "*") == "second"
        assert await second.position(APP) == 1


async def test_a_rebuild_leaves_apps_alone_whose_names_look_like_old_indexes() -> None:
    async with an_engine() as engine:
        other = engine.homes.names.indexes(APP).removeprefix(engine.settings.index_prefix)
        other = other.replace("*", "p1_0123456789ab")
        await engine.index(other, [a_record("theirs")], [], 1)
        assert await engine.rebuild(APP, batches([a_record("k")]), 1) == 1
        assert await found(engine, "*", appid=other) == "theirs"


@pytest.mark.parametrize("is_shared", [False, True], ids=["own index", "shared index"])
async def test_of_two_first_indexes_at_once_the_later_one_is_as_far(
    monkeypatch: pytest.MonkeyPatch, *, is_shared: bool
) -> None:
    """Who was stopped right before its index takes the place does not replace a newer one."""
    late = Delta([a_record("late", "thing", 5)], [], 5)
    told = list[Delta]()

    async def later(after: int) -> AsyncIterator[Delta]:
        async for delta in deltas(*told)(after):
            yield delta

    async def stop(what: str) -> None:
        if what.endswith("_refresh") and not told:
            told.append(late)
            assert await made(first, batches([a_record("k")])) == 1
            assert await first.position(APP) == 1
            await first.index_as_of(APP, late.puts, late.deletes, 5, 5)

    root = APP if is_shared else "para"
    cluster = an_engine(is_ordered=True, root_index_sharing_enabled=is_shared, root=root)
    async with cluster as first, another(first, root=root) as second:
        stop_after(second, monkeypatch, stop)
        with contextlib.suppress(IndexMovedError):
            await second.rebuild_as_of(APP, batches([a_record("k")]), 1, later)
        assert await found(first, "*", sort="id", desc=False, limit=9) == "k late"
        assert await first.position(APP) == 5


async def made(engine: ElasticSearch, records: AsyncIterator[Sequence[Record]]) -> int:
    """Rebuild as a server does that is alone, or one of several."""
    if engine.is_ordered:
        return await engine.rebuild_as_of(APP, records, 1, deltas())
    return await engine.rebuild(APP, records, 1)


def stop_after(
    engine: ElasticSearch,
    monkeypatch: pytest.MonkeyPatch,
    stop: Callable[[str], Coroutine[None, None, None]],
) -> None:
    """Let the server of an engine stop after the requests that ``stop`` waits for."""
    send = engine.connection.request

    async def request(what: str, body: object = None, **more: Any) -> Json:  # noqa: ANN401
        answer = await send(what, body, **more)
        await stop(what)
        return answer

    monkeypatch.setattr(engine.connection, "request", request)
