"""Can the server write where it has to, is there room, and can others look in?"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from para_core.checks import Finding, advice, bad, good

if TYPE_CHECKING:
    from para_core.config import Config

__all__ = ["examine_folders", "is_there", "other_owner"]

_MIB = 1 << 20
_ARCHIVES = "para.http.import_folder"
_LITTLE, _TOO_LITTLE = 1024 * _MIB, 64 * _MIB


async def examine_folders(config: Config) -> Iterable[Finding]:
    """Look at the folders of objects, index, archives and plugins."""
    found: list[Finding] = []
    for key, usual, is_private in (
        ("para.db.dir", "data", True),
        ("para.lucene.dir", ".", False),
        ("para.localstorage.folder", "", False),
    ):
        name = config.text(key).strip() or usual
        if name:
            found += _of_folder(key, Path(name), is_private=is_private)
    plugins = Path(config.text("para.plugin_folder").strip() or "lib")
    return [*found, *_of_archives(config.text(_ARCHIVES).strip()), *_of_plugins(plugins)]


def _of_folder(key: str, folder: Path, *, is_private: bool) -> Iterator[Finding]:
    place = next((path for path in (folder, *folder.absolute().parents) if path.exists()), folder)
    where = f"{key}: {folder}"
    if not place.is_dir():
        yield bad(f"{where} is no folder", f"move {place} away, or set {key} to another folder")
        return
    if not os.access(place, os.W_OK | os.X_OK):
        who = _user(os.geteuid())
        yield bad(f"{where} cannot be written by {who}", f"chown {who} {place}, or set {key}")
        return
    free = shutil.disk_usage(place).free
    said = f"{where}, {free // _MIB:,} MiB free"
    if free < _TOO_LITTLE:
        yield bad(said, "make room: writes are refused when the disk is full")
    elif free < _LITTLE:
        yield advice(said, "make room before the disk is full")
    elif place is not folder:
        yield good(f"{said}; it is made at the first start")
    elif is_private and folder.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        yield advice(f"others can look into {folder}", f"chmod 700 {folder}")
    else:
        yield good(said)


def _of_archives(name: str) -> Iterator[Finding]:
    if not name:
        return
    if Path(name).exists():
        yield from _of_folder(_ARCHIVES, Path(name), is_private=False)
    else:
        where = f"{_ARCHIVES}: {name}"
        yield bad(f"{where} is not there", f"mkdir {name}: without it large imports are refused")


def _of_plugins(folder: Path) -> Iterator[Finding]:
    if folder.is_dir() and folder.stat().st_mode & stat.S_IWOTH:
        yield bad(
            f"everybody can put plugins into {folder}", f"chmod o-w {folder}: plugins are programs"
        )


def is_there(folder: Path) -> bool:
    """Return whether there is something at a path."""
    return folder.exists()


def other_owner(folder: Path) -> str | None:
    """Return who owns a folder, if that is somebody else than who runs this."""
    try:
        owner = folder.stat().st_uid
    except OSError:
        return None
    return _user(owner) if owner != os.geteuid() else None


def _user(number: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
