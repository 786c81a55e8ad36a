"""The page about several workers: its configuration starts them, its commands see them."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from para_core.config import load_config

from .pages import DOCS, blocks_of
from .server import running
from .shell import said_by_shell

PAGE = DOCS / "how-to" / "run-several-workers.md"

pytest.importorskip("para_dao_sql")
pytest.importorskip("para_search_lucene")


@pytest.mark.skipif(not shutil.which("pgrep"), reason="needs pgrep")
def test_the_commands_of_the_page_see_the_workers(tmp_path: Path) -> None:
    [config] = [block.text for block in blocks_of(PAGE) if block.language == "hocon"]
    count, log = (block.text for block in blocks_of(PAGE) if block.language == "sh")
    file = tmp_path / "application.conf"
    file.write_text(config)
    workers = load_config(file, environ={}).number("para.workers")
    with running(tmp_path) as port:
        lines: list[str] = []
        ready: list[str] = []
        end = time.monotonic() + 30
        while len(ready) < workers:
            assert time.monotonic() < end, ready
            time.sleep(0.1)
            lines = said_by_shell(log, tmp_path, os.environ).splitlines()
            ready = [line for line in lines if "a worker is ready" in line]
        assert sum("this worker leads" in line for line in lines) == 1
        told = said_by_shell(count.replace("8080", str(port)), tmp_path, os.environ)
        assert int(told) == workers
