"""Jars from a Maven repository: a product that runs on Java 17 and is no Debian package."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

from scripts.services.service import ServiceError

_ROOT = Path(__file__).resolve().parents[2]
_JARS = _ROOT / ".services" / "jars"  # survives the stop, so that it is fetched once
_POM = """\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>services</groupId>
  <artifactId>{name}</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
{dependencies}
  </dependencies>
</project>
"""
_DEPENDENCY = (
    "    <dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version>"
    "</dependency>"
)

_repository = threading.Lock()  # the local one, which two Mavens at a time would break

DEBIAN = ["maven", "openjdk-17-jre-headless"]
"""The packages that fetch and run them."""

SMALL_JVM = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
"""A start in half the time and memory, for less speed at the end."""


def jars(name: str) -> Path:
    """The folder with the jars of a service."""
    return _JARS / name


def has_jars(name: str, artifacts: Sequence[str]) -> bool:
    """Whether Java is there, and these very artifacts were fetched."""
    pom = jars(name) / "pom.xml"
    is_same = pom.is_file() and pom.read_text(encoding="utf-8") == _pom(name, artifacts)
    return is_same and shutil.which("java") is not None


def fetch_jars(name: str, artifacts: Sequence[str]) -> None:
    """Fetch artifacts, written as ``group:artifact:version``, with all that they need.

    Raises:
        ServiceError: There is no Maven, or it failed.
    """
    if shutil.which("mvn") is None:
        message = f"{name} needs Maven (Debian: apt-get install maven)"
        raise ServiceError(message)
    folder = jars(name)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    new = folder / "new.xml"
    new.write_text(_pom(name, artifacts), encoding="utf-8")
    copy = ["dependency:copy-dependencies", f"-DoutputDirectory={folder}"]
    with _repository:
        done = subprocess.run(
            ["mvn", "-q", "-B", "-f", str(new), *copy], check=False, capture_output=True, text=True
        )
    if done.returncode:
        message = f"mvn failed for {name}:\n{done.stdout.strip()}\n{done.stderr.strip()}"
        raise ServiceError(message)
    new.rename(folder / "pom.xml")  # the sign that all of them are there


def _pom(name: str, artifacts: Sequence[str]) -> str:
    dependencies = "\n".join(_DEPENDENCY.format(*each.split(":")) for each in artifacts)
    return _POM.format(name=name, dependencies=dependencies)
