"""The suite that every file store passes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from para_core.contracts.filestore import FileStore
from para_core.errors import UnusableFileError

__all__ = ["FileStoreSuite"]

UNSAFE = {
    "empty": "",
    "blank": "  ",
    "slash": "/",
    "parent": "../passwd",
    "parent inside": "app/../../passwd",
    "here": "app/./x",
    "two slashes before": "//etc/passwd",
    "empty name inside": "app//x",
    "slash behind": "app/",
    "hidden": ".config",
    "hidden folder": "app/.git/config",
    "backslash": "app\\..\\x",
    "zero byte": "app/x\0.png",
    "line break": "app/x\ny",
    "half a character": "app/\ud800",
    "long name": "x" * 256,
    "long path": "/".join(["x" * 200] * 6),
}


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    """Yield these parts."""
    for part in parts:
        yield part


async def broken(*parts: bytes) -> AsyncIterator[bytes]:
    """Yield these parts and fail, as an upload that breaks off."""
    for part in parts:
        yield part
    raise ConnectionResetError


class FileStoreSuite:
    """What every file store promises; provide the fixture ``files``, open and empty.

    Files of up to ``max_bytes`` fit; a class with another limit says so.
    """

    max_bytes = 1000

    async def test_all_files_are_listed(self, files: FileStore) -> None:
        assert [path async for path in files.paths()] == []
        wanted = ["a.png", "app/b.png", "app/deep/er/c d.png", "other/žluťoučký.png"]
        for path in [*wanted, "app/gone.png"]:
            await files.store(path, b"x")
        await files.store("app/b.png", b"again")
        await files.delete("app/gone.png")
        assert sorted([path async for path in files.paths()]) == wanted

    async def test_a_file_comes_back_as_it_was(self, files: FileStore) -> None:
        data = bytes(range(256))
        assert await files.store("app/pic.png", data)
        assert await content_of(files, "app/pic.png") == data

    async def test_a_stream_is_stored_in_order(self, files: FileStore) -> None:
        await files.store("app/pic.png", chunks(b"ab", b"", b"cd"))
        assert await content_of(files, "app/pic.png") == b"abcd"

    async def test_an_empty_file_is_a_file(self, files: FileStore) -> None:
        await files.store("empty.txt", b"")
        assert await content_of(files, "empty.txt") == b""

    async def test_a_file_is_replaced(self, files: FileStore) -> None:
        await files.store("app/pic.png", b"a longer one")
        await files.store("app/pic.png", b"new")
        assert await content_of(files, "app/pic.png") == b"new"

    async def test_one_slash_before_the_path_means_nothing(self, files: FileStore) -> None:
        await files.store("/app/pic.png", b"x")
        assert await content_of(files, "app/pic.png") == b"x"
        assert await files.delete("/app/pic.png")

    @pytest.mark.parametrize("path", ["čaj/🍵 a+b%2F.png", "app:1/user@x.com.png", "x" * 255])
    async def test_names_may_be_odd(self, files: FileStore, path: str) -> None:
        await files.store(path, b"x")
        assert await content_of(files, path) == b"x"
        assert await files.delete(path)

    async def test_what_is_not_there_is_none(self, files: FileStore) -> None:
        assert await files.load("app/missing.png") is None
        assert not await files.delete("app/missing.png")

    async def test_a_deleted_file_is_gone(self, files: FileStore) -> None:
        await files.store("app/pic.png", b"x")
        assert await files.delete("app/pic.png")
        assert await files.load("app/pic.png") is None
        assert not await files.delete("app/pic.png")

    @pytest.mark.parametrize("path", UNSAFE.values(), ids=UNSAFE)
    async def test_an_unsafe_path_is_refused(self, files: FileStore, path: str) -> None:
        with pytest.raises(UnusableFileError, match="not allowed"):
            await files.store(path, b"x")
        assert await files.load(path) is None
        assert not await files.delete(path)

    async def test_the_largest_file_fits(self, files: FileStore) -> None:
        await files.store("app/big", b"x" * self.max_bytes)
        assert await content_of(files, "app/big") == b"x" * self.max_bytes

    async def test_a_larger_one_is_refused_and_the_old_one_stays(self, files: FileStore) -> None:
        await files.store("app/big", b"old")
        with pytest.raises(UnusableFileError, match=str(self.max_bytes)):
            await files.store("app/big", chunks(b"x" * self.max_bytes, b"x"))
        assert await content_of(files, "app/big") == b"old"

    async def test_a_stream_that_breaks_leaves_the_old_file(self, files: FileStore) -> None:
        await files.store("app/pic.png", b"old")
        with pytest.raises(ConnectionResetError):
            await files.store("app/pic.png", broken(b"ne"))
        assert await content_of(files, "app/pic.png") == b"old"

    async def test_a_stream_that_breaks_leaves_nothing_new(self, files: FileStore) -> None:
        with pytest.raises(ConnectionResetError):
            await files.store("app/pic.png", broken(b"ne"))
        assert await files.load("app/pic.png") is None

    async def test_of_files_stored_at_once_one_is_there_whole(self, files: FileStore) -> None:
        sent = [bytes([65 + number]) * (self.max_bytes // 2) for number in range(8)]
        parts = [chunks(*(data[at : at + 50] for at in range(0, len(data), 50))) for data in sent]
        await asyncio.gather(*(files.store("app/pic.png", part) for part in parts))
        assert await content_of(files, "app/pic.png") in sent

    async def test_a_store_that_is_cancelled_leaves_the_old_file(self, files: FileStore) -> None:
        await files.store("app/pic.png", b"old")
        began = asyncio.Event()

        async def endless() -> AsyncIterator[bytes]:
            yield b"ne"
            began.set()
            await asyncio.sleep(60)

        task = asyncio.create_task(files.store("app/pic.png", endless()))
        await began.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await content_of(files, "app/pic.png") == b"old"

    async def test_apps_do_not_share_names(self, files: FileStore) -> None:
        await files.store("one/pic.png", b"1")
        await files.store("other/pic.png", b"2")
        assert await files.delete("one/pic.png")
        assert await content_of(files, "other/pic.png") == b"2"


async def content_of(files: FileStore, path: str) -> bytes:
    """Return all bytes of a file that is there."""
    parts = await files.load(path)
    assert parts is not None, f"{path} is not there"
    return b"".join([part async for part in parts])
