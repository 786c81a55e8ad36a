"""Snapshots of a SQLite file, taken beside the process that has it."""

# ruff: noqa: ASYNC240 (nothing else waits for the event loop here)

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from para_core.contracts.dao import Put, Write
from para_core.errors import BackendError, ConfigError, UnavailableError
from para_core.testing.cancelling import Held, cancel_during, until
from para_core.testing.dao import a_record
from para_dao_sql.sqlite import SqliteDAO, snapshot
from para_dao_sql.sqlite.upgrade import FORMAT


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "para.db"


async def test_a_file_in_use_can_be_read_beside(file: Path) -> None:
    async with SqliteDAO(file) as dao:
        await dao.create("app", a_record("cat1"))
        beside = SqliteDAO(file)
        await beside.open_beside()
        async with beside.snapshot() as seen:
            await dao.create_all("app", [a_record("cat1", text="new"), a_record("cat2")])
            assert [record.id for record in await seen.read_page("app")] == ["cat1"]
        async with beside.snapshot() as seen:
            assert [record.id for record in await seen.read_page("app")] == ["cat1", "cat2"]
        await beside.close()
        with pytest.raises(UnavailableError, match="not open"):
            beside.snapshot()
        assert await dao.create("app", a_record("cat3"))


async def test_beside_nothing_else_can_be_asked(file: Path) -> None:
    async with SqliteDAO(file):
        beside = SqliteDAO(file)
        await beside.open_beside()
        with pytest.raises(UnavailableError):
            await beside.create("app", a_record("cat1"))
        with pytest.raises(UnavailableError):
            await beside.read("app", "cat1")


async def test_a_file_that_nobody_has_is_not_taken(file: Path) -> None:
    async with SqliteDAO(file) as dao:
        await dao.create("app", a_record("cat1"))
    beside = SqliteDAO(file)
    await beside.open_beside()
    async with beside.snapshot() as seen, SqliteDAO(file) as dao:
        await dao.delete("app", "cat1")
        assert len(await seen.read_page("app")) == 1


async def test_a_snapshot_of_nothing_makes_nothing(file: Path) -> None:
    with pytest.raises(ConfigError, match="there is no database"):
        await SqliteDAO(file).open_beside()
    assert not file.parent.exists()
    file.parent.mkdir()
    file.touch()
    with pytest.raises(ConfigError, match="start the server once"):
        await SqliteDAO(file).open_beside()
    assert file.read_bytes() == b""


async def test_a_newer_file_is_not_read(file: Path) -> None:
    async with SqliteDAO(file):
        pass
    connection = sqlite3.connect(file)
    connection.execute(f"PRAGMA user_version = {FORMAT + 1}")
    connection.close()
    with pytest.raises(ConfigError, match=f"has format {FORMAT + 1}"):
        await SqliteDAO(file).open_beside()


async def test_damage_in_a_snapshot_is_an_error_and_not_the_end(file: Path) -> None:
    async with SqliteDAO(file) as dao:
        puts = [Put(a_record(f"id{n:03}", text="x" * 3000)) for n in range(400)]
        await dao.write("app", Write("createAll", puts))
    size = file.stat().st_size
    with file.open("r+b") as opened:
        opened.seek(size // 3)
        opened.write(b"\xff" * (size // 3))
    beside = SqliteDAO(file)
    await beside.open_beside()
    async with beside.snapshot() as seen:
        with pytest.raises(BackendError, match="damaged"):
            await seen.read_page("app", limit=1000)


async def test_the_log_of_writes_shrinks_when_the_snapshot_is_let_go(file: Path) -> None:
    log = file.with_name("para.db-wal")
    async with SqliteDAO(file) as dao:

        async def write(name: str) -> None:
            for part in range(20):
                records = [a_record(f"{name}{part}-{n}", text="x" * 4000) for n in range(50)]
                await dao.create_all("app", records)

        async with dao.snapshot():
            await write("a")
        grown = log.stat().st_size
        for turn in range(3):
            await write(f"b{turn}")
            await asyncio.sleep(0)
        assert log.stat().st_size < 2 * grown


async def test_a_snapshot_that_was_cancelled_as_it_began_is_let_go(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its connection would hold the moment fast, and the log of writes would grow."""
    async with SqliteDAO(file) as dao:
        held = Held(snapshot._begin)
        monkeypatch.setattr(snapshot, "_begin", held)
        await cancel_during(dao.snapshot().__aenter__(), held)
        held.may_return.set()
        [(connection, _)] = held.results
        await until(lambda: is_closed(connection))
        assert await dao.apps() == []


async def test_a_file_is_free_when_its_opening_was_cancelled(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(SqliteDAO._prepare)
    monkeypatch.setattr(SqliteDAO, "_prepare", lambda dao: held(dao))  # noqa: PLW0108
    await cancel_during(SqliteDAO(file).open(), held)
    held.may_return.set()
    [parts] = held.results
    await until(lambda: parts.holder.closed)
    assert all(map(is_closed, (parts.writing, parts.near, parts.reading)))
    monkeypatch.undo()
    async with SqliteDAO(file) as dao:
        assert await dao.create("app", a_record("cat1"))


def is_closed(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("SELECT 1")
    except sqlite3.ProgrammingError:
        return True
    return False
