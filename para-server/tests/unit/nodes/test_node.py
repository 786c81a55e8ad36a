from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from para_core.config import Config, load_config
from para_core.errors import ConfigError
from para_core.memory.dao import MemoryDAO
from para_core.memory.search import MemorySearch
from para_server.config import ApiSettings
from para_server.nodes import node as nodes
from para_server.nodes.index import NodeIndex
from para_server.nodes.node import Node, node_of
from para_server.nodes.retention import NodeRetention
from para_server.nodes.settings import NodeSettings
from para_server.nodes.shared_index import SharedIndex
from para_server.para import Backends
from para_server.services.following import Retention

from ...e2e.backends import a_cache  # noqa: TID252 - tests have no absolute names
from .fakes import a_record


class SharedDAO(MemoryDAO):
    @property
    def is_shared(self) -> bool:
        return True


class SlowDAO(SharedDAO):
    unfit_for_nodes = "it keeps what a killed server had begun"


class SharedSearch(MemorySearch):
    is_shared = True


class UnorderedSearch(SharedSearch):
    is_ordered = False


def a_config(folder: Path, **values: str) -> Config:
    settings = {f"para.{key.replace('__', '.')}": value for key, value in values.items()}
    return load_config(overrides=settings, environ={}, folder=folder)


def test_a_server_is_no_node_unless_it_is_told_so(tmp_path: Path) -> None:
    assert node_of(a_config(tmp_path)) is None
    assert node_of(a_config(tmp_path, nodes__enabled="true")) is not None


def test_a_node_has_no_workers(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a node for each core"):
        node_of(a_config(tmp_path, nodes__enabled="true", workers="2"))


@pytest.mark.parametrize(
    ("dao", "search", "message"),
    [
        (MemoryDAO(), MemorySearch(), "MemoryDAO is none"),
        (SlowDAO(), MemorySearch(), "SlowDAO: it keeps what a killed server had begun; set para"),
        (SharedDAO(), UnorderedSearch(), "UnorderedSearch is a search engine of all nodes that"),
    ],
    ids=[
        "database of one machine",
        "database that holds nodes up",
        "index of all nodes without an order",
    ],
)
def test_back_ends_that_nodes_cannot_use_are_refused(
    dao: MemoryDAO, search: MemorySearch, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        Node(NodeSettings(enabled=True)).joined(ApiSettings(), Backends(dao, search, a_cache()))


@pytest.mark.parametrize(
    ("search", "kind"),
    [(MemorySearch(), NodeIndex), (SharedSearch(), SharedIndex)],
    ids=["an index of its own", "the index of all nodes"],
)
def test_a_node_is_put_together_of_a_shared_database_and_an_index(
    search: MemorySearch, kind: type
) -> None:
    node, backends = Node(NodeSettings(enabled=True)), Backends(SharedDAO(), search, a_cache())
    settings, joined = node.joined(ApiSettings(), backends)
    assert joined.cache.is_shared
    assert settings == ApiSettings()
    retention = node.retention(Retention(backends.dao, ["index", "webhooks"]))
    assert ("index" in retention.followers) == search.is_shared
    assert type(node.index(backends.dao, search, retention)) is kind


async def test_old_changes_are_looked_for_after_a_mistake(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    mistakes, looked = [ValueError("a mistake about old changes")], asyncio.Event()

    def drop(retention: NodeRetention, appid: str) -> None:
        if mistakes:
            raise mistakes.pop()
        looked.set()

    monkeypatch.setattr(nodes, "_KEEPS", 6000)
    monkeypatch.setattr(NodeRetention, "drop", drop)
    node, backends = (
        Node(NodeSettings(enabled=True)),
        Backends(SharedDAO(), MemorySearch(), a_cache()),
    )
    node.joined(ApiSettings(), backends)
    node.retention(Retention(backends.dao, ["webhooks"]))
    async with backends.dao as dao:
        await dao.create("app", a_record("a"))
        await node.open()
        try:
            await asyncio.wait_for(looked.wait(), 30)
        finally:
            await node.close()
    assert "a mistake about old changes" in caplog.text
