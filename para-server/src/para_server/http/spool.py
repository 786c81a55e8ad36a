"""Bodies that are too large for the memory: they lie in a file while their request lasts."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import logging
import os
import tempfile
from typing import IO, TYPE_CHECKING

from para_core.opening import until_open
from para_server.http.answers import AnswerError

if TYPE_CHECKING:
    from para_server.http.room import Share

__all__ = ["Spool"]

logger = logging.getLogger(__name__)

_IN_MEMORY = 1 << 16  # bytes; a larger body goes to the disk: many may wait at a time
_LEFT_FREE = 1 << 28  # bytes on the disk: a database may need them


class Spool:
    """One body, as it comes, and its digest, which signatures cover.

    The file has no name, so nothing of it stays when the process dies. ``file`` stands at its
    beginning once ``end`` was called.
    """

    __slots__ = ("_folder", "_sha256", "_share", "file", "size")

    def __init__(self, folder: str, share: Share) -> None:
        """Take nothing yet.

        Args:
            folder: Where the file lies; blank for the system's folder for temporary files.
            share: Of the room that all such files have.
        """
        self._folder, self._share = folder or None, share
        self._sha256, self.size = hashlib.sha256(), 0
        self.file: IO[bytes] = io.BytesIO()

    @property
    def digest(self) -> bytes:
        """The SHA-256 of what has come, in hexadecimal digits."""
        return self._sha256.hexdigest().encode()

    async def add(self, piece: bytes) -> None:
        """Write the next piece.

        Raises:
            AnswerError: 503, when there is no room for it.
        """
        self._share.take(len(piece))
        self.size += len(piece)
        try:
            if self.size <= _IN_MEMORY:
                self._add(piece)
                return
            if isinstance(self.file, io.BytesIO):
                opening = asyncio.to_thread(_on_disk, self._folder, self.file.getvalue())
                self.file = await until_open(opening, _remove)
            await asyncio.to_thread(self._add, piece)
        except OSError as error:
            raise _no_room(error) from error

    def _add(self, piece: bytes) -> None:
        self._sha256.update(piece)
        self.file.write(piece)
        if not isinstance(self.file, io.BytesIO):
            disk = os.fstatvfs(self.file.fileno())
            if disk.f_bavail * disk.f_frsize < _LEFT_FREE:
                raise OSError("the disk is almost full")

    def end(self) -> None:
        """Go back to the beginning, for whoever reads it.

        Raises:
            AnswerError: 503, when there is no room for the last of it.
        """
        try:
            self.file.seek(0)
        except OSError as error:
            raise _no_room(error) from error

    def close(self) -> None:
        """Remove the file; the disk may take its time for that, and nobody waits."""
        self._share.give_back()
        if isinstance(self.file, io.BytesIO):
            self.file.close()
        else:
            _remove(self.file)


def _on_disk(folder: str | None, held: bytes) -> IO[bytes]:
    """Make a file that begins with what lay in memory."""
    file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - see ``Spool.close``
    try:
        file.write(held)
    except OSError:
        _close(file)
        raise
    return file


def _remove(file: IO[bytes]) -> None:
    """Close a file in a thread: where it is large, its blocks are many."""
    _ = asyncio.get_running_loop().run_in_executor(None, _close, file)


def _close(file: IO[bytes]) -> None:
    with contextlib.suppress(OSError):  # of what could not be written; the file is closed
        file.close()


def _no_room(error: OSError) -> AnswerError:
    logger.warning("a large body could not be kept", extra={"reason": str(error)})
    message = "The server has no room for a body this large now."
    return AnswerError(503, message, [(b"retry-after", b"60")])
