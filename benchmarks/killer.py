"""Servers on one database, and somebody who kills and stops them at random moments."""

from __future__ import annotations

import contextlib
import http.client
import os
import random
import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from benchmarks.peers import ParaServer

__all__ = ["Killer", "a_schema", "an_index", "cluster"]

_PAUSE_SEC = (6.0, 20.0)  # between two blows
_DOWN_SEC = (0.0, 6.0)  # until a node that was killed is started again
_STOPPED_SEC = (0.5, 12.0)  # for which a node is stopped
_STOPS = 0.3  # of the blows only stop a process


@contextlib.contextmanager
def a_schema(url: str) -> Iterator[str]:
    """Give the address of a schema that is dropped at the end."""
    import asyncio

    import asyncpg

    schema = f"bench_{os.urandom(6).hex()}"

    async def do(statement: str) -> None:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(do(f"CREATE SCHEMA {schema}"))
    try:
        yield f"{url}{'&' if urlsplit(url).query else '?'}currentSchema={schema}"
    finally:
        asyncio.run(do(f"DROP SCHEMA {schema} CASCADE"))


@contextlib.contextmanager
def an_index(url: str) -> Iterator[dict[str, object]]:
    """Give the settings of a search cluster, of which the indexes are removed at the end.

    Without an address, none: each node has an embedded index.
    """
    if not url:
        yield {}
        return
    parts, prefix = urlsplit(url), f"bench-{os.urandom(6).hex()}-"
    try:
        yield {
            "para.search": "ElasticSearch",
            "para.es.flavor": "opensearch",
            "para.es.restclient_scheme": parts.scheme,
            "para.es.restclient_host": parts.hostname,
            "para.es.restclient_port": parts.port,
            "para.es.index_prefix": prefix,
        }
    finally:
        with contextlib.closing(http.client.HTTPConnection(parts.netloc)) as connection:
            connection.request("DELETE", f"/{prefix}*")
            connection.getresponse().read()


@contextlib.contextmanager
def cluster(count: int, settings: Mapping[str, object]) -> Iterator[list[ParaServer]]:
    """Start nodes with these settings besides their numbers."""
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(
                ParaServer(core=None, settings={**settings, "para.worker_id": number})
            )
            for number in range(1, count + 1)
        ]


@dataclass
class Killer:
    """Kills (``kill -9``) or stops one node at a time, until it is told to end."""

    nodes: Sequence[ParaServer]
    seed: int
    kills: int = 0
    stops: int = 0
    longest_start_sec: float = 0.0
    _end: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Do it, in a thread."""
        chance = random.Random(self.seed)
        while not self._end.wait(chance.uniform(*_PAUSE_SEC)):
            node = chance.choice(self.nodes)
            if chance.random() < _STOPS:
                self._stop(node, chance.uniform(*_STOPPED_SEC))
            else:
                self._kill(node, chance.uniform(*_DOWN_SEC))

    def _stop(self, node: ParaServer, seconds: float) -> None:
        self.stops += 1
        node.process.send(signal.SIGSTOP)
        try:
            self._end.wait(seconds)
        finally:
            node.process.send(signal.SIGCONT)

    def _kill(self, node: ParaServer, seconds: float) -> None:
        self.kills += 1
        node.process.kill()
        self._end.wait(seconds)
        began = time.monotonic()
        node.start()
        self.longest_start_sec = max(self.longest_start_sec, time.monotonic() - began)

    def end(self) -> None:
        """Let it finish what it does; all nodes run when its thread has ended."""
        self._end.set()
