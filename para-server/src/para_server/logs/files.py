"""Log files that begin anew when a month or a day is over, or when they are too large.

What was written before is packed beside them and removed when it is old. Several processes may
write to one file: each line is one write at its end, and the first that finds it due puts it away.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import re
import threading
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["MAIN", "METRICS", "DatedHandler", "Rotation"]

logger = logging.getLogger(__name__)

_MIB = 1 << 20
_DAY_SEC = 86_400
_MODE = 0o640
_WAITS = ".rotated"  # of a file that is to be packed


@dataclass(frozen=True, slots=True)
class Rotation:
    """When a file begins anew, what the old one is called, and how long that is kept."""

    period: str  # of strftime: another text is another period
    archive: str  # its name, with {period} and, where there may be several, {number}
    keep_days: int
    most_bytes: int  # of all archives together
    max_bytes: int = 0  # of the file itself; 0 for any size


MAIN = Rotation("%Y-%m", "para-{period}.{number}.zip", 183, 500 * _MIB, 100 * _MIB)
METRICS = Rotation("%Y-%m-%d", "para-metrics-{period}.log.zip", 7, 1024 * _MIB)


class DatedHandler(logging.Handler):
    """Writes lines to a file that rotates."""

    def __init__(
        self, path: Path, rotation: Rotation, *, clock: Callable[[], float] = time.time
    ) -> None:
        """Open the file, or make it.

        Raises:
            OSError: It cannot be written.
        """
        super().__init__()
        self._path, self._rotation, self._clock = path, rotation, clock
        self._packing: threading.Thread | None = None
        self._file, self._inode, self._period = -1, 0, ""
        self._open()

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line; when that fails the line is lost, and the program goes on."""
        try:
            data = f"{self.format(record)}\n".encode(errors="backslashreplace")
            if self._is_due(len(data)):
                self._rotate()
            self._write(data)
        except Exception:  # noqa: BLE001 - logging must not fail what is logged
            self.handleError(record)

    def close(self) -> None:
        """Close the file and wait for what is being packed."""
        self.acquire()
        try:
            with contextlib.suppress(OSError):
                os.close(self._file)
            self._file = -1
        finally:
            self.release()
        if self._packing is not None:
            self._packing.join()
        super().close()

    def _open(self) -> None:
        self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, _MODE)
        known = os.fstat(self._file)
        self._inode = known.st_ino
        self._period = self._period_of(known.st_mtime if known.st_size else self._clock())

    def _write(self, data: bytes) -> None:
        """Write to the file that has the name, not to one that was put away just now."""
        while True:
            fcntl.flock(self._file, fcntl.LOCK_SH)  # while it is held nobody puts the file away
            try:
                if self._is_in_place():
                    os.write(self._file, data)
                    return
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)
            os.close(self._file)
            self._open()

    def _is_in_place(self) -> bool:
        try:
            return self._path.stat().st_ino == self._inode
        except FileNotFoundError:
            return False

    def _is_due(self, more: int) -> bool:
        if self._period_of(self._clock()) != self._period:
            return True
        most = self._rotation.max_bytes
        return most > 0 and os.fstat(self._file).st_size + more > most

    def _rotate(self) -> None:
        """Put the file away, unless another process has done so, and begin another."""
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            if self._is_in_place():
                self._path.rename(self._aside())
        finally:
            os.close(self._file)
        self._open()
        self._period = self._period_of(self._clock())
        self._packing = threading.Thread(target=self._pack, name="log archive", daemon=True)
        self._packing.start()

    def _period_of(self, moment: float) -> str:
        return time.strftime(self._rotation.period, time.localtime(moment))

    # ---- archives -----------------------------------------------------------------------------

    def _aside(self) -> Path:
        """Return the name of the archive that the file becomes, with a mark that it is to be."""
        number = 0
        while True:
            name = self._rotation.archive.format(period=self._period, number=number)
            if number and "{number}" not in self._rotation.archive:
                name = f"{name.removesuffix('.zip')}.{number}.zip"
            aside = self._path.with_name(name + _WAITS)
            if not aside.exists() and not self._path.with_name(name).exists():
                return aside
            number += 1

    def _pack(self) -> None:
        """Pack what was put away, also by a process that ended before it could, and clean up."""
        try:
            for aside in self._archives(_WAITS):
                with contextlib.suppress(FileNotFoundError, BlockingIOError):  # others are at it
                    self._pack_one(aside)
            self._clean_up()
        except OSError as error:
            logger.warning("an old log file could not be packed: %s", error)

    def _pack_one(self, aside: Path) -> None:
        with aside.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if aside.stat().st_ino != os.fstat(file.fileno()).st_ino:
                return  # another process has packed it since it was opened here
            archive = aside.with_name(aside.name.removesuffix(_WAITS))
            partial = aside.with_name(f"{archive.name}.part")
            try:
                self._write_archive(aside, partial)
                partial.rename(archive)
            except BaseException:
                partial.unlink(missing_ok=True)
                raise
            aside.unlink()

    def _write_archive(self, aside: Path, partial: Path) -> None:
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _MODE)
        with (
            os.fdopen(handle, "wb") as target,
            zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed,
        ):
            packed.write(aside, self._path.name)

    def _clean_up(self) -> None:
        oldest = self._clock() - self._rotation.keep_days * _DAY_SEC
        size = 0
        for archive in sorted(self._archives(), key=lambda a: a.stat().st_mtime, reverse=True):
            known = archive.stat()
            size += known.st_size
            if known.st_mtime < oldest or size > self._rotation.most_bytes:
                archive.unlink(missing_ok=True)

    def _archives(self, ending: str = "") -> list[Path]:
        shape = re.escape(self._rotation.archive)
        shape = shape.replace(r"\{period\}", r"\d{4}(-\d\d)+").replace(r"\{number\}", r"\d+")
        shape = shape.removesuffix(r"\.zip") + r"(\.\d+)?\.zip" + re.escape(ending)
        return [file for file in self._path.parent.iterdir() if re.fullmatch(shape, file.name)]
