"""The page about writing a DAO: its files are built, dropped into ``lib/`` and pass the suite."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .written import PAGES, files_of, run, write_down

PAGE = PAGES / "write-a-dao.md"
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
    return write_down(PAGE, tmp_path_factory.mktemp("para-dao-journal"))


def test_the_page_has_all_files_of_the_project() -> None:
    assert list(files_of(PAGE)) == [
        "pyproject.toml",
        "src/para_dao_journal/dao.py",
        "src/para_dao_journal/plugin.py",
        "tests/test_journal_dao.py",
        "para-application.conf",
    ]


def test_the_test_of_the_page_passes(project: Path) -> None:
    said = run(project, "-m", "pytest", "-q", "tests", path=project / "src")
    assert re.search(r"\b1\d\d passed", said)


def test_the_wheel_in_the_plugin_folder_is_used_and_passes_the_suite(project: Path) -> None:
    run(project, "-m", "hatchling", "build", "-t", "wheel", "-d", "lib")
    wheels = [path.name for path in (project / "lib").iterdir()]
    assert wheels == ["para_dao_journal-1.0.0-py3-none-any.whl"]
    (project / "through_the_host.py").write_text(THROUGH_THE_HOST, encoding="utf-8")
    said = run(project, "-m", "pytest", "-q", "through_the_host.py")
    assert re.search(r"\b1\d\d passed", said)
