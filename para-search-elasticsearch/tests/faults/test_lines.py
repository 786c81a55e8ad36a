"""A cluster that is away, slow, or lost between request and answer."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from para_core.contracts.dao import Record
from para_core.errors import UnavailableError
from para_core.query.tree import All
from para_core.testing.line import Line
from para_core.testing.search import a_record
from para_search_elasticsearch.search import ElasticSearch

from ..cluster import an_engine  # noqa: TID252 - tests have no absolute names
from ..follow import APP, PATIENCE_SEC, Followed, followed, until  # noqa: TID252

pytestmark = pytest.mark.service("opensearch")


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    parts = urlsplit(os.environ["PARA_TEST_OPENSEARCH_URL"])
    line = Line(parts.hostname or "", parts.port or 0)
    await line.restore()
    yield line
    await line.cut()


@pytest.fixture
async def engine(line: Line) -> AsyncIterator[ElasticSearch]:
    async with an_engine(port_of_engine=line.port) as engine:
        yield engine


@pytest.fixture
async def zoo(engine: ElasticSearch) -> AsyncIterator[Followed]:
    async with followed(engine) as zoo:
        await zoo.put("before")
        assert await zoo.agrees()
        yield zoo


async def test_a_lost_answer_leaves_the_index_as_the_database(zoo: Followed, line: Line) -> None:
    line.hold_answers()
    passed = line.passed
    await zoo.put("a", "b", gone=["before"])
    waiting = asyncio.create_task(zoo.follower.caught_up(APP, PATIENCE_SEC))
    await until(lambda: line.passed > passed)
    await line.cut()
    await line.restore()
    assert await waiting
    assert await zoo.agrees()
    assert await zoo.indexed() == ["a", "b"]


async def test_a_cluster_that_comes_back_is_followed_again_and_told_once(
    zoo: Followed, line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    await line.cut()
    with caplog.at_level(logging.INFO):
        await zoo.put("a")
        waiting = asyncio.create_task(zoo.follower.caught_up(APP, PATIENCE_SEC))
        await until(lambda: "cannot be reached" in caplog.text)
        await zoo.put("b", gone=["before"])
        with pytest.raises(UnavailableError, match=r"para\.es\.restclient_host"):
            await zoo.engine.find(APP, All())
        await line.restore()
        assert await waiting
        assert await zoo.agrees()
    errors = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [error.exc_info for error in errors] == [None]
    assert "takes changes again" in caplog.text


async def test_a_slow_cluster_is_given_up_after_the_time_limit(line: Line) -> None:
    slow = an_engine(port_of_engine=line.port, timeout_ms=700, bulk_timeout_ms=700)
    async with slow as engine:
        line.block()
        for call in (
            engine.find(APP, All()),
            engine.position(APP),
            engine.index(APP, [a_record("b")], [], 2),
        ):
            with pytest.raises(UnavailableError, match=r"within 700 ms .*para\.es\.timeout_ms"):
                await call
        await line.cut()


async def test_a_rebuild_that_is_cut_off_leaves_the_old_index(
    engine: ElasticSearch, line: Line
) -> None:
    await engine.index(APP, [a_record("old")], [], 1)

    async def read() -> AsyncIterator[list[Record]]:
        yield [a_record("new")]
        await line.cut()
        yield [a_record("newer")]

    with pytest.raises(UnavailableError):
        await engine.rebuild(APP, read(), 2)
    await line.restore()
    assert (await engine.find(APP, All())).keys == ["old"]
    assert await engine.position(APP) == 1

    async def again() -> AsyncIterator[list[Record]]:
        yield [a_record("new")]

    assert await engine.rebuild(APP, again(), 2) == 1
    assert (await engine.find(APP, All())).keys == ["new"]
    pattern = engine.homes.names.indexes(APP)
    left = await engine.connection.request(f"GET /{pattern}/_alias", doing="look what is left")
    assert list(left) == [engine.homes.known[APP].index]
