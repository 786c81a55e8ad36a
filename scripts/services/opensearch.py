"""OpenSearch from Maven: the real engine, its jars started by a program of ours.

There is no security plugin, so no TLS and no users; limits on a full disk are off. The address
tells where the jars are, for tests that start a node to kill it:
``http://127.0.0.1:19200/?jars=…/.services/jars/opensearch``.
"""

from __future__ import annotations

import shutil
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

from scripts.services.maven import DEBIAN, SMALL_JVM, fetch_jars, has_jars, jars
from scripts.services.service import Place, Service, ServiceError

_VERSION = "2.19.6"
_ARTIFACTS = [
    f"org.opensearch:opensearch:{_VERSION}",
    *(
        f"org.opensearch.plugin:{module}:{_VERSION}"
        for module in ("transport-netty4-client", "reindex-client", "analysis-common")
    ),
    *(
        f"org.opensearch.plugin:{module}:{_VERSION}"
        for module in ("lang-painless", "mapper-extras-client")
    ),
    "org.apache.logging.log4j:log4j-core:2.25.4",
]
_PROGRAMS = Path(__file__).with_name("programs")
_SOURCE = _PROGRAMS / "OpenSearchNode.java"
_LOGGING = _PROGRAMS / "opensearch-log4j2.properties"


def command(folder: Path, port: int, jars: Path) -> list[str]:
    """Return the command line of a node that keeps its data in a folder."""
    heap = ["-Xms256m", "-Xmx512m"]
    logging = f"-Dlog4j2.configurationFile={jars / _LOGGING.name}"
    classes = f"{jars}:{jars}/*"
    return [
        "java",
        *heap,
        *SMALL_JVM,
        logging,
        "-cp",
        classes,
        _SOURCE.stem,
        str(folder),
        str(port),
    ]


def _is_installed() -> bool:
    source = jars("opensearch") / _SOURCE.name
    return (
        has_jars("opensearch", _ARTIFACTS)
        and source.is_file()
        and source.read_bytes() == _SOURCE.read_bytes()
    )


def _install() -> None:
    folder = jars("opensearch")
    if not has_jars("opensearch", _ARTIFACTS):
        fetch_jars("opensearch", _ARTIFACTS)
    compiler = ["javac", "-cp", f"{folder}/*", "-d", str(folder), str(_SOURCE)]
    done = subprocess.run(compiler, check=False, capture_output=True, text=True)
    if done.returncode:
        message = f"javac failed for opensearch:\n{done.stderr.strip()}"
        raise ServiceError(message)
    shutil.copy(_LOGGING, folder)
    shutil.copy(_SOURCE, folder)  # the sign that this very program is compiled


def _is_ready(place: Place) -> bool:
    url = f"http://127.0.0.1:{place.port}/_cluster/health?wait_for_status=green&timeout=1s"
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except (urllib.error.URLError, OSError):
        return False


OPENSEARCH = Service(
    name="opensearch",
    port=19200,
    packages=[*DEBIAN, "openjdk-17-jdk-headless"],
    is_installed=_is_installed,
    install=_install,
    prepare=lambda place: command(place.folder.absolute(), place.port, jars("opensearch")),
    is_ready=_is_ready,
    url=lambda place: f"http://127.0.0.1:{place.port}/?jars={jars('opensearch')}",
)
