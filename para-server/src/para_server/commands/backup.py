"""``para-server backup FILE`` and ``para-server restore FILE``: all apps and files of a server."""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from para_core.extensions import Command
from para_core.plugins import load_plugins
from para_core.selection import DAOS, FILESTORES
from para_server.commands.ownership import refuse_as_another
from para_server.config import keys_file_of
from para_server.copies.backup import Source, write_backup
from para_server.copies.restore import Target, restore_backup

if TYPE_CHECKING:
    import argparse

    from para_core.config import Config
    from para_core.contracts import DAO, FileStore
    from para_server.copies.backupfile import Manifest

__all__ = ["BACKUP", "RESTORE"]


def configure_backup(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``backup``."""
    parser.add_argument(
        "file", type=Path, help="what to write; a folder gets a file named by the time"
    )


def configure_restore(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``restore``."""
    parser.add_argument("file", type=Path, help="the backup")
    parser.add_argument("--replace", action="store_true", help="remove the apps that are there")


def run_backup(config: Config, options: argparse.Namespace) -> int:
    """Write a backup, while the server runs or not."""
    refuse_as_another(config, "backup")
    dao, files = _stores(config)
    place: Path = options.file
    if place.is_dir():
        now = datetime.now(UTC).astimezone()
        place = place / f"para_{now:%Y%m%d_%H%M%S}.backup"
    manifest = asyncio.run(_backed_up(dao, files, config, place))
    size = place.stat().st_size / 1_000_000
    _say(f"{place} holds {_counts(manifest)}, {size:.1f} MB; it was read back and is whole")
    return 0


async def _backed_up(dao: DAO, files: FileStore, config: Config, place: Path) -> Manifest:
    await dao.open_beside()
    try:
        async with files, dao.snapshot() as seen:
            if not seen.is_frozen:
                _say("this database cannot show one moment: what is written meanwhile may be mixed")
            source = Source(seen, files, keys_file_of(config), int(time.time() * 1000))
            return await write_backup(source, place)
    finally:
        await dao.close()


def run_restore(config: Config, options: argparse.Namespace) -> int:
    """Restore a backup into the configured database, which no server uses meanwhile."""
    refuse_as_another(config, "restore")
    dao, files = _stores(config)
    manifest = asyncio.run(_restored(dao, files, config, options))
    _say(f"restored {_counts(manifest)}; all was read back and is equal. Start the server")
    return 0


async def _restored(
    dao: DAO, files: FileStore, config: Config, options: argparse.Namespace
) -> Manifest:
    await dao.open_alone()
    try:
        async with files:
            target = Target(dao, files, keys_file_of(config))
            return await restore_backup(options.file, target, replaces=options.replace)
    finally:
        await dao.close()


def _stores(config: Config) -> tuple[DAO, FileStore]:
    plugins = load_plugins(config)
    return plugins.make(DAOS, config), plugins.make(FILESTORES, config)


def _counts(manifest: Manifest) -> str:
    objects = sum(app.objects for app in manifest.apps)
    apps, files = len(manifest.apps), len(manifest.files)
    return f"{_many(apps, 'app')}, {_many(objects, 'object')} and {_many(files, 'file')}"


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


BACKUP = Command("write all apps and files into one file", run_backup, configure_backup)
RESTORE = Command("put a backup back", run_restore, configure_restore)
