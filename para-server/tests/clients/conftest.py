"""A running server, and apps on it, for tests that speak to it from outside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest
from paraclient import ParaClient

from ..processes import free_port, stop, wait_until_ready  # noqa: TID252 - tests have no absolute names

ROOT_SECRET = "a secret of the root app for tests, 0123456789"  # noqa: S105 - made for this process

CONFIG = """
para.env = "production"
para.port = {port}
para.app_name = "para"
para.worker_id = 1
para.print_logo = false
para.dao = "SqlDAO"
para.search = "LuceneSearch"
para.db.dir = "{folder}/data"
para.lucene.dir = "{folder}/data"
para.localstorage.folder = "{folder}/files"
para.root_secret_override = "{secret}"
para.app_secret_key = "a key for tokens in tests, 0123456789, 0123456789"
para.security.allow_unverified_emails = true
para.pidfile_enabled = false
"""


@dataclass(frozen=True)
class RunningServer:
    """Where a server listens, and the secret of its root app."""

    url: str
    root_secret: str
    log: Path | None = None
    _numbers: Iterator[int] = field(default_factory=lambda: count(int(time.time() * 1000)))

    def client(self, access_key: str, secret_key: str | None) -> ParaClient:
        """Return a client of an app; without a secret it is a guest."""
        client = ParaClient(access_key, secret_key)
        client.setEndpoint(self.url)
        return client

    def root(self) -> ParaClient:
        """Return a client of the root app."""
        return self.client("app:para", self.root_secret)

    def new_app(self) -> dict[str, str]:
        """Make a child app and return its keys."""
        keys: dict[str, str] = self.root().getEntity(
            self.root().invokeGet(f"_setup/tests{next(self._numbers)}")
        )
        return keys


@pytest.fixture(scope="session")
def running_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Start a server with SQLite and the embedded index, or use the one at PARA_TEST_PARA_URL."""
    url = os.environ.get("PARA_TEST_PARA_URL")
    if url:
        yield RunningServer(url, os.environ["PARA_TEST_PARA_SECRET"])
        return
    folder = tmp_path_factory.mktemp("server")
    port = free_port()
    config = folder / "para.conf"
    config.write_text(CONFIG.format(port=port, folder=folder, secret=ROOT_SECRET))
    log = folder / "server.log"
    command = [sys.executable, "-m", "para_server", "--config", str(config)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output)  # noqa: S603
        try:
            server = RunningServer(f"http://127.0.0.1:{port}", ROOT_SECRET, log)
            wait_until_ready(process, server.url, log)
            yield server
        finally:
            exit_code = stop(process)
    assert exit_code in (0, -signal.SIGTERM), log.read_text()
    assert "Traceback" not in log.read_text(), log.read_text()


@pytest.fixture
def keys(running_server: RunningServer) -> dict[str, str]:
    """The keys of a new, empty app: ``accessKey`` and ``secretKey``."""
    return running_server.new_app()


@pytest.fixture
def client(running_server: RunningServer, keys: dict[str, str]) -> ParaClient:
    """A client with the keys of a new, empty app."""
    return running_server.client(keys["accessKey"], keys["secretKey"])


@pytest.fixture
def root(running_server: RunningServer) -> ParaClient:
    """A client of the root app."""
    return running_server.root()


@pytest.fixture
def guest(running_server: RunningServer, keys: dict[str, str]) -> ParaClient:
    """A client of the same app that has no keys."""
    return running_server.client(keys["accessKey"], None)


@pytest.fixture
def another(running_server: RunningServer, keys: dict[str, str]) -> Callable[[], ParaClient]:
    """Make more clients of the same app, each with a session of its own."""
    return lambda: running_server.client(keys["accessKey"], keys["secretKey"])
