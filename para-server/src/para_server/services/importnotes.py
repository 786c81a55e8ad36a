"""How far the import of an app is, for the next try after a crash.

There is one note for each app, of the archive that was imported last. It lies in a room of the
server (``para_core.contracts.dao.is_room``), where no client can write: who could would have
objects of others left out of an import, and counted all the same.
"""

from __future__ import annotations

import asyncio
import hashlib
from typing import IO, TYPE_CHECKING

import msgspec
from msgspec import Struct

from para_core.contracts.dao import Record

if TYPE_CHECKING:
    from para_core.contracts.dao import DAO
    from para_core.objects import App
    from para_server.services.container import Clock

__all__ = ["ROOM", "ImportNotes"]

ROOM = "_imports"

_PIECE = 1 << 20  # bytes that are read at a time
_GOES_ON_MS = 86_400_000  # how long after its last note an import that crashed goes on there


class _Note(Struct, frozen=True):
    """So many objects of an archive are stored."""

    archive: str  # its SHA-256
    born: int  # when the app was made: a later one of the same name has none of the objects
    objects: int
    at: int


class ImportNotes:
    """The note of one app."""

    def __init__(self, dao: DAO, app: App, clock: Clock) -> None:
        self._dao, self._key, self._clock = dao, app.identifier, clock
        self._born = app.timestamp or 0
        self._archive = ""
        self._is_noted = False

    async def find(self, archive: IO[bytes]) -> int:
        """Return how many objects of an archive an earlier try has stored; what follows is of it.

        0 when there was none within a day, or when another archive was imported since.
        """
        self._archive = await asyncio.to_thread(_digest, archive)
        record = await self._dao.read(ROOM, self._key)
        if record is None:
            return 0
        note = msgspec.json.decode(record.data, type=_Note)
        if (note.archive, note.born) != (self._archive, self._born):
            return 0
        self._is_noted = True
        return note.objects if self._clock() - note.at < _GOES_ON_MS else 0

    async def put(self, objects: int) -> None:
        """Note how many objects are stored by now."""
        note = _Note(self._archive, self._born, objects, self._clock())
        self._is_noted = True
        number = await self._dao.create(
            ROOM, Record(self._key, "import", msgspec.json.encode(note))
        )
        await self._dao.forget_changes(ROOM, number)  # nobody follows them

    async def forget(self) -> None:
        """Remove the note, if there is one."""
        if self._is_noted:
            self._is_noted = False
            await self._dao.forget_changes(ROOM, await self._dao.delete(ROOM, self._key))


def _digest(archive: IO[bytes]) -> str:
    """Return the SHA-256 of a file, which stands at its beginning before and after."""
    sha256 = hashlib.sha256()
    while piece := archive.read(_PIECE):
        sha256.update(piece)
    archive.seek(0)
    return sha256.hexdigest()
