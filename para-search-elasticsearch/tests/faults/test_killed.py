"""A node that is killed while it is written to, and comes back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from para_search_elasticsearch.connection import Connection
from para_search_elasticsearch.search import ElasticSearch
from para_search_elasticsearch.settings import BulkSettings

from ..follow import Followed, followed  # noqa: TID252 - tests have no absolute names
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


async def _write(zoo: Followed, half: asyncio.Event) -> None:
    for number in range(60):
        if number == 30:
            half.set()
        await zoo.put(f"k{number}", text=f"the {number}th")
        await asyncio.sleep(0.01)
