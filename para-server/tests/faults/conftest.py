"""Servers in processes, killed at the end whatever happened."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from .process import Caller, ServerProcess

MEMORY_FOLDER = Path("/dev/shm")  # noqa: S108 - TemporaryDirectory makes a folder of its own in it

pytest.importorskip("para_dao_sql")
pytest.importorskip("para_search_lucene")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder in memory where there is one: processes die here, the machine does not."""
    with TemporaryDirectory(dir=MEMORY_FOLDER if MEMORY_FOLDER.is_dir() else None) as name:
        yield Path(name)


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
