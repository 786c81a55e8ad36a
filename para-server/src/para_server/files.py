"""Files in a folder of this machine: what ``para.fs`` selects unless it says otherwise."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO, ParamSpec, TypeVar

from msgspec import Meta, Struct

from para_core.contracts.filestore import Content, FileStore, clean_path
from para_core.errors import BackendError, ConfigError, StorageFullError, UnusableFileError
from para_core.opening import until_open

__all__ = ["LocalFileStore", "LocalStorageSettings"]

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

PART_BYTES = 64 * 1024
UNFINISHED = ".unfinished"  # no stored file can have this name, since it starts with a dot
UNFINISHED_SEC = 3600  # another server on this folder may still be writing younger ones
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class LocalStorageSettings(Struct, frozen=True):
    """The section ``para.localstorage``."""

    folder: Annotated[
        str, Meta(description="Folder of the local file store; blank for `files` in `para.db.dir`.")
    ] = ""
    max_filesize_mb: Annotated[
        int, Meta(ge=1, description="Maximum size in megabytes of a locally stored file.")
    ] = 10


class LocalFileStore(FileStore):
    """Files below one folder; nothing outside of it is ever read, written or removed.

    A file is written in a folder of its own, flushed to the disk, and moved over what was there.
    Work on the disk happens in threads. Several servers may share the folder.
    """

    def __init__(self, folder: Path, *, max_file_bytes: int) -> None:
        """Keep files below ``folder``, which ``open`` makes when it is not there."""
        self._folder, self._max_file_bytes = folder.absolute(), max_file_bytes

    async def open(self) -> None:
        """Make the folder, and remove what crashes left half written.

        Raises:
            ConfigError: The folder cannot be made or written to.
        """
        await asyncio.to_thread(self._prepare)

    async def close(self) -> None:
        """Nothing to let go of."""

    async def store(self, path: str, content: Content) -> str:
        """Keep a file and return its absolute path."""
        place = self._place(clean_path(path))
        beginning = self._in_thread(path, self._begin, place)
        temporary, file = await until_open(beginning, _never_begun)
        try:
            await self._fill(path, file, content)
            await self._in_thread(path, _finish, file, temporary, place)
        except BaseException:
            await asyncio.shield(asyncio.to_thread(_give_up, file, temporary))
            raise
        return str(place)

    async def load(self, path: str) -> AsyncIterator[bytes] | None:
        """Return the parts of a file, each of up to 64 KiB."""
        place = await asyncio.to_thread(self._existing, path)
        return None if place is None else _read_parts(path, place)

    async def delete(self, path: str) -> bool:
        """Remove a file; folders stay."""
        place = await asyncio.to_thread(self._existing, path)
        if place is None:
            return False
        await self._in_thread(path, place.unlink, missing_ok=True)
        return True

    async def paths(self) -> AsyncIterator[str]:
        """Yield the paths of all files that can be loaded, folder by folder."""
        waiting = [""]
        while waiting:
            inner, found = await self._in_thread(waiting[-1], self._look_into, waiting.pop())
            waiting += inner
            for path in found:
                yield path

    def _look_into(self, folder: str) -> tuple[list[str], list[str]]:
        """Return the folders and the files in a folder, without those no path leads to."""
        folders, files = list[str](), list[str]()
        try:
            with os.scandir(self._folder / folder) as entries:
                for entry in entries:
                    path = f"{folder}/{entry.name}".lstrip("/")
                    if _is_clean(path) and not entry.is_symlink():
                        (folders if entry.is_dir() else files).append(path)
        except FileNotFoundError:  # somebody removed it
            return [], []
        return folders, files

    def _prepare(self) -> None:
        try:
            unfinished = self._folder / UNFINISHED
            unfinished.mkdir(parents=True, exist_ok=True)
            for left in unfinished.iterdir():
                if left.stat().st_mtime < time.time() - UNFINISHED_SEC:
                    left.unlink(missing_ok=True)
            with tempfile.TemporaryFile(dir=unfinished):
                pass
        except OSError as error:
            raise ConfigError(
                f"cannot store files in {self._folder}: {error.strerror}; set "
                "para.localstorage.folder to a folder that this user may write to"
            ) from error

    def _place(self, cleaned: str) -> Path:
        """Return where a clean path is; links must not lead out of the folder."""
        place = self._folder / cleaned
        try:
            is_inside = place.resolve().is_relative_to(self._folder.resolve())
        except (OSError, RuntimeError):  # links in a circle, which Python 3.11 tells in two ways
            is_inside = False
        if not is_inside:
            raise UnusableFileError(cleaned, "the path is not allowed")
        return place

    def _existing(self, path: str) -> Path | None:
        try:
            place = self._place(clean_path(path))
        except UnusableFileError:
            return None
        return place if place.is_file() else None

    def _begin(self, place: Path) -> tuple[Path, BinaryIO]:
        missing = [folder for folder in place.parents if not folder.exists()]
        place.parent.mkdir(parents=True, exist_ok=True)
        for folder in missing:
            _sync(folder.parent)  # otherwise a power cut may take the new folder with all in it
        descriptor, name = tempfile.mkstemp(dir=self._folder / UNFINISHED)
        return Path(name), os.fdopen(descriptor, "wb")

    async def _fill(self, path: str, file: BinaryIO, content: Content) -> None:
        size = 0
        async for part in _parts(content):
            size += len(part)
            if size > self._max_file_bytes:
                raise UnusableFileError(path, f"it has more than {self._max_file_bytes} bytes")
            await self._in_thread(path, file.write, part)

    async def _in_thread(
        self, path: str, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        with _errors_of(path):
            return await asyncio.to_thread(call, *args, **kwargs)


def _is_clean(path: str) -> bool:
    try:
        return clean_path(path) == path
    except UnusableFileError:
        return False


def _finish(file: BinaryIO, temporary: Path, place: Path) -> None:
    file.flush()
    os.fsync(file.fileno())
    file.close()
    temporary.replace(place)
    _sync(place.parent)  # otherwise a power cut may bring back the file before


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _give_up(file: BinaryIO, temporary: Path) -> None:
    try:
        file.close()  # flushes, which fails once more on a full disk
    except OSError:
        logger.debug("the rest of a file was not written", exc_info=True)
    finally:
        temporary.unlink(missing_ok=True)


def _never_begun(begun: tuple[Path, BinaryIO]) -> None:
    temporary, file = begun
    _give_up(file, temporary)


async def _parts(content: Content) -> AsyncIterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    async for part in content:
        yield part


async def _read_parts(path: str, place: Path) -> AsyncIterator[bytes]:
    with _errors_of(path):
        file = await until_open(asyncio.to_thread(place.open, "rb"), lambda file: file.close())
        try:
            while part := await asyncio.to_thread(file.read, PART_BYTES):
                yield part
        finally:
            file.close()


@contextmanager
def _errors_of(path: str) -> Iterator[None]:
    try:
        yield
    except (NotADirectoryError, IsADirectoryError, FileExistsError) as error:
        raise UnusableFileError(path, "a file and a folder would have the same path") from error
    except OSError as error:
        if error.errno in FULL:
            raise StorageFullError(f"no space left for the file {path!r}") from error
        raise BackendError(f"the file {path!r} failed: {error.strerror}") from error
