"""The pages about sign-in providers: their settings are offered, and the plugin signs people in."""

from __future__ import annotations

from pathlib import Path

import pytest

from .pages import DOCS, blocks_of
from .projects import build_project
from .running_pages import check_steps, is_step
from .server import running

PAGES = sorted((DOCS / "how-to" / "sign-in").glob("*.md"))
PLUGIN = DOCS / "how-to" / "add-a-sign-in-provider.md"
SECRET = "a secret for this example, 0123456789"  # noqa: S105 - of the pages


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
    build_project(PLUGIN, tmp_path, "para_badges")
    monkeypatch.chdir(tmp_path)
    with running(tmp_path, "--set", f"para.root_secret_override={SECRET}") as port:
        assert check_steps(PLUGIN, port) == 2
