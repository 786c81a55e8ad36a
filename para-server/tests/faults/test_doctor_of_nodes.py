"""``para-server doctor`` tells whether nodes can work together, before they have to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from para_core.checks import Finding, Verdict
from para_core.config import Config, load_config
from para_core.plugins import load_plugins
from para_dao_sql.plugin import open_sql_dao
from para_server.doctor.backends import examine_backends
from para_server.doctor.nodes import examine_nodes
from para_server.nodes.seat import NodeSeat

from ..e2e.backends import a_schema  # noqa: TID252 - tests have no package

BOUNDS = (1000, 4, 600)
NODE = {"para.nodes.enabled": "true", "para.nodes.lease_sec": "4", "para.worker_id": "7"}


@pytest.fixture
async def address() -> AsyncIterator[str]:
    async with a_schema() as address:
        yield address


def a_config(folder: Path, address: str = "", **settings: str) -> Config:
    values = {
        "para.dao": "SqlDAO",
        "para.search": "LuceneSearch",
        "para.port": "1",  # where nobody listens
        "para.sql.url": address,
        "para.db.dir": str(folder),
        "para.lucene.dir": str(folder),
        **{key.replace("__", "."): value for key, value in settings.items()},
    }
    config = load_config(overrides=values, environ={}, folder=folder)
    return load_plugins(config).described(config)


@asynccontextmanager
async def a_node(
    config: Config, number: int, bounds: Sequence[int] = BOUNDS
) -> AsyncIterator[None]:
    """Let a node have its number, which it renews more often than one that has more to do."""
    dao = open_sql_dao(config)
    dao.share("nodes")
    async with dao, NodeSeat(dao, number, lease_sec=0.4, bounds=bounds):
        yield


def said(findings: Sequence[Finding], verdict: Verdict) -> str:
    return "\n".join(f"{one.said} -> {one.advice}" for one in findings if one.verdict is verdict)


def complaints(findings: Sequence[Finding]) -> str:
    return said(findings, Verdict.BAD) + said(findings, Verdict.ADVICE)


async def test_a_database_of_one_server_has_no_nodes(tmp_path: Path) -> None:
    found = list(await examine_nodes(a_config(tmp_path)))
    assert not complaints(found)
    assert said(found, Verdict.GOOD).startswith("none: the database is of this server alone")


async def test_where_nodes_are_refused_nobody_is_looked_for(tmp_path: Path) -> None:
    """The one server that may have the database may run meanwhile."""
    config = a_config(tmp_path, para__dao="MongoDBDAO", para__mongodb__port="1")
    found = list(await examine_nodes(config))
    assert not complaints(found)
    assert said(found, Verdict.GOOD).startswith("none: this database is not for nodes")


@pytest.mark.parametrize(
    ("settings", "verdict", "words"),
    [
        ({}, Verdict.BAD, "SqliteDAO is none"),
        ({"para.nodes.lease_sec": "2"}, Verdict.ADVICE, "take 4 or more"),
        ({"para.nodes.stale_ms": "20000"}, Verdict.ADVICE, "answer with what is so old"),
        ({"para.nodes.stale_ms": "4000"}, Verdict.ADVICE, "not below para.nodes.lease_sec"),
    ],
    ids=["database of one machine", "short lease", "long memory", "memory as long as the lease"],
)
async def test_settings_that_are_wrong_or_odd(
    tmp_path: Path, settings: dict[str, str], verdict: Verdict, words: str
) -> None:
    found = list(await examine_nodes(a_config(tmp_path, **{**NODE, **settings})))
    assert words in said(found, verdict)


@pytest.mark.service("postgresql")
@pytest.mark.parametrize("settings", [{}, NODE], ids=["a server alone", "a node"])
async def test_nothing_is_made_in_an_empty_database(
    tmp_path: Path, address: str, settings: dict[str, str]
) -> None:
    config = a_config(tmp_path, address, **settings)
    for examine in (examine_nodes, examine_backends):
        found = list(await examine(config))
        assert not complaints(found)
        assert "since the next start makes the tables" in said(found, Verdict.GOOD)
    assert await open_sql_dao(config).what_opening_changes() == "makes the tables"


@pytest.mark.service("postgresql")
async def test_a_server_that_is_no_node_does_not_fit_beside_nodes(
    tmp_path: Path, address: str
) -> None:
    config = a_config(tmp_path, address)
    async with open_sql_dao(config):
        pass  # the tables are there
    assert not complaints(list(await examine_nodes(config)))
    async with a_node(config, 3):
        found = list(await examine_nodes(config))
    assert "node 3 on " in said(found, Verdict.BAD)
    assert "para.nodes.enabled = true" in said(found, Verdict.BAD)


@pytest.mark.service("postgresql")
async def test_a_node_does_not_fit_beside_a_server_that_is_none(
    tmp_path: Path, address: str
) -> None:
    config = a_config(tmp_path, address, **NODE)
    alone = open_sql_dao(config)
    alone.share("a server alone")
    async with alone:
        found = list(await examine_nodes(config))
    assert "in use by another server" in said(found, Verdict.BAD)


@pytest.mark.service("postgresql")
async def test_the_other_nodes_are_named(tmp_path: Path, address: str) -> None:
    config = a_config(tmp_path, address, **NODE, para__cache_enabled="true")
    async with a_node(config, 3), a_node(config, 4):
        found = list(await examine_nodes(config))
    assert not complaints(found)
    assert "besides this one: nodes 3 on " in said(found, Verdict.GOOD)
    assert ", 4 on " in said(found, Verdict.GOOD)
    assert "each node has a cache of its own" in said(found, Verdict.GOOD)
    assert "nobody else is there" in said(list(await examine_nodes(config)), Verdict.GOOD)


@pytest.mark.service("postgresql")
async def test_a_number_that_is_taken_and_bounds_that_differ_are_found(
    tmp_path: Path, address: str
) -> None:
    config = a_config(tmp_path, address, **NODE)
    async with a_node(config, 7, (1000, 5, 600)):
        found = said(list(await examine_nodes(config)), Verdict.BAD)
    assert "para.worker_id 7 is that of a node on " in found
    assert "give each node a number of its own" in found
    assert "(1000, 5, 600) than this one (1000, 4, 600)" in found


@pytest.mark.service("postgresql")
async def test_a_node_that_was_killed_is_not_there(tmp_path: Path, address: str) -> None:
    config = a_config(tmp_path, address, **NODE)
    dao = open_sql_dao(config)
    dao.share("nodes")
    async with dao:
        await NodeSeat(dao, 7, lease_sec=0.4, bounds=BOUNDS).take()
    found = list(await examine_nodes(config))
    assert not complaints(found)
    assert "nobody else is there" in said(found, Verdict.GOOD)
