"""ElasticMQ from Maven: speaks the protocol of SQS, and keeps its queues in files.

It takes any key and knows no permissions, so refused keys need another server in the test. A queue
keeps the exact order and delivers nothing twice, and a receipt is refused once the message was
pulled again; SQS promises less. The address tells where jars and configuration are, for tests that
start one to kill it: ``http://127.0.0.1:19324/?jars=…/.services/jars/sqs&config=…/elasticmq.conf``.
"""

from __future__ import annotations

import socket
from pathlib import Path

from scripts.services.maven import DEBIAN, SMALL_JVM, fetch_jars, has_jars, jars
from scripts.services.service import Place, Service

_ARTIFACTS = ["org.elasticmq:elasticmq-server_2.13:1.6.14"]
_CONFIGURATION = Path(__file__).with_name("programs") / "elasticmq.conf"


def _prepare(place: Place) -> list[str]:
    settings = {
        "config.file": _CONFIGURATION,
        "sqs.port": place.port,
        "sqs.folder": place.folder.absolute(),
    }
    options = [f"-D{name}={value}" for name, value in settings.items()]
    classes = f"{jars('sqs')}/*"
    return ["java", "-Xmx128m", *SMALL_JVM, *options, "-cp", classes, "org.elasticmq.server.Main"]


def _is_ready(place: Place) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", place.port), timeout=1):
            return True
    except OSError:
        return False


SQS = Service(
    name="sqs",
    port=19324,
    packages=DEBIAN,
    is_installed=lambda: has_jars("sqs", _ARTIFACTS),
    install=lambda: fetch_jars("sqs", _ARTIFACTS),
    prepare=_prepare,
    is_ready=_is_ready,
    url=lambda place: f"http://127.0.0.1:{place.port}/?jars={jars('sqs')}&config={_CONFIGURATION}",
)
