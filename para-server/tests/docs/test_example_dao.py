"""The DAO of ``docs/examples``: a plugin as somebody else writes it, from the page alone."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from paraclient import ParaClient, ParaObject

import para_core
from para_core.contracts.dao import DAO
from para_core.contracts.snapshot import Snapshot

from .pages import DOCS
from .server import running, said_by

EXAMPLE = DOCS / "examples" / "para-dao-folder"
PAGE = (DOCS / "how-to" / "write-a-dao.md").read_text(encoding="utf-8")
SECRET = "a secret for this example, 0123456789"  # noqa: S105 - of this test


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the example, without what tools left in it."""
    folder = tmp_path_factory.mktemp("example") / "para-dao-folder"
    return Path(
        shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    )


def python(project: Path, *arguments: str) -> str:
    """Run Python in the project; return what it printed, or fail with it."""
    sources = Path(para_core.__file__).parents[1], project / "src"
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-W", "error", "-m", *arguments],
        cwd=project,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, sources))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_passes_the_whole_suite(project: Path) -> None:
    said = python(project, "pytest", "-q", "-rs", "-p", "no:cacheprovider", "tests")
    assert re.search(r"\b1\d\d passed", said)
    assert "skipped" not in said


def test_it_uses_only_what_the_page_tells(project: Path) -> None:
    trees = [ast.parse(file.read_text("utf-8")) for file in sorted(project.rglob("*.py"))]
    imports = [
        (node.module, alias.name)
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("para_core")
        for alias in node.names
    ]
    assert imports
    untold = {f"{module}.{name}" for module, name in imports if not _is_told(f"{module}", name)}
    assert untold == set()


def _is_told(module: str, name: str) -> bool:
    return module in PAGE and re.search(rf"\b{name}\b", PAGE) is not None


@pytest.mark.parametrize("contract", [DAO, Snapshot], ids=["DAO", "Snapshot"])
def test_the_page_tells_of_every_method(contract: type) -> None:
    methods = {name.removesuffix("_all") for name in vars(contract) if not name.startswith("_")}
    assert len(methods) > 5
    assert [name for name in methods if not re.search(rf"`{name}\b", PAGE)] == []


def test_a_server_keeps_its_objects_in_the_wheel_of_its_lib(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python(project, "hatchling", "build", "-t", "wheel", "-d", "lib")
    shutil.rmtree(project / "src")
    monkeypatch.chdir(project)
    settings = f'para.dao = "FolderDAO"\npara.root_secret_override = "{SECRET}"\n'
    (project / "application.conf").write_text(settings, encoding="utf-8")
    assert re.search(
        r"^para-dao-folder +1\.0\.0 .*lib", said_by(project, ["plugins"]), re.MULTILINE
    )
    assert "para.folder.dir" in said_by(project, ["config"])
    with running(project) as port:
        root = client(port)
        boat = ParaObject("b1", "boat")
        boat.name, boat.sails = "Tern", 3
        root.create(boat)
        assert [found.id for found in root.findQuery("boat", "properties.sails:3")] == ["b1"]
        said_by(project, ["backup", "copy.zip"])
    assert list((project / "data" / "apps").glob("*.log"))
    with running(project) as port:
        assert client(port).read("boat", "b1").name == "Tern"
    shutil.rmtree(project / "data")
    said_by(project, ["restore", "copy.zip"])
    with running(project) as port:
        assert client(port).read("boat", "b1").sails == 3


def client(port: int) -> ParaClient:
    made = ParaClient("app:para", SECRET)
    made.setEndpoint(f"http://localhost:{port}")
    return made
