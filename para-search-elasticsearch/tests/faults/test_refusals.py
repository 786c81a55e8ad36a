"""A cluster that refuses: one object of many, all writes, the login, for a moment."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from para_core.contracts.dao import Record
from para_core.errors import BackendError, StorageFullError, UnavailableError
from para_core.query.tree import All
from para_core.testing.search import a_record
from para_core.testing.search.samples import batches
from para_search_elasticsearch.connection import Connection, Json
from para_search_elasticsearch.search import ElasticSearch
from para_search_elasticsearch.settings import BulkSettings

from ..cluster import an_engine, settings_for_tests  # noqa: TID252 - tests have no absolute names
from ..follow import APP, PATIENCE_SEC, followed, until  # noqa: TID252
from ..standin import stand_in, taken  # noqa: TID252

pytestmark = pytest.mark.service("opensearch")

PLACE = '{"app_p1_x": {"aliases": {"test": {}}}}'
BUSY = '{"error": {"type": "rejected_execution_exception", "reason": "queue is full"}}'
ITEM = '{"index": {"status": 429, "error": {"type": "rejected", "reason": "queue is full"}}}'


@pytest.fixture
async def engine() -> AsyncIterator[ElasticSearch]:
    async with an_engine() as engine:
        yield engine


async def test_one_object_that_is_refused_harms_no_other(
    engine: ElasticSearch, caplog: pytest.LogCaptureFixture
) -> None:
    await engine.index(APP, [a_record("a"), a_record("bad")], [], 1)
    home = engine.homes.known[APP]
    clash = {"properties": {"properties": {"properties": {"clash": {"type": "long"}}}}}
    await engine.connection.request(f"PUT /{home.index}/_mapping", clash, doing="set a trap")
    records = [a_record("b"), a_record("bad", clash="no number"), a_record("c")]
    with caplog.at_level(logging.WARNING):
        await engine.index(APP, records, ["a"], 2)
    assert await found(engine) == ["b", "c"]
    assert await engine.position(APP) == 2
    (line,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert line.message == "the search cluster does not take an object"
    assert "mapper_parsing_exception" in vars(line)["reason"]


async def test_a_full_disk_refuses_writes_until_there_is_room(
    engine: ElasticSearch, caplog: pytest.LogCaptureFixture
) -> None:
    async with followed(engine) as zoo:
        await zoo.put("a")
        assert await zoo.agrees()
        index = engine.homes.known[APP].index
        await block(engine.connection, index, is_blocked=True)
        with pytest.raises(StorageFullError, match="free some space"):
            await engine.index(APP, [a_record("x")], [], 99)
        with caplog.at_level(logging.INFO):
            await zoo.put("b", gone=["a"])
            waiting = asyncio.create_task(zoo.follower.caught_up(APP, PATIENCE_SEC))
            await until(lambda: "too full" in caplog.text)
            assert await zoo.indexed() == ["a"]
            await block(engine.connection, index, is_blocked=False)
            assert await waiting
        assert await zoo.agrees()
        assert await zoo.indexed() == ["b"]
    assert len([r for r in caplog.records if r.levelno >= logging.WARNING]) == 1


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (401, "Unauthorized"),
        (403, '{"error": {"type": "security_exception", "reason": "no permissions"}}'),
        (403, '{"message": "The security token included in the request is expired"}'),
    ],
    ids=["login", "rights", "key of AWS"],
)
async def test_a_refused_login_is_told_once_and_the_index_follows_when_it_is_right(
    engine: ElasticSearch,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    status: int,
    answer: str,
) -> None:
    refused: list[str] = []

    async def refuse(what: str, *_: object, **__: object) -> tuple[int, str]:
        refused.append(what)
        return status, answer

    async with followed(engine) as zoo:
        await zoo.put("a")
        assert await zoo.agrees()
        with monkeypatch.context() as door, caplog.at_level(logging.INFO):
            door.setattr(engine.connection, "send", refuse)
            await zoo.put("b", gone=["a"])
            waiting = asyncio.create_task(zoo.follower.caught_up(APP, PATIENCE_SEC))
            await until(lambda: len(refused) > 3)  # it was tried again and again
        assert await waiting
        assert await zoo.agrees()
        assert await zoo.indexed() == ["b"]
    (line,) = [r for r in caplog.records if r.levelno >= logging.WARNING]
    assert "para.es.basic_auth_login" in line.getMessage()
    assert line.exc_info is None


@pytest.mark.parametrize("how", ["blocked", "closed"])
async def test_an_index_that_takes_no_writes_is_no_fault_of_the_objects(
    engine: ElasticSearch, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    """One line says so; no object is left out, and what was indexed stays."""

    async def stop(*, is_stopped: bool) -> None:
        if how == "blocked":
            await block(engine.connection, index, "write", is_blocked=is_stopped)
        else:
            what = "_close" if is_stopped else "_open"
            await engine.connection.request(f"POST /{index}/{what}", doing="close or open it")

    async with followed(engine) as zoo:
        await zoo.put("a", "b")
        assert await zoo.agrees()
        index = engine.homes.known[APP].index
        await stop(is_stopped=True)
        with caplog.at_level(logging.INFO):
            await zoo.put("a", "c", "d", gone=["b"])
            waiting = asyncio.create_task(zoo.follower.caught_up(APP, PATIENCE_SEC))
            await until(lambda: "is told not to" in caplog.text or waiting.done())
            await stop(is_stopped=False)
            assert await waiting
        assert await zoo.indexed() == ["a", "c", "d"]
    assert len([r for r in caplog.records if r.levelno >= logging.WARNING]) == 1


async def test_a_search_in_a_closed_index_is_an_error(engine: ElasticSearch) -> None:
    await engine.index(APP, [a_record("a")], [], 1)
    index = engine.homes.known[APP].index
    await engine.connection.request(f"POST /{index}/_close", doing="close it")
    with pytest.raises(UnavailableError, match="is told not to search"):
        await engine.find(APP, All())


async def test_a_search_that_misses_a_shard_is_an_error(
    engine: ElasticSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cluster would answer with what the other shards have, and a total of these."""
    send = engine.connection.request

    async def request(what: str, body: Any = None, **more: Any) -> Json:  # noqa: ANN401
        if what.startswith("PUT"):  # one node takes one shard of the two
            body["settings"]["index"] |= {
                "number_of_shards": 2,
                "routing.allocation.total_shards_per_node": 1,
            }
            more["params"] = {"wait_for_active_shards": "0"}
        return await send(what, body, **more)

    with monkeypatch.context() as patch:
        patch.setattr(engine.connection, "request", request)
        await engine.homes.move_in(APP, await engine.homes.make(APP))
    with pytest.raises(UnavailableError, match="missing shards"):
        await engine.find(APP, All())


