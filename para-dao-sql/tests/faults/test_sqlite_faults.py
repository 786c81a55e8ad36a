"""SQLite: what happens when the file, the disk or another program gets in the way."""

# ruff: noqa: ASYNC240 (nothing else waits for the event loop here)
from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from stat import S_IMODE

import pytest

from para_core.contracts.dao import Put, Record, Write
from para_core.errors import BackendError, ConfigError, StorageFullError, UnavailableError
from para_core.testing.small_disks import SmallDisk, a_small_disk
from para_dao_sql.sqlite import SqliteDAO
from para_dao_sql.sqlite.upgrade import FORMAT

NOBODY = 65534
OPEN_AND_READ = """
import asyncio, sys
from pathlib import Path
from para_dao_sql.sqlite import SqliteDAO
from para_core.errors import ParaError

async def main():
    async with SqliteDAO(Path(sys.argv[1])) as dao:
        print(await dao.apps())

try:
    asyncio.run(main())
except ParaError as error:
    print(f"{type(error).__name__}: {error}")
"""


def a_record(key: str, size: int = 10) -> Record:
    return Record(key, "cat", b'"' + b"x" * size + b'"')


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "para.db"


@pytest.fixture
async def dao(file: Path) -> AsyncIterator[SqliteDAO]:
    async with SqliteDAO(file, timeout_ms=5000) as dao:
        yield dao


async def opening(file: Path) -> str:
    """Return the one line that refuses a file, for a start."""
    with pytest.raises(ConfigError) as caught:
        await SqliteDAO(file, timeout_ms=200).open()
    assert "\n" not in str(caught.value)
    assert str(file) in str(caught.value)
    return str(caught.value)


def in_another_process(file: Path, user: int | None = None) -> str:
    """Return what another process says when it opens the file."""
    return subprocess.run(  # noqa: S603
        [sys.executable, "-c", OPEN_AND_READ, str(file)],
        capture_output=True,
        text=True,
        check=True,
        user=user,
    ).stdout


async def store(file: Path, count: int = 5, size: int = 10) -> None:
    async with SqliteDAO(file) as dao:
        await dao.create_all("app", [a_record(f"id{number}", size) for number in range(count)])


# ---- the file and its owner -----------------------------------------------------------------


async def test_only_the_owner_can_read_what_is_stored(dao: SqliteDAO, file: Path) -> None:
    await dao.create("app", a_record("cat1"))
    assert S_IMODE(file.parent.stat().st_mode) == 0o700
    modes = {S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()}
    assert modes == {0o600}


async def test_a_second_process_is_told_who_has_the_file(dao: SqliteDAO, file: Path) -> None:
    await dao.create("app", a_record("cat1"))
    said = in_another_process(file)
    assert said.startswith(f"ConfigError: {file} is in use by process {os.getpid()}")
    assert "para.db.dir" in said
    assert await dao.read("app", "cat1") is not None


async def test_a_second_opening_in_this_process_is_refused_too(dao: SqliteDAO, file: Path) -> None:
    assert "is in use by process" in await opening(file)
    await dao.close()
    assert in_another_process(file) == "[]\n"


async def test_a_file_whose_holder_was_killed_can_be_opened(file: Path) -> None:
    await store(file)
    file.with_name("para.db.lock").write_text("process 1 (para-server)\n")
    assert in_another_process(file) == "['app']\n"


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    message = await opening(tmp_path / "data" / "para.db")
    assert message.startswith("cannot write")
    assert "para.db.dir" in message


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to become somebody else")
@pytest.mark.usefixtures("python_for_everybody")
async def test_a_folder_of_somebody_else_is_refused(file: Path) -> None:
    await store(file)
    file.parent.chmod(0o755)
    said = in_another_process(file, NOBODY)
    assert said.startswith(f"ConfigError: cannot write {file} (Permission denied)")


@pytest.fixture
def python_for_everybody(tmp_path: Path) -> None:
    """Let another user reach the folder of the test; skip where that user cannot run Python."""
    for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        folder.chmod(0o755)
    command = [sys.executable, "-c", "import para_dao_sql.sqlite"]
    try:
        subprocess.run(command, check=True, user=NOBODY, capture_output=True)  # noqa: S603
    except (PermissionError, subprocess.CalledProcessError):
        pytest.skip("another user cannot run this Python")


# ---- formats --------------------------------------------------------------------------------


