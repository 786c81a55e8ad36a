"""A node of its own for a test that kills it; its indexes are in files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from urllib.parse import parse_qs, urlsplit

from para_core.errors import BackendError
from para_core.testing.own_server import OwnServer
from para_search_elasticsearch.connection import Connection
from para_search_elasticsearch.settings import ElasticSettings

from .cluster import settings_for_tests

__all__ = ["OwnNode"]


class OwnNode(OwnServer):
    """Runs from the jars that the service tests have."""

    @cached_property
    def settings(self) -> ElasticSettings:
        return settings_for_tests(
            restclient_host="127.0.0.1", restclient_port=self.port, timeout_ms=5000
        )

    def command(self) -> Sequence[str]:
        (jars,) = parse_qs(urlsplit(os.environ["PARA_TEST_OPENSEARCH_URL"]).query)["jars"]
        return [
            *("java", "-Xms128m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
            f"-Dlog4j2.configurationFile={jars}/opensearch-log4j2.properties",
            *("-cp", f"{jars}:{jars}/*", "OpenSearchNode", str(self.folder), str(self.port)),
        ]

    async def is_ready(self) -> bool:
        params = {"wait_for_status": "yellow", "timeout": "1s"}
        async with Connection(self.settings) as connection:
            try:
                await connection.request("GET /_cluster/health", doing="get ready", params=params)
            except BackendError:
                return False
        return True
