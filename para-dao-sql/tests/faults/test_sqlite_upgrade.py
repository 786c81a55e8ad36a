"""A SQLite file of an earlier format: saved as it was, then changed, or not touched at all."""

# ruff: noqa: ASYNC240 (nothing else waits for the event loop here)

from __future__ import annotations

import asyncio
import resource
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from stat import S_IMODE

import pytest

from para_core.contracts.dao import Change
from para_core.errors import ConfigError
from para_core.testing.dao import a_record
from para_dao_sql.sqlite import SqliteDAO, upgrade
from para_dao_sql.sqlite.upgrade import FORMAT

OPEN = """
import asyncio, sys, logging
from pathlib import Path
from para_dao_sql.sqlite import SqliteDAO
from para_core.errors import ParaError

async def main():
    dao = SqliteDAO(Path(sys.argv[1]))
    dao.share("one server")
    async with dao:
        print(await dao.apps())

logging.basicConfig(level=logging.INFO)
asyncio.run(main())
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of the first format, whose newest writes are in its log."""
    file = tmp_path / "data" / "para.db"
    asyncio.run(_fill(file))
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA user_version = 1")
    connection.close()
    return file


async def _fill(file: Path) -> None:
    async with SqliteDAO(file) as dao:
        await dao.create_table("shared", shared=True)
        await dao.create_all("shared", [a_record(f"s{n}") for n in range(20)])
        await dao.create_all("app", [a_record(f"id{n}", text="x" * 500) for n in range(300)])


def saved(file: Path) -> Path:
    return file.with_name("para.db.format-1")


def format_of(file: Path) -> int:
    connection = sqlite3.connect(file)
    (number,) = connection.execute("PRAGMA user_version").fetchone()
    connection.close()
    return int(number)


async def test_what_the_start_would_change_is_told_and_not_changed(file: Path) -> None:
    other = file.with_name("other.db")
    assert await SqliteDAO(other).what_opening_changes() == "makes the tables"
    assert not other.exists()
    told = await SqliteDAO(file).what_opening_changes()
    assert told == f"changes the tables from format 1 to {FORMAT}"
    assert format_of(file) == 1


async def test_an_older_file_is_saved_and_brought_up_to_date(file: Path) -> None:
    async with SqliteDAO(file) as dao:
        assert len(await dao.read_page("app", limit=1000)) == 300
        await dao.delete("app", "id0")
    assert (format_of(file), format_of(saved(file))) == (FORMAT, 1)
    assert S_IMODE(saved(file).stat().st_mode) == 0o600
    assert sorted(path.name for path in file.parent.glob("*.format-*")) == ["para.db.format-1"]


async def test_what_was_saved_can_take_the_place_of_the_file(file: Path) -> None:
    async with SqliteDAO(file) as dao:
        changes = await dao.changes("app", 0)
        await dao.delete_table("app")
    saved(file).replace(file)
    assert format_of(file) == 1
    async with SqliteDAO(file) as dao:
        assert await dao.changes("app", 0) == changes
        assert len(await dao.read_page("shared")) == 20


async def test_a_file_of_the_present_format_is_not_saved(tmp_path: Path) -> None:
    file = tmp_path / "para.db"
    for _ in range(2):
        async with SqliteDAO(file) as dao:
            await dao.create("app", a_record("cat1"))
    assert format_of(file) == FORMAT
    assert not saved(file).exists()


async def test_steps_are_taken_in_their_order(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = {2: "CREATE TABLE objects_new (a);", 3: "INSERT INTO objects_new VALUES (3);"}
    monkeypatch.setattr(upgrade, "FORMAT", 3)
    monkeypatch.setattr(upgrade, "STEPS", steps)
    monkeypatch.setattr("para_dao_sql.sqlite.file.FORMAT", 3)
    async with SqliteDAO(file):
        pass
    connection = sqlite3.connect(file)
    assert connection.execute("SELECT a FROM objects_new").fetchall() == [(3,)]
    connection.close()
    assert format_of(file) == 3


async def test_a_step_that_fails_changes_nothing(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upgrade, "STEPS", {2: "DROP TABLE objects_shared; NO SQL;"})
    with pytest.raises(ConfigError, match="syntax error"):
        await SqliteDAO(file).open()
    assert format_of(file) == 1
    monkeypatch.undo()
    async with SqliteDAO(file) as dao:
        assert len(await dao.read_page("shared")) == 20


async def test_without_room_to_save_it_nothing_is_changed(file: Path) -> None:
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, usual[1]))
    try:
        with pytest.raises(ConfigError, match=r"could not be saved .* make room"):
            await SqliteDAO(file).open()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert format_of(file) == 1
    assert not list(file.parent.glob("*.format-*"))
    async with SqliteDAO(file) as dao:
        assert len(await dao.read_page("app", limit=1000)) == 300


async def test_a_damaged_file_is_not_changed(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.seek(30_000)
        opened.write(b"\xff" * 60_000)
    before = file.read_bytes()
    with pytest.raises(ConfigError, match="could not be saved"):
        await SqliteDAO(file).open()
    assert file.read_bytes() == before


def test_processes_that_open_it_together_save_it_once(file: Path) -> None:
    command = [sys.executable, "-c", OPEN, str(file)]
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603
        for _ in range(3)
    ]
    said = [process.communicate(timeout=60) for process in running]
    assert [out for out, _ in said] == ["['shared', 'app']\n"] * 3
    assert sum("has format" in err for _, err in said) == 1
    assert format_of(file) == FORMAT


@pytest.mark.parametrize("after_sec", [0.15, 0.2, 0.25, 0.3, 0.4])
def test_killed_during_an_upgrade_it_is_of_one_format_or_the_other(
    file: Path, after_sec: float
) -> None:
    command = [sys.executable, "-c", OPEN, str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:  # noqa: S603
        time.sleep(after_sec)
        process.kill()
    if format_of(file) == FORMAT:
        assert format_of(saved(file)) == 1
    else:
        assert format_of(file) == 1
    asyncio.run(_is_whole(file))


async def _is_whole(file: Path) -> None:
    async with SqliteDAO(file) as dao:
        assert len(await dao.read_page("app", limit=1000)) == 300
        assert [type(change) for change in await dao.changes("app", 0)] == [Change]
    assert format_of(saved(file)) == 1


async def test_an_older_file_can_be_read_beside_its_server(file: Path) -> None:
    beside = SqliteDAO(file)
    await beside.open_beside()
    async with beside.snapshot() as seen:
        assert len(await seen.read_page("app", limit=1000)) == 300
    assert format_of(file) == 1
