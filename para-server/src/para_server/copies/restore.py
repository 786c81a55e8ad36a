"""Puts a backup into a database and a file store, and reads back what arrived."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from para_core.contracts.dao import Put, Write
from para_core.errors import ParaError
from para_server.copies.backup import check_backup
from para_server.copies.backupfile import BackupError, Manifest, OpenBackup, file_name
from para_server.copies.checksum import checksum_of
from para_server.copies.marker import AppMark, Mark, Marker

if TYPE_CHECKING:
    from para_core.contracts.dao import DAO, Record
    from para_core.contracts.filestore import FileStore
    from para_server.copies.backupfile import BackedUpApp, BackedUpFile

__all__ = ["Target", "restore_backup"]

_BATCH = 500  # records of one write
_BATCH_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Target:
    """Where a backup goes."""

    dao: DAO
    files: FileStore
    keys_file: Path


async def restore_backup(place: Path, target: Target, *, replaces: bool) -> Manifest:
    """Make database and file store what they were when the backup was made.

    The whole backup is read before anything is changed. A restore that was interrupted goes on
    where it stopped when it is begun again. Files that are not in the backup stay.

    Args:
        place: The backup.
        target: Where it goes.
        replaces: Whether apps that are there are removed first.

    Raises:
        BackupError: The backup is damaged, there are apps already, or what arrived is not equal.
    """
    manifest = await asyncio.to_thread(check_backup, place)
    with OpenBackup(place) as backup:
        digest = hashlib.sha256(backup.raw_manifest).hexdigest()
        mark, marker = Mark(f"restore {place}", digest), Marker(target.dao)
        await _begin(target.dao, marker, mark, replaces=replaces)
        await _remove_others(target.dao, {app.appid for app in manifest.apps})
        for number, app in enumerate(manifest.apps, 1):
            await _restore_app(backup, target.dao, marker, app, number)
        for file in manifest.files:
            await target.files.store(file.path, _content(backup, file.path))
        if manifest.has_keys:
            await asyncio.to_thread(_write_keys, target.keys_file, backup.keys())
    await _verify(manifest, target)
    await marker.put(replace(mark, is_finished=True))
    return manifest


async def _begin(dao: DAO, marker: Marker, mark: Mark, *, replaces: bool) -> None:
    """Mark the database, if what is there may be removed; a restore that was begun before may."""
    found = await marker.find()
    if found is not None and found.source == mark.source:
        await marker.put(mark)
        return
    apps = await dao.apps()
    if apps and not replaces:
        raise BackupError(
            f"the database holds apps already ({', '.join(apps[:3])}); nothing was changed. "
            "Restore into an empty one, or add --replace, which removes them first"
        )
    await marker.remove()
    await marker.put(mark)


async def _remove_others(dao: DAO, appids: Collection[str]) -> None:
    """Remove the apps that the backup has not, also those that an earlier try has left."""
    for appid in await dao.apps():
        if appid not in appids:
            await dao.delete_table(appid)


async def _restore_app(
    backup: OpenBackup, dao: DAO, marker: Marker, app: BackedUpApp, number: int
) -> None:
    done = await marker.app(app.appid)
    if done is None:
        await dao.delete_table(app.appid)  # it may be another one
        await dao.create_table(app.appid, shared=app.shared)
        done = AppMark()
    for part in range(done.parts + 1, app.parts + 1):
        records = await asyncio.to_thread(backup.records, number, part)
        await store_all(dao, app.appid, records)
        await marker.put_app(app.appid, AppMark(parts=part))
    if not app.parts:
        await marker.put_app(app.appid, done)
    # Nobody has to hear of these writes: followers begin with what is there.
    await dao.forget_changes(app.appid, await dao.last_change(app.appid))


async def store_all(dao: DAO, appid: str, records: list[Record]) -> None:
    """Store records in writes of bounded size."""
    puts, size = list[Put](), 0
    for record in records:
        if puts and (len(puts) >= _BATCH or size + len(record.data) > _BATCH_BYTES):
            await dao.write(appid, Write("createAll", puts))
            puts, size = [], 0
        puts.append(Put(record))
        size += len(record.data)
    if puts:
        await dao.write(appid, Write("createAll", puts))


async def _content(backup: OpenBackup, path: str) -> AsyncIterator[bytes]:
    for chunk in backup.chunks(file_name(path)):
        yield chunk


def _write_keys(place: Path, keys: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    unfinished = place.with_name(f"{place.name}.unfinished")
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(keys)
    unfinished.replace(place)


async def _verify(manifest: Manifest, target: Target) -> None:
    async with target.dao.snapshot() as seen:
        for app in manifest.apps:
            found = await checksum_of(seen, app.appid)
            if (found.count, str(found)) != (app.objects, app.checksum):
                raise BackupError(
                    f"the app {app.appid!r} did not arrive as it was in the backup; make sure that "
                    "no server uses the database, and restore again with --replace"
                )
    for file in manifest.files:
        await _verify_file(file, target.files)


async def _verify_file(file: BackedUpFile, files: FileStore) -> None:
    digest = hashlib.sha256()
    content = await files.load(file.path)
    if content is not None:
        async for chunk in content:
            digest.update(chunk)
    if digest.hexdigest() != file.sha256:
        raise ParaError(f"the file {file.path!r} did not arrive as it was in the backup")
