"""Plugins that a page writes down: their files, and Python that runs among them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import para_core

__all__ = ["PAGES", "files_of", "run", "write_down"]

PAGES = Path(__file__).parents[3] / "docs" / "how-to"
_SOURCES = Path(para_core.__file__).parents[1]
_BLOCK = re.compile(r"```(?:python|toml|hocon)\n# (\S+)\n(.*?)```", re.DOTALL)


def files_of(page: Path) -> dict[str, str]:
    """Return the files of a page by name, in their order."""
    return dict(_BLOCK.findall(page.read_text(encoding="utf-8")))


def write_down(page: Path, folder: Path) -> Path:
    """Write the files of a page into a folder, and make the package that they are."""
    for name, text in files_of(page).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    for package in (folder / "src").iterdir():
        (package / "__init__.py").touch()
    return folder


def run(project: Path, *arguments: str, path: Path | None = None) -> str:
    """Run Python in the project; return what it printed, or fail with it."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(str(part) for part in (_SOURCES, path) if part),
        "PARA_PLUGIN_CACHE_FOLDER": str(project / "lib-cache"),
    }
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-W", "error", *arguments],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
