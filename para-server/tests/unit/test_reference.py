from __future__ import annotations

from pathlib import Path

import pytest

from para_core import errors, hookspecs
from para_core.settings import KNOWN
from para_server.reference import main, pages
from para_server.rest.routes import ROUTES

FOLDER = Path(__file__).parents[3] / "docs" / "reference"
HELP = "run: python -m para_server.reference docs/reference"


@pytest.mark.parametrize("name", sorted(pages()))
def test_the_committed_page_says_what_the_code_says(name: str) -> None:
    assert (FOLDER / name).read_text("utf-8") == pages()[name], HELP


def test_every_key_hook_error_and_route_has_an_entry() -> None:
    found = pages()
    assert [key for key in KNOWN if f"| `{key}` |" not in found["configuration.md"]] == []
    hooks = [name for name in vars(hookspecs) if name.startswith("para_")]
    assert [name for name in hooks if f"## `{name}`" not in found["hooks.md"]] == []
    assert [name for name in errors.__all__ if f"| `{name}` |" not in found["errors.md"]] == []
    entries = [f"| {route.method} | `{route.path}` |" for route in ROUTES]
    assert [entry for entry in entries if entry not in found["routes.md"]] == []


def test_every_route_has_a_meaning() -> None:
    assert [route.path for route in ROUTES if not route.about] == []


def test_the_pages_are_written_into_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "reference")]) == 0
    written = {path.name: path.read_text("utf-8") for path in (tmp_path / "reference").iterdir()}
    assert written == pages()
    assert main([]) == 2
    assert "usage" in capsys.readouterr().err
