"""The folder of an app's index: which of its sub-folders holds the index, and what is left over.

::

    data/<app>-lucene/current.json     {"format": 1, "folder": "17"}: replaced by renaming
    data/<app>-lucene/17/              the engine's files
"""

from __future__ import annotations

import json
import logging
import os
import shutil
from hashlib import blake2b
from pathlib import Path

from para_search_lucene.schema import FORMAT

__all__ = ["IndexFolder", "folder_name"]

logger = logging.getLogger(__name__)

_POINTER = "current.json"
_LONGEST_NAME = 150
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


def folder_name(appid: str) -> str:
    """Return the name of an app's folder; no two apps have one, whatever their ids are."""
    plain = "".join(char if char in _PLAIN else f"%{ord(char):x}%" for char in appid)
    if len(plain) > _LONGEST_NAME:
        plain = f"%{blake2b(appid.encode('utf-8', 'surrogatepass'), digest_size=20).hexdigest()}"
    return f"{plain}-lucene"


class IndexFolder:
    """Where the index of one app lies."""

    def __init__(self, data: Path, appid: str) -> None:
        self.path = data / folder_name(appid)

    def exists(self) -> bool:
        """Return whether an index was ever published here."""
        return (self.path / _POINTER).exists()

    def current(self) -> Path | None:
        """Return the folder of the engine; ``None`` when there is none of this format."""
        try:
            pointer = json.loads((self.path / _POINTER).read_bytes())
            if pointer["format"] != FORMAT:
                return None
            folder = self.path / str(pointer["folder"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return folder if folder.is_dir() else None

    def make(self) -> Path:
        """Make an empty folder for a new index."""
        self.path.mkdir(parents=True, exist_ok=True)
        taken = [int(child.name) for child in self.path.iterdir() if child.name.isdecimal()]
        folder = self.path / str(max(taken, default=0) + 1)
        folder.mkdir()
        return folder

    def publish(self, folder: Path) -> None:
        """Make a folder the current one, in one step that survives a crash."""
        written = self.path / f"{_POINTER}.new"
        with written.open("w", encoding="ascii") as file:
            json.dump({"format": FORMAT, "folder": folder.name}, file)
            file.flush()
            os.fsync(file.fileno())
        written.replace(self.path / _POINTER)
        _sync(self.path)

    def sweep(self) -> None:
        """Remove what a crash or a rebuild left over."""
        current = self.current()
        for child in list(self.path.iterdir()) if self.path.is_dir() else []:
            is_other = child.name.isdecimal() and child != current
            if is_other and child.is_dir():
                shutil.rmtree(child, ignore_errors=True)
            elif child.name == f"{_POINTER}.new":
                child.unlink(missing_ok=True)
        for child in list(current.iterdir()) if current else []:
            if child.name.startswith(".tmp"):  # the engine's, when it is killed while it commits
                child.unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove everything."""
        (self.path / _POINTER).unlink(missing_ok=True)
        if self.path.is_dir():
            shutil.rmtree(self.path, ignore_errors=True)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
