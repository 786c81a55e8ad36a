"""The tutorial: its blocks run against a server, and print what the page says."""

from __future__ import annotations

from pathlib import Path

import pytest

from .pages import DOCS, blocks_of
from .running_pages import check_steps, is_step
from .server import running

PAGE = DOCS / "tutorial" / "first-app.md"


def test_the_steps_print_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [config] = [block.text for block in blocks_of(PAGE) if block.language == "hocon"]
    (tmp_path / "application.conf").write_text(config, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with running(tmp_path) as port:
        ran = check_steps(PAGE, port)
    assert ran == sum(map(is_step, blocks_of(PAGE))) > 10
