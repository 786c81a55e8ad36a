"""The folder passes the suite of the DAO contract, and keeps its promises to files."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from para_dao_folder.dao import FolderDAO

from para_core.contracts.dao import DAO, Put, Write
from para_core.errors import BackendError, ConfigError, StorageFullError
from para_core.testing.dao import DAOSuite, a_record


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def dao(tmp_path: Path) -> AsyncIterator[FolderDAO]:
    async with FolderDAO(tmp_path / "apps") as dao:
        yield dao


class TestFolderDAO(DAOSuite):
    pass


def log_of(folder: Path) -> Path:
    (log,) = folder.glob("*.log")
    return log


async def ids(dao: DAO, appid: str = "app") -> list[str]:
    return [record.id for record in await dao.read_page(appid)]


@pytest.mark.parametrize("left", [1, 5, 11, 12, 20])
async def test_a_frame_that_was_not_written_whole_does_not_count(
    dao: FolderDAO, tmp_path: Path, left: int
) -> None:
    await dao.create("app", a_record("cat1"))
    end = log_of(tmp_path / "apps").stat().st_size
    await dao.create("app", a_record("cat2"))
    await dao.close()
    os.truncate(log_of(tmp_path / "apps"), end + left)
    await dao.open()
    assert await ids(dao) == ["cat1"]
    await dao.create("app", a_record("cat3"))
    await dao.close()
    await dao.open()
    assert await ids(dao) == ["cat1", "cat3"]


async def test_damage_in_the_middle_stops_the_start(dao: FolderDAO, tmp_path: Path) -> None:
    await dao.create("app", a_record("cat1"))
    await dao.create("app", a_record("cat2"))
    await dao.close()
    with log_of(tmp_path / "apps").open("r+b") as file:
        file.seek(30)
        file.write(b"\xff\xff")
    with pytest.raises(ConfigError, match=r"para\.folder\.dir .* is damaged at byte 0"):
        await dao.open()


async def test_another_process_is_kept_out(dao: FolderDAO, tmp_path: Path) -> None:
    other = FolderDAO(tmp_path / "apps")
    with pytest.raises(ConfigError, match="used by another process"):
        await other.open()


async def test_a_copy_is_made_beside_the_process_that_writes(
    dao: FolderDAO, tmp_path: Path
) -> None:
    await dao.create_all("app", [a_record("cat1"), a_record("cat2")])
    beside = FolderDAO(tmp_path / "apps")
    await beside.open_beside()
    await dao.delete("app", "cat1")
    async with beside.snapshot() as seen:
        assert [record.id for record in await seen.read_page("app")] == ["cat1", "cat2"]
    await beside.close()
    with pytest.raises(ConfigError, match="is not there"):
        await FolderDAO(tmp_path / "absent").open_beside()


async def test_a_file_is_renewed_and_snapshots_go_on(dao: FolderDAO, tmp_path: Path) -> None:
    text = "x" * 100_000
    await dao.create_all("app", [a_record(f"cat{n}", text=text) for n in range(9)])
    async with dao.snapshot() as seen:
        before = await seen.read_page("app")
        for _ in range(40):
            last = await dao.create("app", a_record("cat0", text=text))
        assert log_of(tmp_path / "apps").stat().st_size < 4_000_000
        assert await seen.read_page("app") == before
    now, feed = await dao.read_page("app"), await dao.changes("app", 0)
    await dao.close()
    await dao.open()
    assert await dao.read_page("app") == now
    assert (await dao.changes("app", 0), await dao.last_change("app")) == (feed, last)


async def test_a_full_disk_stores_nothing(dao: FolderDAO, monkeypatch: pytest.MonkeyPatch) -> None:
    await dao.create("app", a_record("cat1"))

    def no_space(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", no_space)
        with pytest.raises(StorageFullError, match=r"para\.folder\.dir"):
            await dao.create("app", a_record("cat2"))
        patch.setattr(os, "pread", no_space)
        with pytest.raises(BackendError):
            await dao.read("app", "cat1")
    assert await ids(dao) == ["cat1"]
    await dao.create("app", a_record("cat3"))
    await dao.close()
    await dao.open()
    assert await ids(dao) == ["cat1", "cat3"]


async def test_a_write_goes_on_when_nobody_waits_for_it(dao: FolderDAO) -> None:
    write = Write("create", [Put(a_record(f"cat{n}")) for n in range(100)])
    writing = asyncio.create_task(dao.write("app", write))
    await asyncio.sleep(0)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    await dao.create("app", a_record("dog"))
    assert len(await dao.read_page("app", limit=1000)) == 101
    assert len(await dao.changes("app", 0)) == 2
