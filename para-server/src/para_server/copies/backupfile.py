"""The file of a backup: a ZIP archive with records, files, keys, and a manifest that proves it.

=============================  =================================================================
``objects/2/000001.msgpack``   records of the second app: an array of arrays of id, type, data
``files/myapp/avatar.png``     a file of the file store
``keys/para-root-keys.conf``   the file with the keys of the root app, where the server has one
``manifest.json``              what is in it, written last
=============================  =================================================================

Data is stored as the database gave it, so that a damaged object does not spoil those beside it.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, NoReturn

import msgspec
from msgspec import Struct

from para_core.contracts.dao import Record
from para_core.errors import ParaError

__all__ = [
    "FORMAT",
    "KEYS",
    "MANIFEST",
    "BackedUpApp",
    "BackedUpFile",
    "BackupError",
    "Manifest",
    "OpenBackup",
    "file_name",
    "pack",
    "part_name",
]

FORMAT = 1
"""Version of what backups look like inside; a higher one is refused."""

MANIFEST, KEYS = "manifest.json", "keys/para-root-keys.conf"

_MOST_PART = 256 << 20  # bytes that one part may unpack to; usual ones have a few MB
_MOST_MANIFEST = 256 << 20
_CHUNK = 64 * 1024
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, OSError)


class BackupError(ParaError):
    """A backup cannot be made or read; the message says what is wrong with it."""

    code = "backup"


class BackedUpApp(Struct):
    """What a backup has of one app."""

    appid: str
    shared: bool
    objects: int
    parts: int
    checksum: str
    last_change: int


class BackedUpFile(Struct):
    """What a backup has of one file of the file store."""

    path: str
    size: int
    sha256: str


class Manifest(Struct):
    """What is in a backup."""

    format: int
    made: int  # milliseconds since the Unix epoch
    server: str  # version
    apps: list[BackedUpApp] = []
    files: list[BackedUpFile] = []
    has_keys: bool = False


class _Row(Struct, array_like=True):
    id: str
    type: str
    data: bytes


_decode_rows = msgspec.msgpack.Decoder(list[_Row]).decode


def part_name(app: int, part: int) -> str:
    """Return the name of a part; both are counted from 1."""
    return f"objects/{app}/{part:06}.msgpack"


def file_name(path: str) -> str:
    """Return the name of a file of the file store."""
    return f"files/{path}"


def pack(records: Sequence[Record]) -> bytes:
    """Return a part."""
    return msgspec.msgpack.encode([_Row(r.id, r.type, r.data) for r in records])


class OpenBackup:
    """A backup that is read; whatever is wrong with it is a ``BackupError``."""

    def __init__(self, place: Path) -> None:
        """Read the manifest.

        Raises:
            BackupError: There is no such file, it is damaged, or of a later format.
        """
        self._place = place
        try:
            self._zip = zipfile.ZipFile(place)
        except FileNotFoundError:
            self._fail("there is no such file")
        except _DAMAGED as error:
            self._fail("it is damaged, not complete, or no backup", error)
        try:
            self.manifest = self._read_manifest()
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> OpenBackup:
        """Nothing more to open."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._zip.close()

    def _read_manifest(self) -> Manifest:
        if MANIFEST not in self._zip.NameToInfo:
            self._fail("it is no backup of a server: it has no manifest")
        self.raw_manifest = self._unpack(MANIFEST, _MOST_MANIFEST)
        try:
            found = msgspec.json.decode(self.raw_manifest, type=dict[str, Any])
            if isinstance(number := found.get("format"), int) and number > FORMAT:
                self._fail(f"it has format {number}, and this version reads {FORMAT}")
            manifest = msgspec.convert(found, Manifest)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            self._fail("its manifest is damaged", error)
        self._check_names(manifest)
        return manifest

    def _check_names(self, manifest: Manifest) -> None:
        names = self._zip.namelist()
        if sum(max(app.parts, 0) for app in manifest.apps) > len(names):
            self._fail("it lacks parts that its manifest names")
        told = {MANIFEST, *(file_name(file.path) for file in manifest.files)}
        told |= {KEYS} if manifest.has_keys else set()
        for number, app in enumerate(manifest.apps, 1):
            told |= {part_name(number, part) for part in range(1, app.parts + 1)}
        if len(names) != len(told) or set(names) != told:
            wrong = sorted(set(names) ^ told)
            self._fail(f"it lacks or has more than its manifest says: {', '.join(wrong[:3])}")

    def records(self, app: int, part: int) -> list[Record]:
        """Return the records of a part."""
        name = part_name(app, part)
        data = self._unpack(name, _MOST_PART)
        try:
            return [Record(row.id, row.type, row.data) for row in _decode_rows(data)]
        except msgspec.DecodeError as error:
            self._fail(f"{name} is damaged", error)

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield the content of a file in portions."""
        try:
            with self._open(name) as file:
                while chunk := file.read(_CHUNK):
                    yield chunk
        except _DAMAGED as error:
            self._fail(f"{name} is damaged", error)

    def keys(self) -> bytes:
        """Return the file with the keys of the root app."""
        return self._unpack(KEYS, _CHUNK)

    def _unpack(self, name: str, most: int) -> bytes:
        try:
            with self._open(name) as file:
                data = file.read(most + 1)  # what the head of the file says may be wrong
        except _DAMAGED as error:
            self._fail(f"{name} is damaged", error)
        if len(data) > most:
            self._fail(f"{name} is too large")
        return data

    def _open(self, name: str) -> IO[bytes]:
        return self._zip.open(name)

    def _fail(self, reason: str, error: BaseException | None = None) -> NoReturn:
        raise BackupError(f"{self._place} cannot be read: {reason}") from error
