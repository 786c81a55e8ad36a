"""A whole server on a search cluster: shared indexes, the proxy, health, and a cluster away."""

from __future__ import annotations

import asyncio
import logging
import os
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from msgspec.structs import replace

from para_core.config import Config
from para_core.plugins import load_plugins
from para_core.testing.line import Line
from para_search_elasticsearch.engine import connection_of
from para_search_elasticsearch.engine import settings_of as cluster_of
from para_server.para import Para, settings_of
from para_server.serving import backends_of

from .client import ROOT_SECRET, Client

pytestmark = pytest.mark.service("opensearch")


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    address = urlsplit(os.environ["PARA_TEST_OPENSEARCH_URL"])
    line = Line(str(address.hostname), address.port or 0)
    await line.restore()
    yield line
    await line.cut()


@pytest.fixture
def config(tmp_path: Path, line: Line) -> Config:
    """A server whose apps may share an index, and may ask the cluster."""
    return Config(
        {
            "para.root_secret_override": ROOT_SECRET,
            "para.dao": "H2DAO",
            "para.db.dir": str(tmp_path),
            "para.search": "ElasticSearch",
            "para.es.flavor": "opensearch",
            "para.es.restclient_host": "127.0.0.1",
            "para.es.restclient_port": str(line.port),
            "para.es.index_prefix": f"e2e-{uuid.uuid4().hex[:12]}-",
            "para.es.root_index_sharing_enabled": "true",
            "para.es.proxy_enabled": "true",
            "para.es.timeout_ms": "60000",
        }
    )


@pytest.fixture
async def root(config: Config) -> AsyncIterator[Client]:
    patient = replace(settings_of(config), search_wait_ms=300_000)
    async with Para(patient, backends_of(config, load_plugins(config))) as para:
        yield Client(para, "app:para", ROOT_SECRET)
    settings = cluster_of(config)
    async with connection_of(config, settings) as connection:
        await connection.request(f"DELETE /{settings.index_prefix}*", doing="clean up")


async def an_app(root: Client, name: str, *, shared: bool) -> Client:
    made = await root.get(f"/v1/_setup/{name}", sharedIndex=str(shared).lower())
    return Client(root.para, f"app:{name}", made.json["secretKey"])


async def test_apps_that_share_are_apart(root: Client, config: Config) -> None:
    one, two = await an_app(root, "one", shared=True), await an_app(root, "two", shared=True)
    alone = await an_app(root, "alone", shared=False)
    for client in (one, two, alone):
        made = await client.post("/v1/boat", {"id": "b1", "name": f"of {client.access_key}"})
        assert made.status == 201
        found = (await client.get("/v1/boats")).json
        assert (found["totalHits"], found["items"][0]["name"]) == (1, f"of {client.access_key}")
    async with connection_of(config, cluster_of(config)) as connection:
        prefix = cluster_of(config).index_prefix
        indexes = await connection.request(f"GET /{prefix}*/_alias", doing="look at the indexes")
    aliases = sorted(sorted(facts["aliases"]) for facts in indexes.values())
    assert aliases == [[f"{prefix}alone"], [f"{prefix}{app}" for app in ("one", "para", "two")]]
    assert (await one.post("/v1/_reindex")).json["reindexed"] == 1
    assert (await two.get("/v1/boats")).json["totalHits"] == 1
    assert (await root.send("DELETE", "/v1/app/one")).status == 200
    assert (await two.get("/v1/boats")).json["totalHits"] == 1


async def test_an_app_asks_the_cluster(root: Client) -> None:
    one = await an_app(root, "one", shared=True)
    await one.post("/v1/boat", {"id": "b1", "name": "Ann"})
    await one.get("/v1/boats")  # waits for the index
    body = {"query": {"term": {"name": "Ann"}}}
    kind = {"content-type": "application/json"}
    page = (await one.send("POST", "/v1/_elasticsearch", body, headers=kind)).json
    assert (page["totalHits"], page["items"][0]["id"]) == (1, "b1")
    assert (await one.post("/v1/_elasticsearch", body)).status == 415
    count = await one.get(f"/v1/_elasticsearch/{quote('/_count?q=name:Ann', safe='')}")
    assert (count.status, count.json["count"]) == (200, 1)
    assert (await one.send("DELETE", "/v1/_elasticsearch/_search")).status == 403
    nobody = Client(root.para)
    assert (await nobody.get("/v1/_elasticsearch")).status == 401


async def test_writes_go_on_while_the_cluster_is_away_and_health_names_it(
    root: Client, line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    one = await an_app(root, "one", shared=False)
    await one.get("/v1/boats")
    caplog.set_level(logging.INFO, "para_server.services")
    await line.cut()
    assert (await one.post("/v1/boat", {"id": "b1"})).status == 201
    assert (await one.get("/v1/boat/b1")).status == 200
    assert "cannot be reached" in await fault_of_search(root, is_there=True)
    health = root.para.services.health
    for _ in range(3):
        health._looked_at = float("-inf")
        assert not (await health.report()).is_healthy
    await line.restore()
    assert (await one.get("/v1/boats")).json["totalHits"] == 1
    assert await fault_of_search(root, is_there=False) == ""
    said = [record.getMessage() for record in caplog.records]
    fails, works = "a part of the server fails", "a part of the server works again"
    told = [one for one in said if one in (fails, works)]
    assert told == [fails, works] * max(len(told) // 2, 1), "once each time, not with each look"
    assert "Server is no longer healthy! Health check failed for services: Search" in said
    assert sum("cannot be reached" in one for one in said) == 1, "the follower says it once"


async def fault_of_search(root: Client, *, is_there: bool) -> str:
    """Wait until health sees the fault, or that it is gone, and return it."""
    async with asyncio.timeout(300):
        while True:
            report = await root.para.services.health.report()
            fault = next(part.fault for part in report.parts if part.name == "Search")
            if bool(fault) == is_there:
                return fault
            await asyncio.sleep(0.05)