async def test_an_index_that_somebody_removed_is_made_again(engine: ElasticSearch) -> None:
    await engine.index(APP, [a_record("a")], [], 1)
    home = engine.homes.known[APP]
    await engine.connection.request(f"DELETE /{home.index}", doing="remove it")
    assert await engine.position(APP) is None
    assert await found(engine) == []
    await engine.index(APP, [a_record("b")], [], 2)
    assert await found(engine) == ["b"]


async def test_of_two_rebuilds_at_once_the_later_one_fails_cleanly(engine: ElasticSearch) -> None:
    await engine.index(APP, [a_record("old")], [], 1)
    other = ElasticSearch(engine.settings, BulkSettings(), Connection(engine.settings))

    async def read() -> AsyncIterator[list[Record]]:
        yield [a_record("slow")]
        async with other:
            assert await other.rebuild(APP, batches([a_record("quick")]), 2) == 1
        yield [a_record("slower")]

    with pytest.raises(BackendError, match="index_not_found"):
        await engine.rebuild(APP, read(), 2)
    assert await found(engine) == ["quick"]
    pattern = engine.homes.names.indexes(APP)
    left = await engine.connection.request(f"GET /{pattern}/_alias", doing="look what is left")
    assert len(left) == 1
    assert await engine.rebuild(APP, batches([a_record("next")]), 3) == 1
    assert await found(engine) == ["next"]


