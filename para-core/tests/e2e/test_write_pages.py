"""The pages about writing other back-ends: their files are built, selected, and pass the suites."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from para_core.contracts import Cache, Queue, Search
from para_core.contracts.component import Component

from .written import PAGES, run, write_down

SELECT = """
from pathlib import Path

from para_core.config import load_config
from para_core.plugins import load_plugins
from para_core.selection import FAMILIES

config = load_config(Path("para-application.conf"))
plugins = load_plugins(config)
(made,) = (plugins.make(family, config) for family in FAMILIES if config.is_set(family.key))
print(type(made).__name__, "lib-cache" in __import__(type(made).__module__).__file__)
"""

KINDS = [
    pytest.param("queue", "SpoolQueue", Queue, id="queue"),
    pytest.param("cache", "PlainCache", Cache, id="cache"),
    pytest.param("search-engine", "NotebookSearch", Search, id="search"),
]


@pytest.fixture
def project(kind: str, tmp_path: Path) -> Path:
    """Write down the files of a page."""
    return write_down(PAGES / f"write-a-{kind}.md", tmp_path)


@pytest.mark.parametrize(("kind", "name", "contract"), KINDS)
def test_the_plugin_of_the_page_passes_the_suite_and_is_selected(
    project: Path, name: str, contract: type[Component]
) -> None:
    said = run(project, "-m", "pytest", "-q", "-rs", "tests", path=project / "src")
    assert re.search(r"\b\d+ passed", said)
    assert "skipped" not in said
    run(project, "-m", "hatchling", "build", "-t", "wheel", "-d", "lib")
    assert run(project, "-c", SELECT).split() == [name, "True"]


@pytest.mark.parametrize(("kind", "name", "contract"), KINDS)
def test_the_page_tells_of_every_method(kind: str, name: str, contract: type[Component]) -> None:
    page = (PAGES / f"write-a-{kind}.md").read_text(encoding="utf-8")
    methods = [method for method in vars(contract) if not method.startswith("_")]
    assert len(methods) > 8
    assert [method for method in methods if not re.search(rf"`{method}\b", page)] == []