async def test_a_newer_format_is_refused_and_left_alone(file: Path) -> None:
    await store(file)
    with sqlite3.connect(file) as connection:
        connection.execute(f"PRAGMA user_version = {FORMAT + 1}")
    connection.close()
    before = file.read_bytes()
    message = await opening(file)
    assert f"has format {FORMAT + 1}" in message
    assert "install" in message
    assert file.read_bytes() == before


async def test_the_database_of_another_program_is_refused(file: Path) -> None:
    file.parent.mkdir()
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE para (id TEXT PRIMARY KEY, json TEXT)")
    connection.close()
    assert "another program" in await opening(file)


async def test_a_file_that_is_no_database_is_refused(file: Path) -> None:
    file.parent.mkdir()
    file.write_bytes(b"no database" * 1000)
    assert "damaged or no SQLite database" in await opening(file)


async def test_an_empty_file_is_a_new_database(file: Path) -> None:
    file.parent.mkdir()
    file.touch()
    await store(file)
    assert in_another_process(file) == "['app']\n"


# ---- damage ---------------------------------------------------------------------------------


async def test_a_damaged_start_of_the_file_stops_the_start(file: Path) -> None:
    await store(file)
    with file.open("r+b") as opened:
        opened.seek(100)
        opened.write(b"\xff" * 8000)
    assert "restore it from a backup" in await opening(file)


