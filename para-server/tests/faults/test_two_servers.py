"""Two servers on one database are nodes, or the second does not start."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ..e2e.backends import a_mongodb_database, a_schema  # noqa: TID252 - tests have no package
from .process import ServerProcess

ALONE: dict[str, object] = {}
WORKERS: dict[str, object] = {"para.workers": 2}
NODE: dict[str, object] = {"para.nodes.enabled": True, "para.nodes.lease_sec": 2}
PAIRS = [
    pytest.param(ALONE, NODE, id="a node after one alone"),
    pytest.param(NODE, ALONE, id="one alone after a node"),
    pytest.param(ALONE, ALONE, id="two alone", marks=pytest.mark.long),
    pytest.param(WORKERS, ALONE, id="one alone after workers", marks=pytest.mark.long),
]


@contextmanager
def two_servers(folder: Path) -> Iterator[tuple[ServerProcess, ServerProcess]]:
    """Give two with folders of their own, which are killed at the end."""
    made = [ServerProcess(folder / name) for name in ("one", "two")]
    for number, server in enumerate(made):
        server.folder.mkdir()
        server.settings["para.worker_id"] = 10 * number + 1
    try:
        yield made[0], made[1]
    finally:
        for server in made:
            server.kill()


@pytest.fixture
def servers(folder: Path) -> Iterator[tuple[ServerProcess, ServerProcess]]:
    """Give two on one schema of PostgreSQL."""
    with asyncio.Runner() as runner:
        schema = a_schema()
        address = runner.run(schema.__aenter__())
        try:
            with two_servers(folder) as made:
                for server in made:
                    server.settings["para.sql.url"] = address
                yield made
        finally:
            runner.run(schema.__aexit__(None, None, None))


@pytest.mark.service("postgresql")
@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_the_second_is_refused_until_the_first_has_ended(
    servers: tuple[ServerProcess, ServerProcess],
    first: dict[str, object],
    second: dict[str, object],
) -> None:
    one, two = servers
    one.settings |= first
    two.settings |= second
    one.start()
    one.wait_until_ready()
    assert two.is_refused_in_one_line("is in use by another server", "para.nodes.enabled = true")
    one.tell_to_stop()
    assert one.ends() == 0
    two.start()
    two.wait_until_ready()


@pytest.mark.service("postgresql")
def test_a_server_that_was_killed_keeps_nobody_out(
    servers: tuple[ServerProcess, ServerProcess],
) -> None:
    one, two = servers
    one.start()
    one.wait_until_ready()
    one.kill()
    two.start()
    two.wait_until_ready()
    assert one.is_refused_in_one_line("is in use by another server")


@pytest.mark.long
@pytest.mark.service("mongodb")
async def test_in_mongodb_too_and_there_are_no_nodes(folder: Path) -> None:
    async with a_mongodb_database() as where:
        with two_servers(folder) as (one, two):
            for server in (one, two):
                server.settings |= {"para.dao": "MongoDBDAO", **where}
            one.start()
            await asyncio.to_thread(one.wait_until_ready)
            words = ("is in use by another server", "stop that one first")
            assert await asyncio.to_thread(two.is_refused_in_one_line, *words)
            usual = two.settings
            two.settings = usual | NODE
            words = ("para.nodes.enabled does not go together with", "for a minute")
            assert await asyncio.to_thread(two.is_refused_in_one_line, *words)
            one.kill()
            two.settings = usual
            two.start()
            await asyncio.to_thread(two.wait_until_ready)
