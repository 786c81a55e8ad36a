"""Writes a backup of all apps and files, and reads it back before anybody relies on it."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import zipfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

import msgspec

from para_core.contracts.dao import Record
from para_core.errors import ParaError, StorageFullError
from para_server import __version__
from para_server.copies.backupfile import (
    FORMAT,
    KEYS,
    MANIFEST,
    BackedUpApp,
    BackedUpFile,
    BackupError,
    Manifest,
    OpenBackup,
    file_name,
    pack,
    part_name,
)
from para_server.copies.checksum import Checksum
from para_server.copies.marker import refuse_unfinished

if TYPE_CHECKING:
    from para_core.contracts.filestore import FileStore
    from para_core.contracts.snapshot import Snapshot, Table

__all__ = ["Source", "check_backup", "write_backup"]

_PAGE = 500  # records that are read at once
_PART_BYTES = 4 << 20  # of a part, unless a single object has more
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True, slots=True)
class Source:
    """What is backed up."""

    seen: Snapshot
    files: FileStore
    keys_file: Path
    now: int  # milliseconds since the Unix epoch


async def write_backup(source: Source, place: Path) -> Manifest:
    """Write a backup, read it back, and give it its name only then.

    Raises:
        BackupError: Something is there under that name, or what was read back is not equal.
        StorageFullError: The disk is full; nothing is left of the backup.
    """
    await refuse_unfinished(source.seen)
    if await asyncio.to_thread(place.exists):
        raise BackupError(f"{place} is there already; choose another name")
    unfinished = place.with_name(f"{place.name}.unfinished")
    try:
        with _errors_of(place):
            manifest = await _write(source, unfinished)
            await asyncio.to_thread(check_backup, unfinished)
            await asyncio.to_thread(_give_name, unfinished, place)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    return manifest


async def _write(source: Source, place: Path) -> Manifest:
    with _made(place) as file:
        manifest = Manifest(FORMAT, source.now, __version__)
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as box:
            for number, table in enumerate(await source.seen.tables(), 1):
                manifest.apps.append(await _write_app(box, source.seen, table, number))
            if not manifest.apps:
                raise BackupError("there is nothing to back up: the database holds no app")
            async for path in source.files.paths():
                if (written := await _write_file(box, source.files, path)) is not None:
                    manifest.files.append(written)
            if source.keys_file.is_file():
                manifest.has_keys = True
                box.writestr(KEYS, source.keys_file.read_bytes())
            box.writestr(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
        file.flush()
        os.fsync(file.fileno())
    return manifest


def _made(place: Path) -> IO[bytes]:
    place.unlink(missing_ok=True)  # what a killed backup left
    return os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


async def _write_app(
    box: zipfile.ZipFile, seen: Snapshot, table: Table, number: int
) -> BackedUpApp:
    checksum, parts = Checksum(), 0
    async for records in _portions(seen, table.appid):
        parts += 1
        await asyncio.to_thread(_write_part, box, part_name(number, parts), records, checksum)
    return BackedUpApp(
        table.appid,
        table.shared,
        checksum.count,
        parts,
        str(checksum),
        await seen.last_change(table.appid),
    )


async def _portions(seen: Snapshot, appid: str) -> AsyncIterator[list[Record]]:
    """Yield the records of an app in portions of about the same size in bytes."""
    after, held, size = "", list[Record](), 0
    while page := await seen.read_page(appid, after=after, limit=_PAGE):
        after = page[-1].id
        for record in page:
            if held and size + len(record.data) > _PART_BYTES:
                yield held
                held, size = [], 0
            held.append(record)
            size += len(record.data)
    if held:
        yield held


def _write_part(
    box: zipfile.ZipFile, name: str, records: Sequence[Record], checksum: Checksum
) -> None:
    checksum.add(records)
    box.writestr(name, pack(records))


async def _write_file(box: zipfile.ZipFile, files: FileStore, path: str) -> BackedUpFile | None:
    """Copy a file; ``None`` when it was deleted meanwhile."""
    content = await files.load(path)
    if content is None:
        return None
    digest, size = hashlib.sha256(), 0
    with box.open(file_name(path), "w") as target:
        async for chunk in content:
            digest.update(chunk)
            size += len(chunk)
            await asyncio.to_thread(target.write, chunk)
    return BackedUpFile(path, size, digest.hexdigest())


def check_backup(place: Path) -> Manifest:
    """Read a whole backup and compare it with what its manifest says.

    Raises:
        BackupError: It is damaged, not complete, or not what it should be.
    """
    with OpenBackup(place) as backup:
        for number, app in enumerate(backup.manifest.apps, 1):
            checksum = Checksum()
            for part in range(1, app.parts + 1):
                checksum.add(backup.records(number, part))
            if (checksum.count, str(checksum)) != (app.objects, app.checksum):
                raise BackupError(f"{place}: the objects of the app {app.appid!r} are not whole")
        for file in backup.manifest.files:
            digest = hashlib.sha256()
            for chunk in backup.chunks(file_name(file.path)):
                digest.update(chunk)
            if digest.hexdigest() != file.sha256:
                raise BackupError(f"{place}: the file {file.path!r} is not whole")
        return backup.manifest


def _give_name(unfinished: Path, place: Path) -> None:
    unfinished.replace(place)
    folder = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _errors_of(place: Path) -> Iterator[None]:
    try:
        yield
    except ParaError:
        raise
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFullError(f"no space left for the backup {place}") from error
        raise BackupError(f"{place} cannot be written: {error.strerror}") from error
