"""The original, Para for Java, from its published packages: as a peer and as an oracle."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from benchmarks.peers.fetched import FOLDER
from benchmarks.peers.para import ParaServer
from benchmarks.wire import Credentials

__all__ = ["Original"]

VERSION = "1.49.1"  # the newest whose packages need nothing from elsewhere
_POM = Path(__file__).with_name("original.pom.xml")
_JDKS = Path("/usr/lib/jvm")
_OLDEST_JDK = 21


class Original(ParaServer):
    """Para 1.49.1 with its SQL and Lucene plugins, on H2; needs Maven and a JDK 21 or newer.

    Its compiler needs some 45 seconds of load until it is fast.
    """

    name: ClassVar[str] = "original"
    patience_sec: ClassVar[float] = 180

    def prepare(self) -> None:
        """Fetch the packages once, and write the configuration."""
        self._libraries = _fetched()
        super().prepare()

    def defaults(self) -> dict[str, object]:
        """Keep it from removing from its index what it wrongly thinks is gone from H2."""
        return {**super().defaults(), "para.sync_index_with_db": False}

    def command(self) -> Sequence[str]:
        """Run its main class."""
        options = ["-Xmx2g", "-Dserver.address=127.0.0.1", f"-Dconfig.file={self.config}"]
        libraries = ["-cp", f"{self._libraries}/*"]
        return [_java(), *options, *libraries, "com.erudika.para.server.ParaServer"]

    def is_ready(self) -> bool:
        """Ask who the root app is, with the key it wrote into its configuration file."""
        written = re.search(r'root_secret_key"?\s*[=:]\s*"([^"]+)"', self.config.read_text())
        if written is not None:
            self.credentials = Credentials("app:para", written[1])
        return super().is_ready()


def _fetched() -> Path:
    folder = FOLDER / f"para-{VERSION}"
    if not folder.exists():
        making = folder.with_suffix(".making")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        shutil.copy(_POM, making / "pom.xml")
        goal = ["dependency:copy-dependencies", "-DincludeScope=runtime"]
        command = ["mvn", "-B", "-q", *goal, f"-DoutputDirectory={making}"]
        subprocess.run(command, cwd=making, check=True)
        making.rename(folder)
    return folder


def _java() -> str:
    """Return the newest Java there is, or the one of ``JAVA_HOME``."""
    home = os.environ.get("JAVA_HOME")
    if home:
        return f"{home}/bin/java"
    found = [(_version(path.parents[1].name), str(path)) for path in _JDKS.glob("*/bin/java")]
    newest, program = max(found, default=(0, "java"))
    if newest < _OLDEST_JDK:
        raise RuntimeError(f"the original needs a JDK {_OLDEST_JDK} or newer: set JAVA_HOME")
    return program


def _version(name: str) -> int:
    number = re.search(r"\d+", name.replace("java-1.", "java-"))
    return int(number[0]) if number else 0
