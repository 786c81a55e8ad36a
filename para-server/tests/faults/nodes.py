"""Several servers on one PostgreSQL, as nodes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from ..e2e.backends import a_schema  # noqa: TID252 - tests have no package
from .process import Caller, ServerProcess

__all__ = ["LEASE_SEC", "STALE_SEC", "a_cluster", "connected", "eventually"]

LEASE_SEC, STALE_SEC = 2, 0.5


def a_node(folder: Path, address: str, number: int, settings: dict[str, object]) -> ServerProcess:
    """Return a node that is not started yet, with a folder of its own."""
    own = folder / f"node{number}"
    own.mkdir()
    node = ServerProcess(own)
    node.settings |= {
        "para.sql.url": address,
        "para.env": "production",
        "para.security.allow_unverified_emails": True,
        "para.worker_id": number,
        "para.nodes.enabled": True,
        "para.nodes.lease_sec": LEASE_SEC,
        "para.nodes.stale_ms": int(STALE_SEC * 1000),
        "para.outbound.hosts": ["127.0.0.1"],
        "para.queue.visibility_timeout_sec": 2,
        **settings,
    }
    return node


@contextmanager
def a_cluster(folder: Path, count: int = 2, **settings: object) -> Iterator[list[ServerProcess]]:
    """Start nodes on a schema of their own; they are killed at the end."""
    named = {key.replace("__", "."): value for key, value in settings.items()}
    with asyncio.Runner() as runner, ExitStack() as stack:
        schema = a_schema()
        address = runner.run(schema.__aenter__())
        stack.callback(lambda: runner.run(schema.__aexit__(None, None, None)))
        nodes = [a_node(folder, address, number + 1, named) for number in range(count)]
        for node in nodes:
            stack.callback(node.kill)
        for node in nodes:
            node.start()
        for node in nodes:
            node.wait_until_ready()
        yield nodes


def connected(nodes: Sequence[ServerProcess], stack: ExitStack) -> list[Caller]:
    """Return a caller of each node."""
    return [stack.enter_context(closing(Caller(node.port))) for node in nodes]


def eventually(holds: Callable[[], bool], within_sec: float = 60) -> None:
    """Wait until something is so."""
    end = time.monotonic() + within_sec
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)
