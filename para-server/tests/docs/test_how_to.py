"""The how-to pages that can be run: a plugin is built and used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .pages import DOCS, blocks_of
from .projects import build_project, write_files
from .running_pages import check_steps
from .server import running, said_by

FILES = DOCS / "how-to" / "keep-files.md"
PLUGIN = DOCS / "how-to" / "write-a-plugin.md"
ASSISTANTS = DOCS / "how-to" / "let-assistants-in.md"
MONITOR = DOCS / "how-to" / "monitor-a-server.md"
TOKEN = "a long token that nobody guesses"  # noqa: S105 - of the page


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Write down the files of the page about plugins, and build the wheel where servers look."""
    build_project(PLUGIN, tmp_path, "para_guestbook")
    return tmp_path


def test_the_plugin_of_the_page_works(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    assert re.search(r"^para-guestbook +1\.0\.0 ", said_by(project, ["plugins"]), re.MULTILINE)
    loud = said_by(project, ["guestbook", "--loud"])
    assert loud in [block.text for block in blocks_of(PLUGIN) if block.language == "text"]
    assert 'para.guestbook.title = "Visitors"' in said_by(project, ["config"])
    with running(project) as port:
        assert check_steps(PLUGIN, port) == 1


def test_a_server_is_monitored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with running(tmp_path, "--set", f"para.operator.token={TOKEN}") as port:
        assert check_steps(MONITOR, port) == 2


def test_files_are_kept_as_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "application.conf").write_text('para.plugin_folder = ""', encoding="utf-8")
    assert check_steps(FILES, 0) == 1
    kept = [path.name for path in (tmp_path / "data" / "files").iterdir()]
    assert sorted(kept) == [".unfinished", "orchard"]


def test_an_assistant_is_let_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("mcp")
    monkeypatch.chdir(tmp_path)
    write_files(ASSISTANTS, tmp_path)
    with running(tmp_path) as port:
        assert check_steps(ASSISTANTS, port) == 2
