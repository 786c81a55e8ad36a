"""The page about ``doctor``: its commands run, and what it says of the output is so."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import types
from pathlib import Path

from para_core.config import Config
from para_core.plugins import load_plugins
from para_server.commands.doctor import examined
from para_server.doctor import CHECKS

from .pages import DOCS, blocks_of
from .server import running

PAGE = DOCS / "how-to" / "check-a-server.md"
REPOSITORY = DOCS.parent
CHECK = "def para_register_checks("
EXAMPLE = 'para.app_secret_key = "0123456789"\n'


def commands() -> list[str]:
    blocks = [block.text for block in blocks_of(PAGE) if block.language == "sh"]
    return [text for text in blocks if text.startswith("para-server")]


def said(command: str, folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    arguments = command.split()[1:]
    environ = {k: v for k, v in os.environ.items() if not k.upper().startswith("PARA_")}
    return subprocess.run(  # noqa: S603
        [sys.executable, "-m", "para_server", *arguments, *more],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_commands_find_what_the_page_shows(tmp_path: Path) -> None:
    (tmp_path / "application.conf").write_text(EXAMPLE)
    (tmp_path / "application.conf").chmod(0o600)
    plain, as_json = (said(command, tmp_path) for command in commands())
    [shown] = [block.text for block in blocks_of(PAGE) if block.language == "text"]
    assert shown in plain.stdout, plain.stdout + plain.stderr
    assert (plain.returncode, as_json.returncode) == (1, 1)
    assert {one["subject"] for one in json.loads(as_json.stdout)} == {c.subject for c in CHECKS}


def rows_of(heading: str) -> list[str]:
    """Return the first cells of the table that begins with this one."""
    (table,) = [part for part in PAGE.read_text().split("\n\n") if part.startswith(f"| {heading} ")]
    return [line.split("|")[1].strip() for line in table.splitlines()[2:]]


def test_the_table_has_every_subject() -> None:
    assert rows_of("subject") == [check.subject for check in CHECKS]


def test_every_plugin_of_ours_with_a_check_is_named() -> None:
    plugins = [
        file for file in REPOSITORY.glob("para-*/src/*/plugin.py") if CHECK in file.read_text()
    ]
    names = {file.relative_to(REPOSITORY).parts[0] for file in plugins} - {"para-server"}
    assert {row.strip("`") for row in rows_of("plugin")} == names


def test_a_server_that_runs_is_asked(tmp_path: Path) -> None:
    (tmp_path / "application.conf").write_text("")
    with running(tmp_path) as port:
        done = said(commands()[1], tmp_path, "--set", f"para.port={port}")
    found = {one["subject"]: one["said"] for one in json.loads(done.stdout)}
    assert found["port"].startswith(f"{port}, where Para for Python")
    assert found["back-ends"] == "in use by the server that runs, which is healthy"


def test_the_plugin_of_the_page_adds_its_check() -> None:
    [text] = [block.text for block in blocks_of(PAGE) if block.language == "python"]
    module = types.ModuleType("tides")
    exec(text, vars(module))  # noqa: S102 - a block of our own page
    config = Config()
    checks = load_plugins(config, embedded=[module]).checks(config)
    found = asyncio.run(examined(checks[-1:], config))
    assert [(subject, finding.said) for subject, finding in found] == [
        ("tides", "tide tables are there")
    ]
