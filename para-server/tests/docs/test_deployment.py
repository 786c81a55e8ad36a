"""The unit of systemd and the file for containers: read as those who use them read them."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from configparser import RawConfigParser
from pathlib import Path

import pytest

from para_core.config import Config

from .pages import DOCS, ROOT
from .server import running

UNIT = ROOT / "deploy" / "systemd" / "para.service"
CONTAINER = ROOT / "deploy" / "container" / "Containerfile"
INSTRUCTIONS = {
    *("FROM", "COPY", "RUN", "USER", "WORKDIR", "VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK"),
    "ENTRYPOINT",
}


def unit() -> RawConfigParser:
    parser = RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(UNIT.read_text())
    return parser


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    command = f"{sys.executable} -m para_server --config"
    text = UNIT.read_text().replace("/opt/para/bin/para-server --config", command)
    assert command in text
    (tmp_path / "para.service").write_text(text)
    done = subprocess.run(  # noqa: S603
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / "para.service")],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    about_it = [line for line in done.stderr.splitlines() if "para.service" in line]
    assert (done.returncode, about_it) == (0, [])


def test_the_unit_waits_longer_for_the_end_than_the_server_does() -> None:
    service = unit()["Service"]
    assert int(service["TimeoutStopSec"]) > 2 * Config().number("para.stop_timeout_sec")
    assert service["Type"] == "notify"
    assert service["KillMode"] == "mixed"
    assert service["ExecReload"].endswith("kill -HUP $MAINPID")


def test_the_pages_speak_of_the_files_as_they_are() -> None:
    service, page = unit()["Service"], (DOCS / "how-to" / "run-as-a-service.md").read_text()
    assert service["ExecStart"].split()[0] in page.replace("bin/pip", "bin/para-server")
    assert service["ExecStart"].split()[-1] in page
    assert f"/var/lib/{service['StateDirectory']}" == service["WorkingDirectory"]
    assert service["WorkingDirectory"] in page
    assert UNIT.relative_to(ROOT).as_posix() in page
    assert (
        CONTAINER.relative_to(ROOT).as_posix()
        in (DOCS / "how-to" / "run-in-a-container.md").read_text()
    )


# ---- the file for containers ------------------------------------------------------------------


def stages() -> list[list[tuple[str, str]]]:
    """Return the instructions of each stage, with their values on one line."""
    text = re.sub(r"^#.*\n", "", CONTAINER.read_text(), flags=re.MULTILINE)
    found: list[list[tuple[str, str]]] = []
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip():
            name, _, value = line.partition(" ")
            if name == "FROM":
                found.append([])
            found[-1].append((name, value.strip()))
    return found


def last(name: str) -> str:
    return next(value for found, value in reversed(stages()[-1]) if found == name)


def test_every_instruction_is_one() -> None:
    assert {name for stage in stages() for name, _ in stage} == INSTRUCTIONS


def test_what_is_copied_is_there_and_not_left_out() -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line[0] == "!"}
    sources = {value.split()[0] for name, value in stages()[0] if name == "COPY"}
    assert sources == kept
    assert all((ROOT / source / "pyproject.toml").is_file() for source in sources)
    [install] = [value for name, value in stages()[0] if name == "RUN"]
    installed = {
        part.partition("[")[0] for part in shlex.split(install) if part.startswith("/src/")
    }
    assert installed == {f"/src/{source}" for source in sources}


def test_the_server_runs_as_an_ordinary_user_and_hears_signals_itself() -> None:
    assert last("USER") == "para"
    assert json.loads(last("ENTRYPOINT")) == ["/opt/para/bin/para-server"]
    assert last("STOPSIGNAL") == "SIGTERM"
    assert int(last("EXPOSE")) == Config().number("para.port")
    assert json.loads(last("VOLUME")) == ["/para/data", "/para/lib"]


def test_the_health_check_tells_a_server_that_answers(tmp_path: Path) -> None:
    command = json.loads(last("HEALTHCHECK").partition("CMD ")[2])
    with running(tmp_path) as port:
        told = [part.replace(":8080", f":{port}") for part in command]
        assert told != command
        healthy = subprocess.run([sys.executable, *told[1:]], check=False)  # noqa: S603
    gone = subprocess.run([sys.executable, *told[1:]], capture_output=True, check=False)  # noqa: S603
    assert healthy.returncode == 0
    assert gone.returncode != 0
