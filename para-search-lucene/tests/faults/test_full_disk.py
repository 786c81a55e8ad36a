"""A full file system: writes are refused, searches go on, and room makes it whole again."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from para_core.errors import StorageFullError
from para_core.query.tree import All
from para_core.testing.cancelling import until
from para_core.testing.search import a_record
from para_core.testing.small_disks import a_small_disk
from para_search_lucene.appindex import AppIndex
from para_search_lucene.search import LuceneSearch
from para_search_lucene.settings import LuceneSettings


@pytest.fixture
def small_file_system(tmp_path: Path) -> Iterator[Path]:
    """A file system of three megabytes."""
    with a_small_disk(tmp_path / "small", 3) as disk:
        yield disk.folder


async def test_a_full_file_system_refuses_writes_until_there_is_room(
    small_file_system: Path,
) -> None:
    filler = small_file_system / "filler"
    async with LuceneSearch(LuceneSettings(dir=str(small_file_system))) as search:
        await search.index("app", [a_record("first")], [], 1)
        fill_up(filler)
        with pytest.raises(StorageFullError, match="no space for the index of app 'app'"):
            await search.index("app", [a_record("second", text="red fox")], [], 2)
        with pytest.raises(StorageFullError):
            await search.index("new", [a_record("third")], [], 2)
        assert await search.position("app") == 1
        assert (await search.find("app", All())).keys == ["first"]
        filler.unlink()
        await search.index("app", [a_record("second", text="red fox")], [], 2)
        await search.index("new", [a_record("third")], [], 2)
        assert await search.count("app", All()) == 2
    async with LuceneSearch(LuceneSettings(dir=str(small_file_system))) as search:
        assert await search.position("app") == 2
        assert await search.count("app", All()) == 2


async def test_the_reason_is_told_though_the_engine_gave_up_before(small_file_system: Path) -> None:
    """Its thread may fail while documents are still handed over, and says why only when asked."""
    async with LuceneSearch(LuceneSettings(dir=str(small_file_system))) as search:
        await search.index("app", [a_record("first")], [], 1)
        app = search._opened().get("app")
        assert app is not None
        fill_up(small_file_system / "filler")
        app.add([a_record("second", text="red fox")])
        await until(lambda: has_ended(app))
        with pytest.raises(StorageFullError, match="No space left"):
            app.commit(2)
        with pytest.raises(StorageFullError, match="No space left"):
            await refused_by_an_ended_writer(app)


def has_ended(app: AppIndex) -> bool:
    assert app._writer is not None
    try:
        app._writer.add_json('{"id":"third"}')
    except ValueError:
        return True
    return False


async def refused_by_an_ended_writer(app: AppIndex) -> None:
    app.add([a_record("second", text="red fox")])
    await until(lambda: has_ended(app))
    app.add([a_record("fourth")])


def fill_up(file: Path) -> None:
    with contextlib.suppress(OSError), file.open("wb", buffering=0) as out:
        while True:
            out.write(b"x" * 4096)
