"""Only requests are sent that OpenSearch and Elasticsearch have in common."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from para_core.contracts.dao import Record
from para_core.pager import Pager
from para_core.query.tree import All, Near, Similar
from para_core.testing.search import a_record, deltas
from para_search_elasticsearch.connection import Connection
from para_search_elasticsearch.doctor import examine_cluster

from ..cluster import an_engine  # noqa: TID252 - tests have no absolute names

COMMON = [
    r"PUT /[^/]+",  # create an index
    r"DELETE /[^/]+",
    r"(GET|POST) /(_alias(es)?)(/[^/]+)?",
    r"GET /[^/]+/_alias",
    r"POST /[^/]+/_(bulk|search|refresh|delete_by_query)",
    r"(GET|PUT) /[^/]+/_doc/[^/]+",
    r"GET /(_cluster/(health|state/blocks))?",
]
PARAMS = {"refresh", "require_alias", "routing", "conflicts", "allow_partial_search_results"}


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Mapping[str, str]]]:
    """Record what is sent, with its parameters."""
    sent: list[tuple[str, Mapping[str, str]]] = []
    send = Connection.send

    async def recording(  # noqa: PLR0913 - as many as it has
        self: Connection,
        what: str,
        body: object = None,
        *,
        doing: str,
        params: Mapping[str, str] | None = None,
        timeout_ms: int = 0,
    ) -> tuple[int, str]:
        sent.append((what, params or {}))
        return await send(self, what, body, doing=doing, params=params, timeout_ms=timeout_ms)

    monkeypatch.setattr(Connection, "send", recording)
    return sent


async def records() -> AsyncIterator[list[Record]]:
    yield [a_record("c")]


@pytest.mark.parametrize("nested", [False, True], ids=["plain", "nested"])
@pytest.mark.parametrize("shared", [False, True], ids=["own", "shared"])
@pytest.mark.service("opensearch")
async def test_all_requests_are_common_ones(
    sent: list[tuple[str, Mapping[str, str]]], *, nested: bool, shared: bool
) -> None:
    options: dict[str, Any] = {"root_index_sharing_enabled": shared, "root": "zoo"}
    async with an_engine(use_nested_custom_fields=nested, **options) as engine:
        await engine.index("zoo", [a_record("a", text="fox"), a_record("b")], ["x"], 1)
        await engine.position("zoo")
        for node in (All(), Similar(["properties.text"], "fox"), Near(1, 2, 3)):
            await engine.find("zoo", node, pager=Pager(sort="properties.text,name"))
        await engine.rebuild("zoo", records(), 2)
        await engine.drop("zoo")
        await examine_cluster(engine.connection, engine.settings)
    assert len(sent) > 15
    for what, params in sent:
        assert any(re.fullmatch(pattern, what) for pattern in COMMON), what
        assert set(params) <= PARAMS, what


@pytest.mark.parametrize("shared", [False, True], ids=["own", "shared"])
@pytest.mark.service("opensearch")
async def test_all_requests_of_nodes_are_common_ones(
    sent: list[tuple[str, Mapping[str, str]]], *, shared: bool
) -> None:
    options: dict[str, Any] = {"root_index_sharing_enabled": shared, "root": "zoo"}
    async with an_engine(is_ordered=True, **options) as engine:
        await engine.rebuild_as_of("zoo", records(), 1, deltas())
        await engine.position("zoo")
        await engine.index_as_of("zoo", [a_record("a", "thing", 2)], ["c"], 2, 2)
        await engine.refresh("zoo")
        await engine.index_as_of("zoo", [a_record("b", change=0)], [], None, 2)
        await engine.rebuild_as_of("zoo", records(), 2, deltas())
        await engine.drop("zoo")
    assert len(sent) > 15
    for what, params in sent:
        assert any(re.fullmatch(pattern, what) for pattern in COMMON), what
        assert set(params) <= PARAMS | {"version", "version_type"}, what
