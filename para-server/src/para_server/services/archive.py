"""Archives of objects: ZIP files of JSON arrays, written as they are sent, read within bounds.

The comment of an archive of ours says how much is in it, so that a part is not taken for the whole.
Source: Para 1.54, ``GET /v1/_export`` and ``PUT /v1/_import``; its archives can be read here, and
ours there.
"""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from itertools import count
from typing import IO, Any, NoReturn

import msgspec

from para_core.errors import ParaError

__all__ = ["ArchiveWriter", "ImportFailedError", "entries_of", "items_of"]

FORMAT = 1
"""Version of what archives look like inside; a higher one is refused."""

_ZIP = b"PK"
_ENTRY = b"PK\x01\x02"  # where the list of files in an archive tells of one
_COUNTED = 1 << 20  # bytes in which files are counted at once
_AT_ONCE = 1 << 25  # bytes of the list of files, which is read as a whole
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_blanks = re.compile(r"[ \t\r\n]*+").match  # the white space of JSON
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    RuntimeError,  # encrypted
    NotImplementedError,
    OSError,
    ValueError,  # a name that is not UTF-8, a place before the beginning
)


class ImportFailedError(ParaError):
    """An archive cannot be taken in; what was stored of it before stays."""

    code = "import-failed"


class Contents(msgspec.Struct):
    """What the comment of an archive says is in it."""

    para_export: int = msgspec.field(name="paraExport")  # the format
    objects: int
    files: int


class ArchiveWriter:
    """Makes a ZIP file piece by piece: each call returns the bytes that are ready then."""

    def __init__(self, name: str) -> None:
        self._name, self._parts, self._objects = name, 0, 0
        self._pipe = _Pipe()
        self._zip = zipfile.ZipFile(self._pipe, "w", zipfile.ZIP_DEFLATED)

    def part(self, items: list[dict[str, Any]]) -> bytes:
        """Add the next file: these objects as a JSON array."""
        self._parts += 1
        self._objects += len(items)
        name = f"{self._name}_part{self._parts}.json"
        self._zip.writestr(name, msgspec.json.encode(items), compresslevel=1)
        return self._pipe.taken()

    def end(self) -> bytes:
        """Close the archive; from now on others can tell that it is complete."""
        self._zip.comment = msgspec.json.encode(Contents(FORMAT, self._objects, self._parts))
        self._zip.close()
        return self._pipe.taken()


