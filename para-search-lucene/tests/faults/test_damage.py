"""Damaged, foreign and half-made indexes: nothing is found, one line says so, a rebuild helps."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest

from para_core.contracts.dao import Record
from para_core.errors import BackendError, ConfigError, UnavailableError
from para_core.query.tree import All, Term
from para_core.testing.search import a_record
from para_search_lucene.search import LuceneSearch
from para_search_lucene.settings import LuceneSettings


def open_search(folder: Path) -> LuceneSearch:
    return LuceneSearch(LuceneSettings(dir=str(folder)))


async def some_records() -> AsyncIterator[Sequence[Record]]:
    yield [a_record(f"k{number}", text="red fox") for number in range(10)]


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    """A folder with the indexes of two apps."""
    async with open_search(tmp_path) as search:
        for appid in ("app", "other"):
            await search.rebuild(appid, some_records(), 7)
    return tmp_path


def index_of(folder: Path) -> Path:
    [found] = [path for path in (folder / "data" / "app-lucene").iterdir() if path.is_dir()]
    return found


def leftovers(folder: Path) -> list[Path]:
    return list(folder.rglob(".tmp*"))


def cut_segment(folder: Path) -> None:
    for file in index_of(folder).iterdir():
        if file.suffix in (".term", ".idx", ".fast", ".store"):
            file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def remove_segment(folder: Path) -> None:
    for file in index_of(folder).glob("*.term"):
        file.unlink()


def cut_meta(folder: Path) -> None:
    meta = index_of(folder) / "meta.json"
    meta.write_bytes(meta.read_bytes()[:50])


def remove_files(folder: Path) -> None:
    shutil.rmtree(index_of(folder))


def break_pointer(folder: Path) -> None:
    (folder / "data" / "app-lucene" / "current.json").write_text("{", encoding="utf-8")


def other_format(folder: Path) -> None:
    pointer = folder / "data" / "app-lucene" / "current.json"
    known = json.loads(pointer.read_text(encoding="utf-8"))
    pointer.write_text(json.dumps({**known, "format": 99}), encoding="utf-8")


DAMAGES = [cut_segment, remove_segment, cut_meta, remove_files, break_pointer, other_format]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
async def test_a_damaged_index_is_rebuilt(
    folder: Path, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    damage(folder)
    async with open_search(folder) as search:
        with caplog.at_level(logging.WARNING):
            assert await search.position("app") is None
        assert (await search.find("app", All())).total == 0
        assert await search.position("other") == 7
        assert await search.count("other", Term(None, "fox")) == 10
        [line] = {record.message for record in caplog.records if record.levelno >= logging.WARNING}
        assert line in ("an index is damaged", "an index has another format")
        with pytest.raises(BackendError, match="rebuild it"):
            await search.index("app", [a_record("x")], [], 8)
        assert await search.rebuild("app", some_records(), 9) == 10
        assert await search.position("app") == 9
        assert await search.count("app", Term(None, "fox")) == 10
    assert index_of(folder).is_dir()  # the only one


async def test_files_that_go_while_they_are_used_are_no_matter_of_waiting(folder: Path) -> None:
    """Whoever follows the database rebuilds an index that fails, and waits for one that is away."""
    async with open_search(folder) as search:
        await search.index("app", [a_record("x")], [], 8)
        remove_files(folder)
        for position in (9, 10):
            with pytest.raises(BackendError, match="No such file") as caught:
                await search.index("app", [a_record("y")], [], position)
            assert not isinstance(caught.value, UnavailableError)
        assert await search.position("app") == 8
        assert await search.rebuild("app", some_records(), 11) == 10
        await search.index("app", [a_record("z")], [], 12)
        assert await search.count("app", All()) == 11


async def test_files_of_the_original_count_as_no_index(tmp_path: Path) -> None:
    old = tmp_path / "data" / "app-lucene"
    old.mkdir(parents=True)
    (old / "segments_2").write_bytes(b"\x3f\xd7\x6c\x17")
    (old / "write.lock").touch()
    async with open_search(tmp_path) as search:
        assert await search.position("app") is None
        assert await search.rebuild("app", some_records(), 1) == 10
        assert await search.count("app", All()) == 10


async def test_what_a_crash_left_over_is_swept(folder: Path) -> None:
    (index_of(folder) / ".tmpAbCd").write_bytes(b"x")
    half = folder / "data" / "app-lucene" / "99"
    half.mkdir()
    (half / "meta.json").write_bytes(b"{")
    async with open_search(folder) as search:
        assert await search.position("app") == 7
    assert not half.exists()
    assert leftovers(folder) == []


async def test_two_processes_cannot_have_one_folder(folder: Path) -> None:
    async with open_search(folder):
        with pytest.raises(ConfigError, match=r"para\.lucene\.dir: another process has"):
            await open_search(folder).open()
    async with open_search(folder) as search:
        assert await search.position("app") == 7


async def test_a_folder_that_cannot_be_made_stops_the_start_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"para\.lucene\.dir: cannot use .*data"):
        await open_search(tmp_path).open()
