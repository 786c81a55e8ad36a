"""The how-to pages about signing in, run against a server."""

from __future__ import annotations

from pathlib import Path

import pytest

from .pages import DOCS
from .running_pages import check_steps
from .server import running

SECRET = "a secret for this example, 0123456789"  # noqa: S105 - of the pages


@pytest.mark.parametrize(
    ("page", "steps"),
    [("sign-in-with-passwords.md", 5), ("sign-in-by-the-word-of-your-app.md", 4)],
)
def test_the_steps_of_a_page_do_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str, steps: int
) -> None:
    monkeypatch.chdir(tmp_path)
    with running(tmp_path, "--set", f"para.root_secret_override={SECRET}") as port:
        assert check_steps(DOCS / "how-to" / page, port) == steps
