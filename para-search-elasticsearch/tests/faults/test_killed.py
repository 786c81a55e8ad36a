"""A node that is killed while it is written to, and comes back."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from para_core.contracts.dao import Record
from para_core.testing.search import a_record, deltas
from para_search_elasticsearch.connection import Connection
from para_search_elasticsearch.search import ElasticSearch
from para_search_elasticsearch.settings import BulkSettings

from ..cluster import an_engine  # noqa: TID252 - tests have no absolute names
from ..follow import APP, Followed, followed  # noqa: TID252
from ..node import OwnNode  # noqa: TID252


@pytest.mark.long
@pytest.mark.service("opensearch")
async def test_after_a_kill_the_index_is_as_the_database(tmp_path: Path) -> None:
    async with OwnNode(tmp_path) as node:
        connection = Connection(node.settings)
        async with (
            ElasticSearch(node.settings, BulkSettings(), connection) as engine,
            followed(engine) as zoo,
        ):
            await zoo.put("first")
            assert await zoo.agrees()
            half = asyncio.Event()
            writing = asyncio.create_task(_write(zoo, half))
            await half.wait()
            await node.kill()
            await writing
            await zoo.put("late", gone=["k3"])
            await node.start()
            assert await zoo.agrees()
            assert len(await zoo.indexed()) == 61


@pytest.mark.service("opensearch")
@pytest.mark.parametrize("is_ordered", [False, True], ids=["one server", "nodes"])
@pytest.mark.parametrize("is_shared", [False, True], ids=["own index", "shared index"])
async def test_nothing_is_left_of_a_rebuild_that_was_killed(
    monkeypatch: pytest.MonkeyPatch, *, is_shared: bool, is_ordered: bool
) -> None:
    """The next rebuild removes what it had filled, and so does whoever removes the app."""
    options: dict[str, Any] = {"root_index_sharing_enabled": is_shared, "root": APP}
    async with an_engine(is_ordered=is_ordered, **options) as engine:

        async def rebuild(*keys: str, fails: bool = False, is_killed: bool = False) -> None:
            async def read() -> AsyncIterator[Sequence[Record]]:
                yield [a_record(key) for key in keys]
                if fails or is_killed:
                    raise ConnectionError("the database is gone")

            with monkeypatch.context() as patch:
                if is_killed:
                    patch.setattr(engine.homes, "clear", nothing)
                with contextlib.suppress(ConnectionError):
                    if is_ordered:
                        await engine.rebuild_as_of(APP, read(), 1, deltas())
                    else:
                        await engine.rebuild(APP, read(), 1)

        await rebuild("a", "b")
        await rebuild("c", "d", fails=True)
        assert await left_of(engine) == 2
        await rebuild("c", "d", is_killed=True)
        await rebuild("e")
        assert await left_of(engine) == 1
        await rebuild("f", is_killed=True)
        await engine.drop(APP)
        assert await left_of(engine) == 0


async def nothing(*_: object) -> None:
    """Do what a process does that is not there any more."""


async def left_of(engine: ElasticSearch) -> int:
    """Return how many documents of the app the cluster has, whether an alias names them or not."""
    pattern, send = f"{engine.settings.index_prefix}*", engine.connection.request
    await send(f"POST /{pattern}/_refresh", doing="show all")
    query = {"query": {"term": {"_owner": APP}}}
    return int((await send(f"POST /{pattern}/_count", query, doing="count"))["count"])


async def _write(zoo: Followed, half: asyncio.Event) -> None:
    for number in range(60):
        if number == 30:
            half.set()
        await zoo.put(f"k{number}", text=f"the {number}th")
        await asyncio.sleep(0.01)
