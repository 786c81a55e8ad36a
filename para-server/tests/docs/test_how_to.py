"""The how-to pages that can be run: a plugin is built and used, a backup made and read back."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from .pages import DOCS, blocks_of
from .running_pages import check_steps
from .server import running, said_by

PLUGIN, BACKUP = DOCS / "how-to" / "write-a-plugin.md", DOCS / "how-to" / "back-up-and-restore.md"
SECRET = "a secret for this example, 0123456789"  # noqa: S105 - of the page
FILE_NAME = re.compile(r"# (\S+\.(?:toml|py|conf))\n")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Write down the files of the page about plugins, and build the wheel where servers look."""
    for block in blocks_of(PLUGIN):
        named = FILE_NAME.match(block.text)
        if named is not None:
            file = tmp_path / named[1]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
    (tmp_path / "src/para_guestbook/__init__.py").touch()
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "lib"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    return tmp_path


def test_the_plugin_of_the_page_works(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    assert re.search(r"^para-guestbook +1\.0\.0 ", said_by(project, ["plugins"]), re.MULTILINE)
    loud = said_by(project, ["guestbook", "--loud"])
    assert loud in [block.text for block in blocks_of(PLUGIN) if block.language == "text"]
    assert 'para.guestbook.title = "Visitors"' in said_by(project, ["config"])
    with running(project) as port:
        assert check_steps(PLUGIN, port) == 1


def test_a_backup_is_made_and_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with running(tmp_path, "--set", f"para.root_secret_override={SECRET}") as port:
        assert check_steps(BACKUP, port) == 2