async def test_damage_inside_is_an_error_and_not_an_absent_object(file: Path) -> None:
    await store(file, count=400, size=3000)
    size = file.stat().st_size
    with file.open("r+b") as opened:
        opened.seek(size // 3)
        opened.write(b"\xff" * (size // 3))
    async with SqliteDAO(file) as dao:
        with pytest.raises(BackendError, match=r"damaged.*PRAGMA integrity_check") as caught:
            await dao.read_page("app", limit=1000)
        assert str(file) in str(caught.value)
        reads = (dao.read("app", f"id{number}") for number in range(400))
        answers = await asyncio.gather(*reads, return_exceptions=True)
        assert None not in answers
        assert {type(answer) for answer in answers} == {Record, BackendError}


# ---- full disk ------------------------------------------------------------------------------


async def fill_and_make_room(dao: SqliteDAO, make_room: Callable[[], object]) -> None:
    """Write until nothing more fits, look around, and go on when there is room again."""
    stored = dict[str, int]()

    async def fill() -> None:
        for number in range(10_000):
            stored[f"id{number}"] = await dao.create("app", a_record(f"id{number}", 4000))

    with pytest.raises(StorageFullError, match="no space left"):
        await fill()
    puts = [Put(a_record(f"batch{number}", 4000)) for number in range(50)]
    with pytest.raises(StorageFullError):
        await dao.write("app", Write("createAll", puts))
    answers = await asyncio.gather(
        *(dao.create("app", a_record(f"more{number}", 4000)) for number in range(40)),
        return_exceptions=True,
    )
    assert all(isinstance(answer, StorageFullError) for answer in answers)
    assert {r.id: r.change for r in await dao.read_page("app", limit=10_000)} == stored
    assert [c.number for c in await dao.changes("app", 0, 10_000)] == list(stored.values())
    assert await dao.read("app", "id0") is not None
    make_room()
    assert await dao.create("app", a_record("after", 4000)) > max(stored.values())
    assert await dao.read("app", "after") is not None


async def test_a_file_that_may_not_grow_refuses_writes_until_it_may(dao: SqliteDAO) -> None:
    assert dao._opened is not None
    limit = dao._opened.writer._connection.execute  # the writer waits for work meanwhile
    limit("PRAGMA max_page_count = 200")
    await fill_and_make_room(dao, lambda: limit("PRAGMA max_page_count = 1000000"))


async def test_a_full_file_system_refuses_writes_until_there_is_room(
    small_disk: SmallDisk,
) -> None:
    async with SqliteDAO(small_disk.folder / "data" / "para.db") as dao:
        await fill_and_make_room(dao, lambda: small_disk.grow(16))
    async with SqliteDAO(small_disk.folder / "data" / "para.db") as dao:
        assert await dao.read("app", "after") is not None


async def test_a_full_file_system_stops_the_start_with_one_line(small_disk: SmallDisk) -> None:
    (small_disk.folder / "ballast").write_bytes(bytes(2**21 - 2**14))
    assert "no space left" in await opening(small_disk.folder / "data" / "para.db")


async def test_a_read_only_file_system_stops_the_start(small_disk: SmallDisk) -> None:
    small_disk.remount("ro")
    message = await opening(small_disk.folder / "data" / "para.db")
    assert "Read-only file system" in message
    assert "para.db.dir" in message


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """Mount a file system of two megabytes."""
    with a_small_disk(tmp_path / "small", 2) as disk:
        yield disk


# ---- large apps -----------------------------------------------------------------------------


def leftovers(file: Path) -> tuple[int, int, int, list[str]]:
    """Return how much of removed apps the file still has: notes, changes, rows, tables."""
    connection = sqlite3.connect(file)
    counts = [
        int(connection.execute(f"SELECT count(*) FROM objects_{name}").fetchone()[0])  # noqa: S608
        for name in ("leftovers", "changes", "shared")
    ]
    query = "SELECT name FROM sqlite_master WHERE name GLOB 'objects_[0-9]*' AND type = 'table'"
    tables = [name for (name,) in connection.execute(query)]
    connection.close()
    return counts[0], counts[1], counts[2], tables


async def test_a_large_app_is_removed_at_once_and_cleared_in_steps(
    dao: SqliteDAO, file: Path
) -> None:
    await dao.create_table("shared", shared=True)
    for appid in ("own", "shared", "kept"):
        for part in range(3):
            await dao.create_all(appid, [a_record(f"{part}-{n}") for n in range(3000)])
    await dao.delete_table("own")
    await dao.delete_table("shared")
    assert await dao.apps() == ["kept"]
    assert await dao.read_page("own") == await dao.read_page("shared") == []
    assert leftovers(file)[0] == 2
    await dao.create("own", a_record("new"))
    while (left := leftovers(file))[0]:  # noqa: ASYNC110 (nobody tells)
        await asyncio.sleep(0.01)
    assert left == (0, 4, 0, ["objects_3_kept", "objects_4_own"])
    assert [record.id for record in await dao.read_page("own")] == ["new"]
    assert len(await dao.read_page("kept", limit=10_000)) == 9000


async def test_clearing_goes_on_at_the_next_opening(file: Path) -> None:
    async with SqliteDAO(file) as dao:
        await dao.create_all("app", [a_record(f"id{n}") for n in range(9000)])
        await dao.delete_table("app")
    assert leftovers(file)[0] == 1
    async with SqliteDAO(file) as dao:
        assert await dao.apps() == []
        while (left := leftovers(file))[0]:  # noqa: ASYNC110 (nobody tells)
            await asyncio.sleep(0.01)
    assert left == (0, 0, 0, [])


# ---- other programs, and time ---------------------------------------------------------------


async def test_a_write_waits_for_another_program_only_so_long(dao: SqliteDAO, file: Path) -> None:
    number = await dao.create("app", a_record("cat1"))
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(UnavailableError, match=r"locked by another program|timeout_ms"):
        await dao.create("app", a_record("cat2"))
    assert await dao.read("app", "cat1") is not None
    other.execute("ROLLBACK")
    other.close()
    assert await dao.create("app", a_record("cat3")) > number
    assert [record.id for record in await dao.read_page("app")] == ["cat1", "cat3"]


async def test_the_log_of_writes_stays_small(file: Path) -> None:
    async with SqliteDAO(file, timeout_ms=60_000) as dao:  # much work for a busy machine
        for start in range(0, 4000, 200):
            await asyncio.gather(
                *(dao.create("app", a_record(f"id{start + n}", 4000)) for n in range(200))
            )
            await dao.read_page("app", limit=10)
        log = file.with_name("para.db-wal")
        assert file.stat().st_size > 2 * log.stat().st_size
        assert log.stat().st_size < 16 << 20


async def test_a_write_that_is_to_blame_fails_alone(dao: SqliteDAO) -> None:
    assert dao._opened is not None
    dao._opened.writer._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 10_000)
    answers = await asyncio.gather(
        *(dao.create("app", a_record(f"id{n}", 20_000 if n == 7 else 10)) for n in range(20)),
        return_exceptions=True,
    )
    failed = [n for n, answer in enumerate(answers) if isinstance(answer, BackendError)]
    assert failed == [7]
    numbers = [answer for answer in answers if isinstance(answer, int)]
    assert [change.number for change in await dao.changes("app", 0)] == numbers
