"""Several servers on one PostgreSQL, as nodes."""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from para_core.config import Config

from ..docs.pages import DOCS, blocks_of  # noqa: TID252 - tests have no package
from ..e2e.backends import a_schema  # noqa: TID252
from .process import Caller, ServerProcess

__all__ = [
    "LEASE_SEC",
    "STALE_SEC",
    "a_cluster",
    "an_engine_of_all",
    "connected",
    "eventually",
    "the_smallest_set",
]

LEASE_SEC, STALE_SEC = 2, 0.5
_PAGE = DOCS / "how-to" / "run-several-nodes.md"
NO_SETTINGS: Mapping[str, object] = {}


def a_node(
    folder: Path, address: str, number: int, settings: Mapping[str, object]
) -> ServerProcess:
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
def a_cluster(
    folder: Path, settings: Mapping[str, object] = NO_SETTINGS, *, count: int = 2
) -> Iterator[list[ServerProcess]]:
    """Start nodes on a schema of their own; they are killed at the end."""
    with asyncio.Runner() as runner, ExitStack() as stack:
        schema = a_schema()
        address = runner.run(schema.__aenter__())
        stack.callback(lambda: runner.run(schema.__aexit__(None, None, None)))
        nodes = [a_node(folder, address, number + 1, settings) for number in range(count)]
        for node in nodes:
            stack.callback(node.kill)
        for node in nodes:
            node.start()
        for node in nodes:
            node.wait_until_ready()
        yield nodes


@contextmanager
def an_engine_of_all() -> Iterator[dict[str, object]]:
    """Give the settings of nodes that search in one cluster; their indexes are removed at the end.

    Close the nodes before.
    """
    from para_search_elasticsearch.engine import connection_of, settings_of

    address, prefix = (
        urlsplit(os.environ["PARA_TEST_OPENSEARCH_URL"]),
        f"n-{uuid.uuid4().hex[:12]}-",
    )
    settings: dict[str, object] = {
        "para.search": "ElasticSearch",
        "para.es.flavor": "opensearch",
        "para.es.restclient_scheme": str(address.scheme),
        "para.es.restclient_host": str(address.hostname),
        "para.es.restclient_port": address.port,
        "para.es.index_prefix": prefix,
        "para.es.shards": 1,
    }

    async def clean() -> None:
        config = Config({key: str(value) for key, value in settings.items()})
        async with connection_of(config, settings_of(config)) as connection:
            await connection.request(f"DELETE /{prefix}*", doing="remove what a test made")

    try:
        yield settings
    finally:
        asyncio.run(clean())


@contextmanager
def the_smallest_set() -> Iterator[dict[str, object]]:
    """Give the settings that the page about nodes has for one cache and one search cluster.

    All but the addresses, and what tells these nodes from those of other tests.
    """
    (block,) = [one for one in blocks_of(_PAGE) if "RedisCache" in one.text]
    pairs = (line.split(" = ", 1) for line in block.text.splitlines())
    of_page: dict[str, object] = {key: msgspec.json.decode(value) for key, value in pairs}
    assert of_page.keys() >= {"para.sql.url", "para.redis.url", "para.es.restclient_host"}
    for own in ("para.sql.url", "para.sql.user", "para.sql.password", "para.worker_id"):
        del of_page[own]
    with an_engine_of_all() as engine:
        shared = {
            "para.redis.url": os.environ["PARA_TEST_REDIS_URL"],
            "para.cluster_name": f"n-{uuid.uuid4().hex}",
        }
        assert engine["para.es.flavor"] == of_page["para.es.flavor"]
        yield of_page | engine | shared


def connected(nodes: Sequence[ServerProcess], stack: ExitStack) -> list[Caller]:
    """Return a caller of each node."""
    return [stack.enter_context(closing(Caller(node.port))) for node in nodes]


def eventually(holds: Callable[[], bool], within_sec: float = 60) -> None:
    """Wait until something is so."""
    end = time.monotonic() + within_sec
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)
