"""A file that knows what was about to be done, for whoever comes after a crash.

An entry is on the disk before anything of it is carried out, and is marked when all of it is. Marks
are in no hurry: what was carried out may be carried out again.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import struct
import uuid
import zlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import ParamSpec

from para_core.errors import ConfigError, StorageFullError, UnavailableError
from para_core.lanes import Lanes

__all__ = ["Journal"]

P = ParamSpec("P")

_HEADER = b"journal of Para for Python 1 "
_START = len(_HEADER) + 33  # behind the identifier and a line end
_FRAME = struct.Struct("<IIQ")  # length, checksum, number; a mark has no bytes of its own
_LARGE = 8 << 20  # bytes of the file beyond which it is written anew, without what is done
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Journal:
    """One journal, from ``read`` to ``close``; entries share the way to the disk."""

    def __init__(self, file: Path) -> None:
        """Choose the file; nothing is there yet."""
        self.file, self.id = file.absolute(), ""
        self.entries: dict[int, bytes] = {}  # not carried out yet, in their order
        self._number, self._size = 0, 0
        self._marks: list[int] = []  # done, and not written down yet
        self._fault: OSError | None = None
        self._handle, self._lock = -1, -1
        self._thread = ThreadPoolExecutor(1, "para-journal")
        self._work: Future[None] | None = None  # of the thread, the last
        self._is_dropped = False
        self._lanes: Lanes[bytes, int]

    def read(self) -> None:
        """Take the file, make it if it is missing, and read what is in it; this waits for the disk.

        Raises:
            ConfigError: Another process has it, it is something else, or cannot be written.
        """
        try:
            self._take()
            self._handle = os.open(self.file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._read()
        except BaseException as error:
            self._release()
            if not isinstance(error, OSError):
                raise
            raise ConfigError(
                f"cannot write {self.file} ({error.strerror}); set para.mongodb.journal_dir to a "
                "folder that the server may write"
            ) from error

    def start(self) -> None:
        """Take entries from now on."""
        self._lanes = Lanes(self._serve, total=1, per_group=1)

    def add(self, entry: bytes) -> asyncio.Future[int]:
        """Write an entry down; the answer is its number, when it is on the disk.

        The answer may also be ``StorageFullError``: there is no room, so it is not in the journal;
        or ``UnavailableError``: the disk failed, so it may be in the journal.
        """
        return self._lanes.submit("", entry)

    def done(self, number: int) -> None:
        """Mark an entry as carried out; the mark goes with the next entry."""
        if self.entries.pop(number, None) is not None:
            self._marks.append(number)

    def withdraw(self, number: int) -> asyncio.Future[int]:
        """Take an entry back, of which nothing was carried out; nobody meets it after a crash."""
        self.done(number)
        return self._lanes.submit("", b"")

    async def close(self) -> bool:
        """Let go of the file; return whether it is empty, and will be even if the power fails."""
        await self._lanes.close()
        is_empty = not self.entries and self._fault is None
        if is_empty:
            try:
                await self._in_thread(self._empty)
            except OSError:
                is_empty = False
        self.drop()
        return is_empty

    def drop(self) -> None:
        """Let go of the file as it is, once the thread is done with what it has begun."""
        if self._is_dropped:
            return
        self._is_dropped = True
        self._thread.shutdown(wait=False)
        if self._work is None:
            self._release()
        else:
            self._work.add_done_callback(lambda _: self._release())

    # ---- in the thread -------------------------------------------------------------------------

    def _take(self) -> None:
        """Lock a file beside it, which stays when the journal is written anew."""
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        self._lock = os.open(self.file.with_name(f"{self.file.name}.lock"), flags, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigError(
                f"{self.file} is in use by another process; the database has no transactions, so "
                "one may use it: stop the other server, and set para.workers to 1"
            ) from error

    def _read(self) -> None:
        data = self.file.read_bytes()
        if len(data) < _START:  # new, or its maker was killed
            self.id, self._size = uuid.uuid4().hex, 0
            self._renew([])
            return
        if not data.startswith(_HEADER):
            raise ConfigError(f"{self.file} is no journal of Para; set para.mongodb.journal_dir")
        self.id = data[len(_HEADER) : _START - 1].decode("ascii", "replace")
        self._size = self._parse(data)
        os.ftruncate(self._handle, self._size)  # what a crash left half written

    def _parse(self, data: bytes) -> int:
        """Fill ``entries``; return where the last whole one ends."""
        at = _START
        while at + _FRAME.size <= len(data):
            length, checksum, number = _FRAME.unpack_from(data, at)
            entry = data[at + _FRAME.size : at + _FRAME.size + length]
            if len(entry) < length or checksum != _checksum(number, entry):
                break
            at += _FRAME.size + length
            self._number = max(self._number, number)
            if entry:
                self.entries[number] = entry
            else:
                self.entries.pop(number, None)
        return at

    def _append(self, frames: bytes, kept: Iterable[tuple[int, bytes]] | None) -> None:
        if kept is not None:
            self._renew(kept)
        try:
            _write(self._handle, frames, self._size)
            os.fdatasync(self._handle)
        except OSError as error:
            self._fault = error  # what the disk has now, nobody knows
            if error.errno in _FULL:
                self._cut_off()
                self._fault = None
            raise
        self._size += len(frames)

    def _cut_off(self) -> None:
        """Take back what was written by halves; what is there is as it was."""
        os.ftruncate(self._handle, self._size)
        os.fdatasync(self._handle)

    def _empty(self) -> None:
        """Forget everything for sure: the database goes to somebody who knows nothing of it."""
        os.ftruncate(self._handle, _START)
        os.fsync(self._handle)

    def _renew(self, kept: Iterable[tuple[int, bytes]]) -> None:
        """Put a file with these entries in the place of the present one."""
        data = _HEADER + self.id.encode() + b"\n"
        data += b"".join(_frame(number, entry) for number, entry in kept)
        new = self.file.with_name(f"{self.file.name}.new")
        folder = os.open(self.file.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            handle = os.open(new, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            try:
                _write(handle, data, 0)
                os.fsync(handle)
                new.rename(self.file)
            except BaseException:
                os.close(handle)
                new.unlink(missing_ok=True)
                raise
            os.close(self._handle)
            self._handle, self._size = handle, len(data)
            try:
                os.fsync(folder)
            except OSError as error:  # which of the two files is there after a crash?
                self._fault = error
                raise
        finally:
            os.close(folder)

    # ---- in the event loop ---------------------------------------------------------------------

    async def _serve(self, group: str, entries: Sequence[bytes]) -> list[int | Exception]:
        """Write entries down together, with the marks that wait; blank ones want the marks only."""
        del group
        marks, self._marks = self._marks, []
        first = self._number + 1
        numbers = range(first, first + len(entries))
        told = [(number, b"") for number in marks]
        told += [pair for pair in zip(numbers, entries, strict=True) if pair[1]]
        frames = b"".join(_frame(number, entry) for number, entry in told)
        is_large = self._size > _LARGE + 2 * sum(map(len, self.entries.values()))
        kept = list(self.entries.items()) if is_large else None
        try:
            if self._fault is not None:
                raise self._fault
            await self._in_thread(self._append, frames, kept)
        except OSError as error:
            self._marks = marks + self._marks
            raise self._failure(error) from error
        self._number = numbers[-1]
        self.entries.update(pair for pair in zip(numbers, entries, strict=True) if pair[1])
        return list(numbers)

    async def _in_thread(self, step: Callable[P, None], *args: P.args, **named: P.kwargs) -> None:
        if self._is_dropped:
            raise UnavailableError(f"{self.file} is closed")
        self._work = self._thread.submit(step, *args, **named)
        await asyncio.wrap_future(self._work)

    def _failure(self, error: OSError) -> StorageFullError | UnavailableError:
        if error.errno in _FULL and self._fault is None:
            return StorageFullError(
                f"{self.file} has no space left; make room, or set para.mongodb.journal_dir; "
                "nothing of the write is stored"
            )
        return UnavailableError(
            f"{self.file} cannot be written ({error.strerror}); see to the disk and start the "
            "server again"
        )

    def _release(self) -> None:
        for handle in (self._handle, self._lock):
            if handle >= 0:
                os.close(handle)
        self._handle, self._lock = -1, -1


def _frame(number: int, entry: bytes) -> bytes:
    return _FRAME.pack(len(entry), _checksum(number, entry), number) + entry


def _checksum(number: int, entry: bytes) -> int:
    return zlib.crc32(entry, zlib.crc32(number.to_bytes(8, "little")))


def _write(handle: int, data: bytes, at: int) -> None:
    rest = memoryview(data)
    while rest:
        done = os.pwrite(handle, rest, at)
        rest, at = rest[done:], at + done
