"""A server of its own for a test that kills it; its messages are in files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit

from para_core.testing.own_server import OwnServer

__all__ = ["OwnElasticMQ"]


class OwnElasticMQ(OwnServer):
    """Runs from the jars that the service tests have."""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> Sequence[str]:
        query = parse_qs(urlsplit(os.environ["PARA_TEST_SQS_URL"]).query)
        (jars,), (config,) = query["jars"], query["config"]
        options = {"config.file": config, "sqs.port": self.port, "sqs.folder": self.folder}
        return [
            *("java", "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
            *(f"-D{name}={value}" for name, value in options.items()),
            *("-cp", f"{jars}/*", "org.elasticmq.server.Main"),
        ]
