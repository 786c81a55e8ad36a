"""The page about programs that have Para inside: its programs run, and say what the page says."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ..processes import free_port, stop, wait_until_ready  # noqa: TID252 - tests have no absolute names
from .pages import DOCS, blocks_of
from .projects import write_files
from .running_pages import check_steps

PAGE = DOCS / "how-to" / "embed-the-server.md"
pytest.importorskip("fastapi")


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PARA_")}


def said_by(folder: Path, program: str) -> str:
    done = subprocess.run(  # noqa: S603
        [sys.executable, program],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def running(folder: Path) -> Iterator[int]:
    """Run the web application of the page; the value is its port."""
    port, log, program = free_port(), folder / "harbour.log", folder / "harbour.py"
    program.write_text(program.read_text("utf-8").replace("8080", str(port)), "utf-8")
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, program.name],
            cwd=folder,
            env=environment(),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until_ready(process, f"http://127.0.0.1:{port}", log)
        yield port
    finally:
        stop(process)


def test_the_programs_of_the_page_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_files(PAGE, tmp_path)
    expected = [block.text for block in blocks_of(PAGE) if block.language == "text"]
    assert said_by(tmp_path, "load_boats.py") == expected[0]
    with running(tmp_path) as port:
        assert check_steps(PAGE, port) == 1
    assert "closed" in (tmp_path / "harbour.log").read_text()
    assert said_by(tmp_path, "as_ann.py") == expected[2]
