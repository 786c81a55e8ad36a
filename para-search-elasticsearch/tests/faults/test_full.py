"""A cluster whose disk is full by its own measure, and has room again: nobody helps it here."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from para_core.errors import StorageFullError
from para_core.testing.search import a_record
from para_search_elasticsearch.connection import Connection
from para_search_elasticsearch.search import ElasticSearch
from para_search_elasticsearch.settings import BulkSettings

from ..follow import APP, PATIENCE_SEC, followed, until  # noqa: TID252 - tests have no absolute names
from ..node import OwnNode  # noqa: TID252

WATERMARKS = "cluster.routing.allocation.disk"


@pytest.mark.long
@pytest.mark.service("opensearch")
async def test_what_comes_while_the_disk_is_full_is_indexed_afterwards(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        OwnNode(tmp_path) as node,
        ElasticSearch(node.settings, BulkSettings(), Connection(node.settings)) as engine,
        followed(engine) as zoo,
    ):
        await zoo.put("a")
        assert await zoo.agrees()
        with caplog.at_level(logging.INFO):
            await wants_free(engine.connection, "1000tb")
            async with asyncio.timeout(PATIENCE_SEC):
                while not await is_refused(engine):  # noqa: ASYNC110 - it tells nobody
                    await asyncio.sleep(0.2)
            await zoo.put("b", gone=["a"])
            waiting = asyncio.create_task(zoo.follower.caught_up(APP, PATIENCE_SEC))
            await until(lambda: "too full" in caplog.text)
            assert await zoo.indexed() == ["a"], "searches go on"
            await wants_free(engine.connection, "1b")
            assert await waiting
        assert await zoo.agrees()
        assert await zoo.indexed() == ["b"]
    assert len([r for r in caplog.records if r.levelno >= logging.WARNING]) == 1


async def wants_free(connection: Connection, room: str) -> None:
    """Let the node want so much free space; it looks every ten seconds."""
    names = ("low", "high", "flood_stage")
    settings: dict[str, object] = {f"{WATERMARKS}.watermark.{name}": room for name in names}
    settings |= {f"{WATERMARKS}.threshold_enabled": True, "cluster.info.update.interval": "10s"}
    await connection.request("PUT /_cluster/settings", {"transient": settings}, doing="want room")


async def is_refused(engine: ElasticSearch) -> bool:
    """Tell whether a write is refused for want of space; one that is taken changes nothing."""
    try:
        await engine.index(APP, [a_record("a", "thing", 1)], [], None)
    except StorageFullError:
        return True
    return False
