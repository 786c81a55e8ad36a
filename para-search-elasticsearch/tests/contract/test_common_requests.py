"""Only requests are sent that OpenSearch and Elasticsearch have in common."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from para_core.contracts.dao import Record
from para_core.pager import Pager
from para_core.query.tree import All, Near, Similar
from para_core.testing.search import a_record
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
PARAMS = {"refresh", "require_alias", "routing", "conflicts", "ignore_unavailable"}
PARAMS |= {"allow_no_indices"}


@pytest.mark.parametrize("nested", [False, True], ids=["plain", "nested"])
@pytest.mark.parametrize("shared", [False, True], ids=["own", "shared"])
@pytest.mark.service("opensearch")
async def test_all_requests_are_common_ones(
    monkeypatch: pytest.MonkeyPatch, *, nested: bool, shared: bool
) -> None:
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

    async def records() -> AsyncIterator[list[Record]]:
        yield [a_record("c")]

    options: dict[str, Any] = {"root_index_sharing_enabled": shared, "root": "zoo"}
    async with an_engine(use_nested_custom_fields=nested, **options) as engine:
        monkeypatch.setattr(Connection, "send", recording)
        await engine.index("zoo", [a_record("a", text="fox"), a_record("b")], ["x"], 1)
        await engine.position("zoo")
        for node in (All(), Similar(["properties.text"], "fox"), Near(1, 2, 3)):
            await engine.find("zoo", node, pager=Pager(sort="properties.text,name"))
        await engine.rebuild("zoo", records(), 2)
        await engine.drop("zoo")
        await examine_cluster(engine.connection, engine.settings)
        monkeypatch.undo()
    assert len(sent) > 15
    for what, params in sent:
        assert any(re.fullmatch(pattern, what) for pattern in COMMON), what
        assert set(params) <= PARAMS, what
