"""The pages about backups and moves: their commands do what they say."""

from __future__ import annotations

import asyncio
import http.client
import os
import re
import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from para_core.testing.signing import Draft, sign, stamp_at

from ..e2e.backends import POSTGRESQL, SQLITE, a_schema  # noqa: TID252 - tests have no absolute names
from .commands import commands_of, files_of
from .pages import DOCS
from .running_pages import check_steps
from .server import running, said_by

pytest.importorskip("para_dao_sql")
pytest.importorskip("para_search_lucene")

UPGRADE, ORIGINAL = DOCS / "how-to/upgrade.md", DOCS / "how-to/move-from-the-original.md"
EXPORTED = Path(__file__).parents[1] / "e2e" / "data" / "export-of-the-original-1.54.zip"
OPERATE = DOCS / "how-to/operate-a-server.md"
BACKUP, MOVE = DOCS / "how-to/back-up-and-restore.md", DOCS / "how-to/move-to-another-database.md"
SECRET = "a secret for this example, 0123456789"  # noqa: S105 - of the page
OWN = ("--set", f"para.root_secret_override={SECRET}")


def ask(port: int, method: str, path: str, body: object = None) -> tuple[int, dict[str, object]]:
    """Ask a server as its root app."""
    data = b"" if body is None else msgspec.json.encode(body)
    host = f"127.0.0.1:{port}"
    draft = Draft(
        method, path, (), data, host, stamp_at(time.time()), key="app:para", secret=SECRET
    )
    connection = http.client.HTTPConnection(host, timeout=30)
    connection.request(method, path, data or None, sign(draft))
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, msgspec.json.decode(text) if text else {}


def put(port: int, *keys: str) -> None:
    for key in keys:
        assert ask(port, "PUT", f"/v1/note/{key}", {"name": f"Note {key}"})[0] == 200


def notes(port: int) -> list[str]:
    """Return the names that a search finds."""
    found = ask(port, "GET", "/v1/note")[1]["items"]
    assert isinstance(found, list)
    return sorted(note["name"] for note in found)


def test_an_archive_is_made_and_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with running(tmp_path, *OWN) as port:
        assert check_steps(BACKUP, port) == 2


def test_a_server_is_backed_up_while_it_runs_and_put_back(tmp_path: Path) -> None:
    backup, restore = commands_of(BACKUP)
    (tmp_path / "backups").mkdir()
    with running(tmp_path, *OWN) as port:
        put(port, "one", "two")
        assert re.search(r"holds 1 app, \d objects and 0 files", said_by(tmp_path, backup))
        put(port, "three")
        ask(port, "DELETE", "/v1/note/one")
    assert "restored 1 app" in said_by(tmp_path, restore)
    with running(tmp_path, *OWN) as port:
        assert notes(port) == ["Note one", "Note two"]


@pytest.fixture(params=[SQLITE, pytest.param(POSTGRESQL, marks=pytest.mark.service("postgresql"))])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address that takes the place of the one on the page."""
    if request.param == SQLITE:
        yield f"sqlite:{tmp_path}/new/para.db"
        return
    schema = a_schema()
    with asyncio.Runner() as runner:
        yield runner.run(schema.__aenter__())
        runner.run(schema.__aexit__(None, None, None))


def test_apps_move_while_the_server_runs(tmp_path: Path, target: str) -> None:
    for name, text in files_of(MOVE).items():
        url = re.sub(r'url = ".*"', f'url = "{target}"', text)
        (tmp_path / name).write_text(url.replace('"para"', '""') if "url" in text else text)
    first, last, start = commands_of(MOVE)
    assert (start, first) == (["--config", "new.conf", "run"], last)
    with running(tmp_path, "--config", "old.conf", *OWN) as port:
        put(port, "one", "two")
        said = said_by(tmp_path, first)
        assert re.search(r"1 app with \d objects are equal in both databases; \d were wr", said)
        put(port, "three")
        ask(port, "DELETE", "/v1/note/one")
    assert "; 1 were written and 1 deleted now" in said_by(tmp_path, last)
    with running(tmp_path, *start[:-1], *OWN) as port:
        assert notes(port) == ["Note three", "Note two"]


def test_an_app_of_the_original_is_brought_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(EXPORTED, tmp_path / "library.zip")
    with running(tmp_path, *OWN) as port:
        assert check_steps(ORIGINAL, port) == 2


def test_a_server_is_upgraded(tmp_path: Path) -> None:
    backup, doctor, start = commands_of(UPGRADE)
    with running(tmp_path, *OWN) as port:
        put(port, "one")
        assert "it was read back and is whole" in said_by(tmp_path, backup)
    connection = sqlite3.connect(tmp_path / "data" / "para.db")
    connection.execute("PRAGMA user_version = 1")
    connection.close()
    assert "put right" in said_by(tmp_path, [*doctor, *OWN])
    assert start == ["run"]
    with running(tmp_path, *OWN) as port:
        assert notes(port) == ["Note one"]
    assert (tmp_path / "data" / "para.db.format-1").is_file()
    restore = re.findall(r"`para-server (restore .*?)`", UPGRADE.read_text())[0].split()
    assert "restored 1 app" in said_by(tmp_path, restore)
    with running(tmp_path, *OWN) as port:
        assert notes(port) == ["Note one"]


def test_a_backup_of_the_night_is_rehearsed(tmp_path: Path) -> None:
    backup, restore, doctor = commands_of(OPERATE)
    with running(tmp_path, *OWN) as port:
        put(port, "one")
    (tmp_path / "backups").mkdir()
    assert "is whole" in said_by(tmp_path, backup)
    (made,) = (tmp_path / "backups").iterdir()
    made.rename(tmp_path / restore[-1])
    with running(tmp_path, *OWN) as port:  # the server of every day goes on meanwhile
        assert "restored 1 app" in said_by(tmp_path, restore)
        told = said_by(tmp_path, [*doctor, "--set", f"para.port={port}"])
        assert "the root app 'para' is there" in told
        assert "the server that runs has another database" in told


def test_the_page_about_moves_names_both_files() -> None:
    assert list(files_of(MOVE)) == ["old.conf", "new.conf"]
    assert os.environ.get("DATABASE_PASSWORD") is None
