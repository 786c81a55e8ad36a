"""The how-to page about webhooks, run against a server."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..processes import free_port  # noqa: TID252 - tests have no absolute names
from .pages import DOCS, blocks_of
from .running_pages import check_steps
from .server import running

PAGE = DOCS / "how-to" / "use-webhooks.md"
SECRET = "a secret for this example, 0123456789"  # noqa: S105 - of the page
STEPS = 6


def test_the_steps_of_the_page_do_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    page = tmp_path / PAGE.name
    page.write_text(PAGE.read_text("utf-8").replace("9090", str(port)), encoding="utf-8")
    config = next(block.text for block in blocks_of(page) if block.language == "hocon")
    (tmp_path / "application.conf").write_text(config, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with running(tmp_path, "--set", f"para.root_secret_override={SECRET}") as server:
        assert check_steps(page, server) == STEPS
