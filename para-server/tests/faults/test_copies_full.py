"""A full disk during a restore and a move: an error that says so, and they go on with room."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from para_core.contracts.dao import DAO
from para_core.errors import StorageFullError
from para_core.memory.dao import MemoryDAO
from para_core.memory.filestore import MemoryFileStore
from para_server.copies.backup import Source, write_backup
from para_server.copies.marker import Mark, Marker
from para_server.copies.move import move
from para_server.copies.restore import Target, restore_backup

from ..unit.copies.samples import contents, fill, put, some_records  # noqa: TID252 - no package

pytest.importorskip("para_dao_sql")

PAGES, MORE = 60, 100_000  # of the database file


@pytest.fixture
async def source() -> AsyncIterator[DAO]:
    async with MemoryDAO() as dao:
        await fill(dao)
        await put(dao, "large", *some_records(900, size=900))
        yield dao


@pytest.fixture
async def small(folder: Path) -> AsyncIterator[DAO]:
    """A database that may not grow."""
    from para_dao_sql.sqlite import SqliteDAO

    async with SqliteDAO(folder / "para.db") as dao:
        _allow(dao, PAGES)
        yield dao


def _allow(dao: DAO, pages: int) -> None:
    writer = dao._opened.writer  # type: ignore[attr-defined]
    writer._connection.execute(f"PRAGMA max_page_count = {pages}")


async def _is_half(dao: DAO) -> bool:
    mark = await Marker(dao).find()
    return mark is not None and not mark.is_finished


async def test_a_restore_on_a_full_disk_goes_on_with_room(
    source: DAO, small: DAO, folder: Path
) -> None:
    files = MemoryFileStore()
    async with source.snapshot() as seen:
        await write_backup(Source(seen, files, folder / "keys", 1), folder / "b")
    target = Target(small, files, folder / "keys")
    with pytest.raises(StorageFullError, match="no space left"):
        await restore_backup(folder / "b", target, replaces=False)
    assert await _is_half(small)
    _allow(small, MORE)
    await restore_backup(folder / "b", target, replaces=False)
    assert await contents(small) == await contents(source)


async def test_a_move_on_a_full_disk_is_run_again_with_room(source: DAO, small: DAO) -> None:
    with pytest.raises(StorageFullError, match="no space left"):
        await move(source, small, Mark("move", "x"), replaces=False)
    assert await _is_half(small)
    _allow(small, MORE)
    await move(source, small, Mark("move", "x"), replaces=False)
    assert await contents(small) == await contents(source)
