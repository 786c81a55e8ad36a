"""``LocalFileStore``: what happens on the disk."""

from __future__ import annotations

import errno
import os
import resource
import tempfile
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from para_core.config import Config
from para_core.errors import BackendError, ConfigError, StorageFullError, UnusableFileError
from para_core.testing.cancelling import Held, cancel_during, until
from para_core.testing.filestore import chunks, content_of
from para_server import files as module
from para_server.files import LocalFileStore
from para_server.plugin import open_local_files

SMALL = 1_000_000  # bytes


@pytest.fixture
async def files(tmp_path: Path) -> AsyncIterator[LocalFileStore]:
    async with LocalFileStore(tmp_path / "files", max_file_bytes=200_000) as files:
        yield files


@pytest.fixture
def small_files() -> Iterator[None]:
    """Let the kernel refuse to make files larger than ``SMALL``, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL, before[1]))
    try:
        yield None
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def on_disk(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


async def test_the_location_is_the_absolute_path(files: LocalFileStore, tmp_path: Path) -> None:
    assert await files.store("app/pic.png", b"x") == str(tmp_path / "files/app/pic.png")


async def test_nothing_is_left_of_a_refused_file(files: LocalFileStore, tmp_path: Path) -> None:
    with pytest.raises(UnusableFileError):
        await files.store("app/big", chunks(b"x" * 150_000, b"x" * 150_000))
    assert on_disk(tmp_path) == []


async def test_nothing_is_left_of_a_file_that_was_cancelled_at_its_beginning(
    files: LocalFileStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(tempfile.mkstemp)
    monkeypatch.setattr(tempfile, "mkstemp", held)
    await cancel_during(files.store("app/pic.png", b"x"), held)
    assert len(on_disk(tmp_path)) == 1
    held.may_return.set()
    await until(lambda: on_disk(tmp_path) == [])


async def test_a_file_is_closed_when_its_reader_goes_as_it_opens(
    files: LocalFileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await files.store("app/pic.png", b"x")
    held = Held(Path.open)
    monkeypatch.setattr(Path, "open", lambda path, mode: held(path, mode))  # noqa: PLW0108 - a method
    await cancel_during(content_of(files, "app/pic.png"), held)
    held.may_return.set()
    [file] = held.results
    await until(lambda: file.closed)
    assert await content_of(files, "app/pic.png") == b"x"


async def test_a_crash_leaves_nothing_after_the_next_start(tmp_path: Path) -> None:
    files = LocalFileStore(tmp_path, max_file_bytes=100)
    await files.open()
    await files.store("app/pic.png", b"x")
    for name in ("young", "old"):
        (tmp_path / module.UNFINISHED / name).write_bytes(b"ha")
    os.utime(tmp_path / module.UNFINISHED / "old", (1, 1))
    await files.open()
    assert on_disk(tmp_path) == [f"{module.UNFINISHED}/young", "app/pic.png"]


async def test_a_link_does_not_lead_out(files: LocalFileStore, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "files/out").symlink_to(tmp_path)
    (tmp_path / "files/link").symlink_to(tmp_path / "secret")
    for path in ("out/secret", "link"):
        assert await files.load(path) is None
        assert not await files.delete(path)
        with pytest.raises(UnusableFileError):
            await files.store(path, b"changed")
    assert (tmp_path / "secret").read_text() == "secret"


async def test_a_reader_keeps_the_file_it_began_with(files: LocalFileStore) -> None:
    await files.store("big", b"a" * 100_000)
    parts = await files.load("big")
    assert parts is not None
    read = [await anext(parts)]
    await files.store("big", b"b")
    read += [part async for part in parts]
    assert b"".join(read) == b"a" * 100_000
    assert await content_of(files, "big") == b"b"


@pytest.mark.parametrize(("first", "second"), [("a", "a/b"), ("a/b", "a")])
async def test_a_file_is_no_folder(files: LocalFileStore, first: str, second: str) -> None:
    await files.store(first, b"x")
    with pytest.raises(UnusableFileError, match="file and a folder"):
        await files.store(second, b"y")
    assert await content_of(files, first) == b"x"
    assert await files.load(second) is None


@pytest.mark.parametrize(
    ("number", "expected"),
    [(errno.ENOSPC, StorageFullError), (errno.EDQUOT, StorageFullError), (errno.EIO, BackendError)],
    ids=["full", "quota", "broken"],
)
async def test_a_failing_disk_leaves_the_old_file(
    files: LocalFileStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    expected: type[BackendError],
) -> None:
    await files.store("app/pic.png", b"old")

    def fail(descriptor: int) -> None:
        raise OSError(number, "injected")

    with monkeypatch.context() as patch:
        patch.setattr("para_server.files.os.fsync", fail)
        with pytest.raises(expected):
            await files.store("app/pic.png", b"new")
    assert await content_of(files, "app/pic.png") == b"old"
    assert on_disk(tmp_path / "files") == ["app/pic.png"]


async def test_a_disk_that_is_full_takes_nothing_and_keeps_the_old_file(
    tmp_path: Path, small_files: None
) -> None:
    assert small_files is None
    async with LocalFileStore(tmp_path / "files", max_file_bytes=10_000_000) as files:
        await files.store("app/pic.png", b"old")
        with pytest.raises(StorageFullError, match="no space left"):
            await files.store("app/pic.png", chunks(*[b"x" * 50_000] * 100))
        with pytest.raises(StorageFullError):
            await files.store("app/pic.png", b"x" * (SMALL + 1))
        assert await content_of(files, "app/pic.png") == b"old"
        await files.store("app/pic.png", b"new")
        assert await content_of(files, "app/pic.png") == b"new"
    assert on_disk(tmp_path / "files") == ["app/pic.png"]


@pytest.mark.parametrize("path", ["link/x", "link", "inside/../../secret", "a/link/b"])
async def test_no_link_leads_out_however_it_is_written(
    files: LocalFileStore, tmp_path: Path, path: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x").write_text("secret")
    (tmp_path / "files/a").mkdir()
    (tmp_path / "files/link").symlink_to("../outside")
    (tmp_path / "files/a/link").symlink_to(outside, target_is_directory=True)
    assert await files.load(path) is None
    with pytest.raises(UnusableFileError):
        await files.store(path, b"changed")
    assert not await files.delete(path)
    assert {file.name: file.read_text() for file in outside.iterdir()} == {"x": "secret"}


async def test_a_link_in_circles_is_no_file(files: LocalFileStore, tmp_path: Path) -> None:
    (tmp_path / "files/round").symlink_to("round")
    assert await files.load("round") is None
    with pytest.raises(UnusableFileError):
        await files.store("round/x", b"x")
    assert not await files.delete("round")


async def test_a_large_file_is_never_in_memory(tmp_path: Path) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(800):
            yield b"x" * 65_536

    async with LocalFileStore(tmp_path, max_file_bytes=100_000_000) as files:
        tracemalloc.start()
        try:
            await files.store("big", parts())
            read = await files.load("big")
            assert read is not None
            assert sum([len(part) async for part in read]) == 800 * 65_536
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert most < 5_000_000


async def test_what_is_deleted_while_it_is_read_is_read_to_its_end(files: LocalFileStore) -> None:
    await files.store("big", b"a" * 150_000)
    parts = await files.load("big")
    assert parts is not None
    read = [await anext(parts)]
    assert await files.delete("big")
    read += [part async for part in parts]
    assert b"".join(read) == b"a" * 150_000
    assert await files.load("big") is None


async def test_file_and_new_folders_are_on_the_disk_before_it_is_said(
    files: LocalFileStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[str] = []
    fsync = os.fsync

    def note(descriptor: int) -> None:
        place = Path(f"/proc/self/fd/{descriptor}").readlink().relative_to(tmp_path)
        flushed.append("a file" if place.match(".unfinished/*") else str(place))
        fsync(descriptor)

    monkeypatch.setattr("para_server.files.os.fsync", note)
    await files.store("app/deep/pic.png", b"x")
    assert flushed == ["files/app", "files", "a file", "files/app/deep"]
    flushed.clear()
    await files.store("app/deep/pic.png", b"y")
    assert flushed == ["a file", "files/app/deep"]


async def test_a_folder_that_cannot_be_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    files = LocalFileStore(tmp_path / "file" / "folder", max_file_bytes=1)
    with pytest.raises(ConfigError, match=r"para\.localstorage\.folder"):
        await files.open()


async def test_the_usual_folder_is_beside_the_database(tmp_path: Path) -> None:
    store = open_local_files(Config({"para.db.dir": str(tmp_path)}))
    async with store:
        location = await store.store("app/pic.png", b"x" * 10 * 1024 * 1024)
        assert location == str(tmp_path / "files/app/pic.png")
        with pytest.raises(UnusableFileError):
            await store.store("app/pic.png", b"x" * (10 * 1024 * 1024 + 1))


async def test_folder_and_size_are_settings(tmp_path: Path) -> None:
    here = {"para.localstorage.folder": str(tmp_path), "para.localstorage.max_filesize_mb": "1"}
    async with open_local_files(Config(here)) as store:
        assert await store.store("a", b"x") == str(tmp_path / "a")
        with pytest.raises(UnusableFileError):
            await store.store("b", b"x" * (1024 * 1024 + 1))
