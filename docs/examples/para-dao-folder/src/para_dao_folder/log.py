"""A file that only grows: frames, each with an entry and the bytes of its records.

A frame is two lengths and a checksum, the entry, then the bytes of its records one after the other,
so that a record can be read alone.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from para_core.contracts.dao import Change

_HEADER = struct.Struct(">III")  # length of the entry, of the records, checksum of both


class DamagedError(Exception):
    """A frame in the middle of a file is not what was written."""


class Stored(msgspec.Struct, frozen=True, array_like=True):
    """A record as an entry names it."""

    id: str
    type: str
    change: int
    size: int


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """What happened to an app. The first entry of a file says which app it is."""

    appid: str = ""
    shared: bool = False
    puts: list[Stored] = []
    deletes: list[str] = []
    changes: list[Change] = []
    last: int = 0  # number of the last change, where no entry of the feed tells it
    forget: int = 0
    removed: bool = False  # the app is gone, and its numbers go on after the last one


class Log:
    """One file, open. Whoever holds it lets it go; the last one closes it."""

    def __init__(self, file: Path, *, writes: bool) -> None:
        """Open a file, or make it where it is to be written."""
        self.file = file
        self.end = 0
        self._fd = os.open(file, os.O_RDWR | os.O_CREAT if writes else os.O_RDONLY, 0o600)
        self._holders = 1

    def hold(self) -> None:
        """Keep it open for one more."""
        self._holders += 1

    def release(self) -> None:
        """Let it go."""
        self._holders -= 1
        if not self._holders:
            os.close(self._fd)

    def entries(self) -> Iterator[tuple[Entry, int]]:
        """Give each entry and where its first record lies; ``end`` is then behind the last.

        A last frame that was not written whole does not count.

        Raises:
            DamagedError: There is more behind a frame that does not fit its checksum.
        """
        size = os.fstat(self._fd).st_size
        while header := os.pread(self._fd, _HEADER.size, self.end):
            if len(header) < _HEADER.size:
                return
            start = self.end + _HEADER.size
            length, records, checksum = _HEADER.unpack(header)
            body = os.pread(self._fd, length + records, start)
            if not length or len(body) < length + records or zlib.crc32(body) != checksum:
                if start + length + records < size:
                    raise DamagedError(f"{self.file} is damaged at byte {self.end}")
                return
            yield msgspec.msgpack.decode(body[:length], type=Entry), start + length
            self.end = start + length + records

    def cut(self) -> None:
        """Remove what lies behind the last whole frame."""
        os.ftruncate(self._fd, self.end)

    def append(self, entry: Entry, records: Sequence[bytes] = ()) -> int:
        """Add a frame and make it durable; return where its first record lies.

        Raises:
            OSError: It could not be written; the file is as before.
        """
        head, tail = msgspec.msgpack.encode(entry), b"".join(records)
        body = head + tail
        frame = _HEADER.pack(len(head), len(tail), zlib.crc32(body)) + body
        try:
            _write(self._fd, frame, self.end)
            os.fsync(self._fd)
        except OSError:
            self.cut()
            raise
        start = self.end + _HEADER.size + len(head)
        self.end += len(frame)
        return start

    def read(self, offset: int, size: int) -> bytes:
        """Return the bytes of a record.

        Raises:
            OSError: The disk does not give them.
        """
        found = os.pread(self._fd, size, offset)
        if len(found) < size:
            raise OSError(f"{self.file} ends within a record")
        return found


def _write(fd: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(fd, view, offset)
        view, offset = view[written:], offset + written


def flush_folder(folder: Path) -> None:
    """Make durable which files a folder has."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
