"""``para-server move --from CONFIG --to CONFIG``: all apps of one database into another."""

from __future__ import annotations

import asyncio
import hashlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from para_core.config import load_config
from para_core.errors import ConfigError
from para_core.extensions import Command
from para_core.plugins import load_plugins
from para_core.selection import DAOS, FILESTORES
from para_core.types import app_identifier
from para_server.commands.ownership import refuse_as_another
from para_server.config import keys_file_of
from para_server.copies.marker import Mark
from para_server.copies.move import Moved, move

if TYPE_CHECKING:
    import argparse

    from para_core.config import Config
    from para_core.contracts import DAO

__all__ = ["COMMAND"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "--from", required=True, dest="source", metavar="CONFIG", type=Path,
        help="configuration of the server that has the apps; it may run",
    )  # fmt: skip
    parser.add_argument(
        "--to", required=True, dest="target", metavar="CONFIG", type=Path,
        help="configuration of the server that gets them; it does not run",
    )  # fmt: skip
    parser.add_argument(
        "--replace", action="store_true", help="remove what is there and came from elsewhere"
    )


def run(config: Config, options: argparse.Namespace) -> int:
    """Move, and tell what was done and what is left to do."""
    del config  # two others take its place
    source, target = load_config(options.source), load_config(options.target)
    _check(source, target)
    old, new = _dao_of(source), _dao_of(target)
    if old.place and (type(old), old.place) == (type(new), new.place):
        raise ConfigError("both configurations name the same database")
    mark = Mark(f"move --from {options.source} --to {options.target}", _identity(old, source))
    moved = asyncio.run(_moved(old, new, mark, replaces=options.replace))
    _tell(moved)
    _tell_of_files(source, target)
    return 0


async def _moved(source: DAO, target: DAO, mark: Mark, *, replaces: bool) -> Moved:
    await source.open_beside()
    try:
        await target.open_alone()
        try:
            return await move(source, target, mark, replaces=replaces)
        finally:
            await target.close()
    finally:
        await source.close()


def _check(source: Config, target: Config) -> None:
    for config in (source, target):
        refuse_as_another(config, "move")
    names = [app_identifier(config.text("para.app_name")) for config in (source, target)]
    if names[0] != names[1]:
        raise ConfigError(
            f"para.app_name names the root app {names[0]!r} in one configuration and {names[1]!r} "
            "in the other; the server would not find its root app"
        )


def _identity(dao: DAO, config: Config) -> str:
    """Return what tells one database from another; it may be shown, since it is a digest."""
    place = dao.place or str(Path(config.text("para.db.dir") or "data").absolute())
    return hashlib.sha256(f"{type(dao).__name__} {place}".encode()).hexdigest()


def _dao_of(config: Config) -> DAO:
    return load_plugins(config).make(DAOS, config)


def _tell(moved: Moved) -> None:
    apps = f"{moved.apps:,} app{'s' * (moved.apps != 1)}"
    _say(
        f"{apps} with {moved.objects:,} objects are equal in both databases; "
        f"{moved.put:,} were written and {moved.deleted:,} deleted now"
    )
    if moved.repaired:
        _say(f"these apps had been changed in the target: {', '.join(moved.repaired)}")
    _say("what is written to the source from now on takes another run, once its server has stopped")


def _tell_of_files(source: Config, target: Config) -> None:
    """Say what does not lie in the database and therefore stays behind."""
    if _files_of(source) != _files_of(target):
        _say("files do not move: copy those of the file store yourself")
    keys, new = keys_file_of(source).absolute(), keys_file_of(target).absolute()
    if keys != new and keys.is_file() and not new.exists():
        _say(f"the keys of the root app stay valid; their file is still {keys}")


def _files_of(config: Config) -> tuple[str, str]:
    folder = config.text("para.localstorage.folder").strip() or config.text("para.db.dir")
    return load_plugins(config).selected(FILESTORES, config).name, str(Path(folder).absolute())


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


COMMAND = Command(
    "copy all apps from one database to another, and later what changed", run, configure
)
