"""Engines on the test cluster, each with indexes of its own."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from para_search_elasticsearch.connection import Connection
from para_search_elasticsearch.search import ElasticSearch
from para_search_elasticsearch.settings import BulkSettings, ElasticSettings


def settings_for_tests(**changes: object) -> ElasticSettings:
    """Return the settings of the test cluster with a prefix that nobody else has."""
    address = urlsplit(os.environ["PARA_TEST_OPENSEARCH_URL"])
    values = {
        "restclient_scheme": address.scheme,
        "restclient_host": address.hostname,
        "restclient_port": address.port,
        "sign_requests_to_aws": False,
        "shards": 1,
        "index_prefix": f"test-{uuid.uuid4().hex[:12]}-",
        "flavor": "opensearch",
        "timeout_ms": 60_000,
        **changes,
    }
    return msgspec.convert(values, ElasticSettings)


@asynccontextmanager
async def an_engine(
    *,
    port_of_engine: int = 0,
    root: str = "para",
    is_ordered: bool = False,
    **changes: object,
) -> AsyncIterator[ElasticSearch]:
    """Open an engine whose indexes are removed at the end.

    ``port_of_engine`` leads the engine, and it only, over another port of this machine.
    """
    settings = used = settings_for_tests(**changes)
    if port_of_engine:
        used = replace(settings, restclient_host="127.0.0.1", restclient_port=port_of_engine)
    async with Connection(replace(settings, timeout_ms=60_000)) as connection:
        parts = (used, BulkSettings(), Connection(used))
        try:
            async with ElasticSearch(*parts, root=root, is_ordered=is_ordered) as engine:
                yield engine
        finally:
            await remove_indexes(connection, settings.index_prefix)


def another(engine: ElasticSearch, *, root: str = "para") -> ElasticSearch:
    """Return the engine of another server on the same indexes, not yet open."""
    parts = (engine.settings, BulkSettings(), Connection(engine.settings))
    return ElasticSearch(*parts, root=root, is_ordered=engine.is_ordered)


async def remove_indexes(connection: Connection, prefix: str) -> None:
    """Remove all indexes whose names begin so."""
    await connection.request(f"DELETE /{prefix}*", doing="remove what a test made")