class _Pipe:
    """A file that can only be written to, and forgets what was taken from it."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes, /) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        """Nothing is open here."""

    def taken(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken


def entries_of(
    body: IO[bytes], *, most_bytes: int, most_together: int, most_files: int
) -> Iterator[tuple[str, str]]:
    """Yield name and text of each JSON file in an archive; what is no archive at all has none.

    Args:
        body: The archive, at its beginning.
        most_bytes: The largest file that is unpacked.
        most_together: How many bytes all files may unpack to.
        most_files: How many files there may be, of any kind.

    Raises:
        ImportFailedError: It is damaged, encrypted, packed as no archive of Para is, too large, or
            no UTF-8.
    """
    if body.read(len(_ZIP)) != _ZIP:
        return
    _check_number(body, most_files)
    try:
        archive = zipfile.ZipFile(_InPieces(body))
    except _DAMAGED as error:
        _fail("the archive is damaged", error)
    with archive:
        together = 0
        entries = [info for info in archive.infolist() if info.filename.endswith(".json")]
        _check_contents(archive.comment, len(entries))
        for info in entries:
            text = _unpacked(archive, info, min(most_bytes, most_together - together))
            together += len(text)
            try:
                yield info.filename, text.decode()
            except UnicodeDecodeError as error:
                _fail(f"{info.filename} is not UTF-8", error)


class _InPieces:
    """An archive of which nobody reads much at once, whatever it says of the size of its parts."""

    def __init__(self, file: IO[bytes]) -> None:
        self._read = file.read
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1, /) -> bytes:
        most = _AT_ONCE + 1
        data = self._read(most if size < 0 else min(size, most))
        if len(data) == most:
            _refuse("the names of the files in the archive are too long")
        return data


def _check_number(body: IO[bytes], most: int) -> None:
    """Refuse too many files before they are listed, where each takes memory.

    The bytes that begin an entry of the list may stand elsewhere as well: once in 4 GB of others.
    """
    count, rest = 0, b""
    body.seek(0)
    while piece := body.read(_COUNTED):  # no other thread runs while a piece is counted
        piece = rest + piece
        count += piece.count(_ENTRY)
        rest = piece[1 - len(_ENTRY) :]
        if count > most:
            _refuse(f"the archive has more than {most} files")


def _check_contents(comment: bytes, files: int) -> None:
    """Compare what there is with what an archive of ours says of itself."""
    try:
        told = msgspec.json.decode(comment, type=Contents)
    except msgspec.DecodeError:
        return  # of the original, or made by hand
    if told.para_export > FORMAT:
        _refuse(f"the archive has format {told.para_export}, this version reads {FORMAT}")
    if told.files != files:
        _refuse(f"the archive is not complete: it has {files} of {told.files} files")


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes:
    if info.compress_type not in _PACKED:
        _refuse(f"{info.filename} is compressed in another way than ZIP files usually are")
    try:
        with archive.open(info) as file:
            data = file.read(most + 1)  # what the head of the file says may be wrong
    except _DAMAGED as error:
        _fail(f"{info.filename} cannot be unpacked: {error}", error)
    if len(data) > most:
        _refuse(f"{info.filename} is too large")
    return data


def items_of(text: str, *, only_objects: bool = True) -> Iterator[Any]:
    """Yield the objects of a JSON array, one at a time.

    Args:
        text: The array.
        only_objects: Whether anything else in it is an error. If not it is yielded too, and an
            ``ImportFailedError`` in the place of what JSON does not allow.

    Raises:
        ImportFailedError: It is no array, or has something else in it.
    """
    at = _skip(text, 0)
    if text[at : at + 1] != "[":
        raise ImportFailedError("a file holds no JSON array")
    at = _skip(text, at + 1)
    if text[at : at + 1] == "]":
        _expect_end(text, at + 1)
        return
    for number in count(1):
        end = _end_of(text, at)
        item = _value(text[at:end])
        if only_objects and isinstance(item, ImportFailedError):
            raise item
        if only_objects and not isinstance(item, dict):
            raise ImportFailedError(f"item {number} is no object")
        yield item
        at = _skip(text, end)
        sign = text[at : at + 1]
        if sign == "]":
            _expect_end(text, at + 1)
            return
        if sign != ",":
            raise ImportFailedError(f"a file holds no valid JSON at character {at + 1}")
        at = _skip(text, at + 1)


def _skip(text: str, at: int) -> int:
    found = _blanks(text, at)
    return at if found is None else found.end()


def _end_of(text: str, at: int) -> int:
    try:
        return _SCANNER.raw_decode(text, at)[1]
    except json.JSONDecodeError as error:
        _fail(f"a file holds no valid JSON at character {error.pos + 1}", error)
    except (ValueError, RecursionError) as error:
        _fail("a file holds no valid JSON", error)


def _value(text: str) -> object:
    """Return a value, or the error that it is no JSON."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        return ImportFailedError(f"a file holds no valid JSON: {error}")


def _expect_end(text: str, at: int) -> None:
    if _skip(text, at) != len(text):
        raise ImportFailedError("a file holds more than one JSON array")


def _refuse(reason: str) -> NoReturn:
    raise ImportFailedError(reason)


def _fail(reason: str, error: BaseException) -> NoReturn:
    raise ImportFailedError(reason) from error


_SCANNER = json.JSONDecoder()
