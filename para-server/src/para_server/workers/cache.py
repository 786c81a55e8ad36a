"""The cache of one worker, which never tells what another worker has changed.

Records are in the memory of each worker; each hit is checked against the board, which costs less
than a look into a dictionary. Values and counters are in one file that all workers use: what a
browser began with one worker goes on with another, and limits count for all of them together. So
are the records of objects that are in no database, since no stamp could tell whether they are true.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

from para_core.contracts.cache import Cache
from para_core.contracts.dao import Record
from para_core.errors import UnavailableError
from para_server.workers.board import UNSTEADY, Board
from para_server.workers.dao import Stamped
from para_server.workers.values import SharedValues

__all__ = ["WorkerCache"]

logger = logging.getLogger(__name__)


class WorkerCache(Cache):
    """Puts the board in front of a cache that only this process has."""

    is_shared = True

    def __init__(self, inner: Cache, board: Board, values: SharedValues) -> None:
        self._inner, self._board, self._values = inner, board, values

    async def open(self) -> None:
        """Open the cache of this process, and the file of all."""
        await self._inner.open()
        self._values.open()

    async def close(self) -> None:
        """Let go of both."""
        self._values.close()
        await self._inner.close()

    # ---- records ------------------------------------------------------------------------------

    def peek(self, appid: str, key: str) -> Record | None:
        """Return a record that is held and still true."""
        found = self._inner.peek(appid, key)
        return found if found is not None and self._is_usable(found) else None

    async def get(self, appid: str, key: str) -> Record | None:
        """Return a record that is held and still true."""
        found = await self._inner.get(appid, key)
        if found is not None and self._is_usable(found):
            return found
        return self._unstored(appid, key) if self._board.has_unstored else None

    def peek_all(self, appid: str, keys: Sequence[str]) -> list[Record] | None:
        """Return all of these records if they are at hand and still true."""
        found = self._inner.peek_all(appid, keys)
        if found is None or not all(map(self._is_usable, found)):
            return None
        return found

    async def get_all(self, appid: str, keys: Sequence[str]) -> dict[str, Record]:
        """Return the records that are held and still true, in the order of ``keys``."""
        held = await self._inner.get_all(appid, keys)
        found = {key: record for key, record in held.items() if self._is_usable(record)}
        if self._board.has_unstored and len(found) < len(keys):
            unstored = {key: self._unstored(appid, key) for key in keys if key not in found}
            found |= {key: record for key, record in unstored.items() if record is not None}
            found = {key: found[key] for key in keys if key in found}
        return found

    async def contains(self, appid: str, key: str) -> bool:
        """Tell whether ``get`` would find a record."""
        return await self.get(appid, key) is not None

    async def put_all(
        self, appid: str, records: Iterable[Record], *, ttl_sec: float | None = None
    ) -> None:
        """Keep records that were read; those that were written wait for their first read.

        What was written has no stamp: another worker may have written it again since. What is in
        no database is kept for all workers in their file.
        """
        kept: list[Record] = []
        for record in records:
            if isinstance(record, Stamped):
                if record.stamp != UNSTEADY:
                    kept.append(record)
            elif record.change:
                await self.remove(appid, record.id, change=record.change)
            else:
                self._board.note_unstored()
                epoch = self._board.unstored_epoch
                self._values.put_record(appid, record, ttl_sec, epoch=epoch)
        if kept:
            await self._inner.put_all(appid, kept, ttl_sec=ttl_sec)

    async def remove_all(self, appid: str, keys: Iterable[str], *, change: int = 0) -> None:
        """Drop records.

        The database has been written when this is called, so nothing may fail here. What cannot be
        dropped from the file would hide what is stored: then all in it is given up.
        """
        keys = list(keys)
        if self._board.has_unstored:
            try:
                self._values.remove_records(appid, keys, epoch=self._board.unstored_epoch)
            except UnavailableError as error:
                self._board.give_up_unstored()
                logger.warning("objects that were in no database are given up: %s", error)
        await self._inner.remove_all(appid, keys, change=change)

    def _unstored(self, appid: str, key: str) -> Record | None:
        return self._values.record(appid, key, epoch=self._board.unstored_epoch)

    def _is_usable(self, record: Record) -> bool:
        return isinstance(record, Stamped) and self._board.stamp(record.row) == record.stamp

    # ---- values and counters ------------------------------------------------------------------

    async def value(self, appid: str, name: str) -> object | None:
        """Return a copy of a value, whichever worker has put it."""
        return self._values.value(appid, name)

    async def put_value(
        self, appid: str, name: str, value: object, *, ttl_sec: float | None = None
    ) -> None:
        """Keep a value for all workers."""
        self._values.put_value(appid, name, value, ttl_sec)

    async def increment(self, appid: str, name: str, *, by: int = 1, ttl_sec: float) -> int:
        """Add to a counter of all workers."""
        return self._values.increment(appid, name, by, ttl_sec)

    async def clear(self, appid: str) -> None:
        """Forget everything of one app."""
        self._values.clear(appid)
        await self._inner.clear(appid)
