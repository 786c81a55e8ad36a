"""The page about writing a DAO: its files are built, dropped into ``lib/`` and pass the suite."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import para_core

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "write-a-dao.md"
SOURCES = Path(para_core.__file__).parents[1]
BLOCK = re.compile(r"```(?:python|toml|hocon)\n# (\S+)\n(.*?)```", re.DOTALL)
THROUGH_THE_HOST = """
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from para_core.config import Config, load_config
from para_core.contracts.dao import DAO
from para_core.plugins import load_plugins
from para_core.testing.dao import DAOSuite


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


class TestSelectedDAO(DAOSuite):
    @pytest.fixture
    async def dao(self, tmp_path: Path) -> AsyncIterator[DAO]:
        file = {"para.journal.file": str(tmp_path / "para.journal")}
        config = load_config(Path("para-application.conf"), overrides=file)
        async with load_plugins(config).dao(config) as dao:
            assert "lib-cache" in __import__("para_dao_journal").__file__
            yield dao
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write down the files of the page."""
    folder = tmp_path_factory.mktemp("para-dao-journal")
    for name, text in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "src/para_dao_journal/__init__.py").touch()
    return folder


def run(project: Path, *arguments: str, path: Path | None = None) -> str:
    """Run Python in the project; return what it printed, or fail with it."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(str(part) for part in (SOURCES, path) if part),
        "PARA_PLUGIN_CACHE_FOLDER": str(project / "lib-cache"),
    }
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-W", "error", "-m", *arguments],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_page_has_all_files_of_the_project() -> None:
    assert [name for name, _ in BLOCK.findall(PAGE.read_text(encoding="utf-8"))] == [
        "pyproject.toml",
        "src/para_dao_journal/dao.py",
        "src/para_dao_journal/plugin.py",
        "tests/test_journal_dao.py",
        "para-application.conf",
    ]


def test_the_test_of_the_page_passes(project: Path) -> None:
    said = run(project, "pytest", "-q", "tests", path=project / "src")
    assert re.search(r"\b1\d\d passed", said)


def test_the_wheel_in_the_plugin_folder_is_used_and_passes_the_suite(project: Path) -> None:
    run(project, "hatchling", "build", "-t", "wheel", "-d", "lib")
    wheels = [path.name for path in (project / "lib").iterdir()]
    assert wheels == ["para_dao_journal-1.0.0-py3-none-any.whl"]
    (project / "through_the_host.py").write_text(THROUGH_THE_HOST, encoding="utf-8")
    said = run(project, "pytest", "-q", "through_the_host.py")
    assert re.search(r"\b1\d\d passed", said)
