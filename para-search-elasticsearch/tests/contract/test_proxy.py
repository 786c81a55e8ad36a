"""The proxy endpoint on a real cluster, with the apps of two indexes and of a shared one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from para_core.contracts.dao import Record
from para_core.extensions import ASGIMessage
from para_core.testing.search import a_record
from para_search_elasticsearch.connection import Connection
from para_search_elasticsearch.proxy import Proxy
from para_search_elasticsearch.search import ElasticSearch
from para_search_elasticsearch.settings import ElasticSettings

from ..cluster import an_engine  # noqa: TID252 - tests have no absolute names
from ..standin import stand_in  # noqa: TID252

pytestmark = pytest.mark.service("opensearch")


@dataclass
class Server:
    """What the server lends a resource of a plugin."""

    records: dict[str, Record] = field(default_factory=dict)
    rebuilt: list[str] = field(default_factory=list)

    @property
    def store(self) -> Server:
        return self

    @property
    def index(self) -> Server:
        return self

    async def read_all(self, appid: str, keys: Sequence[str]) -> dict[str, Record]:
        return {key: self.records[f"{appid}/{key}"] for key in keys}

    async def rebuild(self, appid: str) -> int:
        self.rebuilt.append(appid)
        return 7


@dataclass
class Client:
    """Sends requests of an app."""

    engine: ElasticSearch
    server: Server
    changes: dict[str, Any]

    async def ask(
        self, method: str, path: str = "", body: object = None, **more: str | bool
    ) -> tuple[int, Any]:
        settings: ElasticSettings = replace(
            self.engine.settings, **{"proxy_enabled": True, **self.changes}
        )
        proxy = Proxy(settings, lambda: Connection(settings), self.engine.homes.names.alias)
        data = b"" if body is None else msgspec.json.encode(body)
        appid = more.get("appid", "app")
        state = {
            "app": SimpleNamespace(identifier=appid) if appid else None,
            "caller": SimpleNamespace(is_app=more.get("is_app", True)),
            "para": self.server,
        }
        scope = {
            "method": method,
            "path_params": {"path": path},
            "query_string": str(more.get("query", "")).encode(),
            "headers": [(b"content-type", str(more.get("kind", "application/json")).encode())],
            "state": state,
        }
        sent: list[ASGIMessage] = []

        async def receive() -> ASGIMessage:
            return {"type": "http.request", "body": data}

        async def send(message: ASGIMessage) -> None:
            sent.append(message)

        await proxy(scope, receive, send)
        return sent[0]["status"], msgspec.json.decode(sent[1]["body"])


@pytest.fixture(params=[False, True], ids=["own-index", "shared-index"])
async def client(request: pytest.FixtureRequest) -> AsyncIterator[Client]:
    async with an_engine(root_index_sharing_enabled=request.param) as engine:
        server = Server()
        for appid in ("app", "other"):
            home = await engine.homes.make(appid, shared=request.param)
            await engine.homes.move_in(appid, home)
            records = [a_record(f"{appid}{n}", "cat", text="fox", timestamp=n) for n in range(3)]
            records.append(a_record("app:x", "app", name="fox", secret="hidden"))  # noqa: S106
            server.records |= {f"{appid}/{record.id}": record for record in records}
            await engine.index(appid, records, [], 1)
        yield Client(engine, server, {})


async def test_hits_become_the_objects_of_the_database(client: Client) -> None:
    body = {"query": {"term": {"properties.text": "fox"}}, "sort": ["_docid"], "size": 2}
    status, page = await client.ask("POST", "_search", body)
    assert (status, page["totalHits"], page["page"]) == (200, 3, 0)
    assert [item["id"] for item in page["items"]] == ["app0", "app1"]
    assert page["items"][0]["objectURI"] == "/cats/app0"
    status, page = await client.ask("GET", "/_search?q=properties.text:fox")
    assert (status, page["totalHits"]) == (200, 3)


async def test_answers_without_hits_and_raw_ones_are_told_as_they_are(client: Client) -> None:
    status, answer = await client.ask("GET", "/_count?q=*")
    assert (status, answer["count"]) == (200, 4)
    status, answer = await client.ask("GET", "", query="getRawResponse=1")
    assert status == 200
    assert answer["hits"]["total"]["value"] == 4
    body = {"size": 0, "aggs": {"kinds": {"terms": {"field": "_number.votes"}}}}
    status, answer = await client.ask("POST", "_search", body, query="getRawResponse=1")
    assert answer["aggregations"]["kinds"]["buckets"][0]["doc_count"] == 4


async def test_an_app_sees_nothing_of_another(client: Client) -> None:
    for name, value in {"_owner": "other", "id": "other1"}.items():
        query = {"term": {name: value}}
        _, answer = await client.ask("POST", "_count", {"query": query})
        assert answer["count"] == 0


async def test_keys_of_other_apps_are_not_told(client: Client) -> None:
    status, page = await client.ask("POST", "_search", {"query": {"term": {"type": "app"}}})
    assert (status, page["items"]) == (200, [])
    assert "hidden" not in str(page)


async def test_who_may_not_ask_is_told_so(client: Client) -> None:
    assert (await client.ask("GET", is_app=False))[0] == 403
    assert (await client.ask("GET", appid=""))[0] == 400
    assert (await client.ask("POST", "_search", "text", kind="text/plain"))[0] == 415
    for method in ("PUT", "PATCH", "DELETE"):
        assert (await client.ask(method, "_search"))[0] == 403
    assert (await client.ask("POST", "_delete_by_query", {"query": {}}))[0] == 403
    assert (await client.ask("POST", "_search", {"query": {"nosuch": {}}}))[0] == 400
    client.changes = {"proxy_enabled": False}
    assert await client.ask("GET") == (403, {"code": 403, "message": "This feature is disabled."})


@pytest.mark.parametrize("text", ["<html>", "[]", '{"hits": 1'])
async def test_an_answer_of_something_else_is_a_failure(client: Client, text: str) -> None:
    async with stand_in([(200, text)]) as port:
        client.changes = {"restclient_host": "127.0.0.1", "restclient_port": port}
        status, answer = await client.ask("POST", "_search")
    assert (status, answer["message"]) == (400, "what answers is no search cluster")


async def test_an_index_is_rebuilt_where_that_is_allowed(client: Client) -> None:
    assert (await client.ask("POST", "reindex"))[0] == 403
    client.changes = {"proxy_reindexing_enabled": True}
    status, answer = await client.ask("POST", "reindex")
    assert (status, answer["reindexed"], set(answer)) == (200, 7, {"reindexed", "tookMillis"})
    assert client.server.rebuilt == ["app"]