@pytest.mark.parametrize(
    ("status", "answer", "says"),
    [
        (401, "Unauthorized", "para.es.basic_auth_login"),
        (403, '{"error": {"type": "security_exception", "reason": "no"}}', "give the user"),
        (403, '{"message": "The token is expired"}', "search: The token is expired; give the user"),
        (503, '{"error": "unavailable"}', "cannot search now"),
        (429, BUSY, "cannot search now"),
        (200, "<html>", "not as a search cluster does"),
    ],
)
async def test_what_a_server_answers_becomes_our_error(status: int, answer: str, says: str) -> None:
    async with stand_in([(status, answer)]) as port, at(port) as engine:
        with pytest.raises(BackendError, match=says):
            await engine.find(APP, All())


async def test_a_bulk_that_is_refused_for_a_moment_is_sent_again() -> None:
    """Only what was refused goes again; then the cluster has it."""
    part = '{"errors": true, "items": [{"index": {"status": 201}}, ' + ITEM + "]}"
    answers = [(200, PLACE), (429, BUSY), (200, part), taken(1)]
    sent: list[bytes] = []
    async with stand_in(answers, sent) as port, at(port) as engine:
        await engine.index(APP, [a_record("a"), a_record("b")], [], None)
    bodies = [request.partition(b"\r\n\r\n")[2] for request in sent[1:]]
    assert [body.count(b'"_id"') for body in bodies] == [2, 2, 1]
    assert b'"_key":"b"' in bodies[-1]


async def test_an_object_that_a_failing_shard_did_not_take_is_sent_again() -> None:
    """What the shard says has nothing to do with the object."""
    error = '{"type": "already_closed_exception", "reason": "engine is closed"}'
    item = '{"index": {"status": 500, "error": ' + error + "}}"
    part = '{"errors": true, "items": [' + item + "]}"
    sent: list[bytes] = []
    answers = [(200, PLACE), (200, part), taken(1)]
    async with stand_in(answers, sent) as port, at(port) as engine:
        await engine.index(APP, [a_record("a")], [], None)
    assert len(sent) == 3
    async with stand_in([(200, PLACE), *[(200, part)] * 4]) as port, at(port) as engine:
        with pytest.raises(UnavailableError, match=r"asked 4 times .*engine is closed"):
            await engine.index(APP, [a_record("a")], [], None)


async def test_a_bulk_that_is_refused_again_and_again_is_an_error() -> None:
    sent: list[bytes] = []
    async with stand_in([(200, PLACE), *[(429, BUSY)] * 4], sent) as port, at(port) as engine:
        with pytest.raises(UnavailableError, match="cannot index objects now"):
            await engine.index(APP, [a_record("a")], [], None)
    assert len(sent) == 5


# ---- helpers -------------------------------------------------------------------------------------


def at(port: int) -> ElasticSearch:
    """Return an engine whose cluster is a stand-in."""
    settings = settings_for_tests(
        restclient_host="127.0.0.1", restclient_port=port, index_prefix=""
    )
    bulk = BulkSettings(backoff_initial_delay_ms=1, max_num_retries=3)
    return ElasticSearch(settings, bulk, Connection(settings))


async def found(engine: ElasticSearch) -> list[str]:
    return sorted((await engine.find(APP, All())).keys)


async def block(
    connection: Connection,
    index: str,
    what: str = "read_only_allow_delete",
    *,
    is_blocked: bool,
) -> None:
    """Do what a cluster does when its disk is full, or what an operator may do."""
    setting = {f"index.blocks.{what}": is_blocked or None}
    await connection.request(f"PUT /{index}/_settings", setting, doing="block writes")
