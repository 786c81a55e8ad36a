"""The Java client of the original drives the server: Scoold and most programs in production use it.

The checks themselves are in ``java/src/main/java/checks/Checks.java``. They need Maven and a JDK 25
or newer, whose folder is in PARA_TEST_JAVA_URL; ``PARA_TEST_JAVA_URL=auto`` looks for it below
``/usr/lib/jvm``.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from .conftest import RunningServer

PROJECT = Path(__file__).parent / "java"
SOURCE = PROJECT / "src/main/java/checks/Checks.java"
CHECKS = re.findall(r"^\tpublic void (\w+)\(", SOURCE.read_text(encoding="utf-8"), re.MULTILINE)
OLDEST_JDK = 25
BUILD_SEC, RUN_SEC = 600, 180  # the first build fetches about 80 files

pytestmark = pytest.mark.service("java")


@pytest.fixture(scope="module")
def java_home() -> Path:
    """The folder of a JDK that is new enough."""
    place = os.environ["PARA_TEST_JAVA_URL"]
    if place != "auto":
        return Path(place.removeprefix("file://"))
    found = {version_of(home): home for home in Path("/usr/lib/jvm").glob("*") if home.is_dir()}
    if max(found, default=0) < OLDEST_JDK:
        pytest.fail(f"no JDK {OLDEST_JDK} or newer below /usr/lib/jvm", pytrace=False)
    return found[max(found)]


@pytest.fixture(scope="module")
def class_path(java_home: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The compiled checks and the jars of the client."""
    folder = tmp_path_factory.mktemp("java") / "project"
    shutil.copytree(PROJECT, folder)
    command = [
        "mvn", "--batch-mode", "--quiet", "compile", "dependency:copy-dependencies",
        "-DincludeScope=runtime", "-DoutputDirectory=target/lib",
    ]  # fmt: skip
    done = subprocess.run(  # noqa: S603
        command,
        cwd=folder,
        env={**os.environ, "JAVA_HOME": str(java_home)},
        capture_output=True,
        text=True,
        timeout=BUILD_SEC,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return f"{folder}/target/classes:{folder}/target/lib/*"


@pytest.fixture(scope="module")
def outcomes(
    running_server: RunningServer, java_home: Path, class_path: str
) -> dict[str, tuple[bool, str]]:
    """What each check said: whether it passed, and why not."""
    keys = running_server.new_app()
    command = [str(java_home / "bin/java"), "-Xmx256m", "-cp", class_path, "checks.Main"]
    command += [running_server.url, keys["accessKey"], keys["secretKey"]]
    done = subprocess.run(  # noqa: S603
        command, capture_output=True, text=True, timeout=RUN_SEC, check=False
    )
    assert done.returncode == 0, done.stderr
    said = re.findall(r"^(ok|failed) (\w+) ?(.*)$", done.stdout, re.MULTILINE)
    return {name: (word == "ok", f"{why}\n{done.stderr}") for word, name, why in said}


@pytest.mark.parametrize("check", CHECKS)
def test_the_java_client_works(outcomes: dict[str, tuple[bool, str]], check: str) -> None:
    passed, why = outcomes[check]
    assert passed, why


def version_of(home: Path) -> int:
    """Return the number before the first dot of a JDK's version, 0 where there is none."""
    release = home / "release"
    if not release.is_file():
        return 0
    found = re.search(r'JAVA_VERSION="(\d+)', release.read_text(encoding="utf-8"))
    return int(found[1]) if found else 0
