"""``para-server backup``, ``restore`` and ``move`` on SQLite files."""

from __future__ import annotations

import asyncio
import importlib.util
import os
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from para_core.config import load_config
from para_core.contracts.dao import DAO
from para_core.objects import Sysprop
from para_core.objects.codec import record_of
from para_server.cli import main

from ..copies.samples import contents, fill  # noqa: TID252 - tests have no absolute names

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("para_dao_sql") is None, reason="needs para-dao-sql"
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with two configurations, and a database for one of them."""
    for name in list(os.environ):
        if name.lower().startswith("para_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    for name in ("old", "new"):
        (tmp_path / f"{name}.conf").write_text(f'para.db.dir = "{name}"\n')
    asyncio.run(_with(tmp_path / "old", fill))
    (tmp_path / "old" / "files" / "app").mkdir(parents=True)
    (tmp_path / "old" / "files" / "app" / "a.png").write_bytes(b"a picture")
    return tmp_path


def database(folder: Path) -> DAO:
    from para_dao_sql.plugin import open_sql_dao

    return open_sql_dao(load_config(overrides={"para.db.dir": str(folder)}, environ={}))


async def _with(folder: Path, use: Any) -> Any:  # noqa: ANN401 - whatever is asked
    async with database(folder) as dao:
        return await use(dao)


def held(folder: Path) -> dict[str, dict[str, tuple[str, bytes]]]:
    found: dict[str, dict[str, tuple[str, bytes]]] = asyncio.run(_with(folder, contents))
    return found


async def while_in_use(folder: Path, *arguments: str) -> int:
    """Run a command while another has the database."""
    async with database(folder):
        return await asyncio.to_thread(main, arguments)


def said(capsys: pytest.CaptureFixture[str]) -> str:
    out, err = capsys.readouterr()
    return out + err


def test_a_backup_is_made_beside_a_server_and_put_back(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "old" / "para-root-keys.conf").write_text("the keys")
    assert asyncio.run(while_in_use(folder / "old", "--config", "old.conf", "backup", "b")) == 0
    assert "b holds 4 apps, 1,350 objects and 1 file" in said(capsys)
    assert main(["--config", "new.conf", "restore", "b"]) == 0
    assert "restored 4 apps, 1,350 objects and 1 file" in said(capsys)
    assert held(folder / "new") == held(folder / "old")
    assert (folder / "new" / "files" / "app" / "a.png").read_bytes() == b"a picture"
    assert (folder / "new" / "para-root-keys.conf").read_text() == "the keys"


def test_backups_in_a_folder_are_named_by_the_time(folder: Path) -> None:
    (folder / "backups").mkdir()
    assert main(["--config", "old.conf", "backup", "backups"]) == 0
    (made,) = (folder / "backups").iterdir()
    assert made.name.startswith("para_20")
    assert made.suffix == ".backup"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--config", "new.conf", "backup", "b"], "there is no database"),
        (["--config", "old.conf", "backup", "nowhere/b"], "No such file or directory"),
        (["--config", "old.conf", "restore", "old.conf"], "no backup"),
        (["move", "--from", "old.conf", "--to", "old.conf"], "name the same database"),
        (["move", "--from", "new.conf", "--to", "old.conf"], "there is no database"),
    ],
    ids=["no database", "no folder", "no backup", "same", "empty source"],
)
def test_what_cannot_be_done_is_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], reason: str
) -> None:
    before = held(folder / "old")
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert reason in err
    assert held(folder / "old") == before


def test_a_restore_waits_for_the_server_to_stop(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--config", "old.conf", "backup", "b"]) == 0
    restore = while_in_use(folder / "old", "--config", "old.conf", "restore", "b", "--replace")
    assert asyncio.run(restore) == 2
    assert "is in use by process" in said(capsys)


def test_apps_move_beside_a_server_and_again_what_changed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["move", "--from", "old.conf", "--to", "new.conf"]
    assert asyncio.run(while_in_use(folder / "old", *command)) == 0
    lines = said(capsys)
    assert "4 apps with 1,350 objects are equal in both databases; 1,350 were written" in lines
    assert "files do not move" in lines
    assert held(folder / "new") == held(folder / "old")
    asyncio.run(_with(folder / "old", _change))
    assert main(command) == 0
    assert "1,351 objects are equal in both databases; 1 were written" in said(capsys)
    assert held(folder / "new") == held(folder / "old")


def test_databases_of_two_kinds_are_two_whatever_folder_both_are_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "new.conf").write_text('para.dao = "MemoryDAO"\npara.db.dir = "old"\n')
    assert main(["move", "--from", "old.conf", "--to", "new.conf"]) == 0
    assert "1,350 objects are equal in both databases" in said(capsys)


@pytest.mark.parametrize(
    "same",
    ['para.dao = "SqlDAO"\npara.sql.url = "sqlite:old/para.db"\n', 'para.db.dir = "link"\n'],
    ids=["by its address", "by a link"],
)
def test_one_database_is_one_however_it_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str], same: str
) -> None:
    (folder / "link").symlink_to("old")
    (folder / "new.conf").write_text(same)
    before = held(folder / "old")
    assert main(["move", "--from", "old.conf", "--to", "new.conf", "--replace"]) == 2
    assert "both configurations name the same database" in said(capsys)
    assert held(folder / "old") == before


def _change(dao: DAO) -> Coroutine[Any, Any, int]:
    return dao.create("para", record_of(Sysprop(id="later", type="film")))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize(
    "arguments",
    [
        ["--config", "old.conf", "backup", "b"],
        ["--config", "old.conf", "restore", "b"],
        ["move", "--from", "old.conf", "--to", "new.conf"],
        ["move", "--from", "new.conf", "--to", "old.conf"],
    ],
    ids=["backup", "restore", "move from", "move to"],
)
def test_the_database_of_another_user_is_left_to_its_owner(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    os.chown(folder / "old" / "para.db", 12_345, -1)
    before = sorted(path.name for path in (folder / "old").iterdir())
    assert main(arguments) == 2
    assert "old/para.db belongs to 12345; run `sudo -u 12345 para-server" in said(capsys)
    assert sorted(path.name for path in (folder / "old").iterdir()) == before


def test_the_root_app_has_to_keep_its_name(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "new.conf").write_text('para.db.dir = "new"\npara.app_name = "Other"\n')
    assert main(["move", "--from", "old.conf", "--to", "new.conf"]) == 2
    assert "names the root app 'para' in one configuration and 'other'" in said(capsys)
