"""Servers in processes, killed at the end whatever happened."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .process import Caller, ServerProcess

pytest.importorskip("para_dao_sql")
pytest.importorskip("para_search_lucene")


@pytest.fixture
def server(folder: Path) -> Iterator[ServerProcess]:
    server = ServerProcess(folder)
    yield server
    server.kill()


@pytest.fixture
def running(server: ServerProcess) -> ServerProcess:
    server.start()
    server.wait_until_ready()
    return server


@pytest.fixture
def caller(running: ServerProcess) -> Iterator[Caller]:
    caller = Caller(running.port)
    yield caller
    caller.close()
