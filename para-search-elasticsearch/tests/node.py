"""A node of its own for a test that kills it; its indexes are in files."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from para_core.errors import BackendError
from para_search_elasticsearch.connection import Connection
from para_search_elasticsearch.settings import ElasticSettings

from .cluster import settings_for_tests

_READY_SEC = 300


class OwnNode:
    """Listens on one port, whenever it runs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.settings: ElasticSettings = settings_for_tests(
            restclient_host="127.0.0.1", restclient_port=self.port, timeout_ms=5000
        )

    async def start(self) -> None:
        """Start, and wait until it answers."""
        (jars,) = parse_qs(urlsplit(os.environ["PARA_TEST_OPENSEARCH_URL"]).query)["jars"]
        self._process = await asyncio.create_subprocess_exec(
            *("java", "-Xms128m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
            f"-Dlog4j2.configurationFile={jars}/opensearch-log4j2.properties",
            *("-cp", f"{jars}:{jars}/*", "OpenSearchNode", str(self._folder), str(self.port)),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(_READY_SEC), Connection(self.settings) as connection:
            while not await _is_ready(connection):
                assert self._process.returncode is None
                await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """End it at once, as a power cut would."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
            await self._process.wait()


async def _is_ready(connection: Connection) -> bool:
    params = {"wait_for_status": "yellow", "timeout": "1s"}
    try:
        await connection.request("GET /_cluster/health", doing="get ready", params=params)
    except BackendError:
        return False
    return True


@contextlib.asynccontextmanager
async def own_node(folder: Path) -> AsyncIterator[OwnNode]:
    """Run a node as long as the block."""
    node = OwnNode(folder)
    try:
        await node.start()
        yield node
    finally:
        await node.kill()
