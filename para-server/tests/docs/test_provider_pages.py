"""The pages about sign-in providers: their settings are offered, and the plugin signs people in."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from .pages import DOCS, blocks_of
from .running_pages import check_steps, is_step
from .server import running

PAGES = sorted((DOCS / "how-to" / "sign-in").glob("*.md"))
PLUGIN = DOCS / "how-to" / "add-a-sign-in-provider.md"
SECRET = "a secret for this example, 0123456789"  # noqa: S105 - of the pages
FILE_NAME = re.compile(r"# (\S+\.(?:toml|py))\n")


def test_the_settings_of_each_page_offer_its_provider(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert len(PAGES) == 11
    with running(tmp_path, "--set", f"para.root_secret_override={SECRET}") as port:
        for page in PAGES:
            steps = sum(map(is_step, blocks_of(page)))
            assert check_steps(page, port) == steps > 0, page.name


def test_the_provider_of_the_page_signs_people_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for block in blocks_of(PLUGIN):
        named = FILE_NAME.match(block.text)
        if named is not None:
            file = tmp_path / named[1]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
    (tmp_path / "src/para_badges/__init__.py").touch()
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "lib"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    monkeypatch.chdir(tmp_path)
    with running(tmp_path, "--set", f"para.root_secret_override={SECRET}") as port:
        assert check_steps(PLUGIN, port) == 2
